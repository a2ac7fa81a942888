"""Live sources: an address becomes frames with a time of day, and packets for clips."""
