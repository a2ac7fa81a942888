"""Baselines: what a detector must be better than."""
