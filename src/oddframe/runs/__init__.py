"""The run folder: what a training or an import leaves, and what is said of it."""
