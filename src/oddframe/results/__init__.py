"""Anybody's scores against the truth of a manifest: numbers, and the page that shows them."""
