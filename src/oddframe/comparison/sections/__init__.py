"""The sections of the comparison's page."""
