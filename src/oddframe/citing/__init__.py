"""Whom to cite: the papers of methods, networks and data sets, and oddframe."""
