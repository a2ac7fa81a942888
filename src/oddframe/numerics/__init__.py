"""Functions and filters of numerics that several rooms need, in NumPy and plain Python."""
