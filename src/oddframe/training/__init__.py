"""Training: the run folder."""
