"""Networks that more than one detector of clips uses."""
