"""Learnt from features of videos of which only the whole is labelled."""
