"""Honest evaluation of any scores against a manifest."""
