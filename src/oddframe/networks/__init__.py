"""Networks, and parts of them, that more than one method can use."""
