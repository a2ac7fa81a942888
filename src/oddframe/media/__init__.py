"""How video is read and written, and what time it is in it."""
