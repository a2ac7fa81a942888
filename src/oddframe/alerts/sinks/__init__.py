"""Where messages go: one module for each kind of sink, with its settings and its class."""
