"""Learnt from normal footage alone."""
