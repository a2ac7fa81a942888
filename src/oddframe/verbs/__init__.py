"""The verbs: each a typed function, in a module of its name, that the command line calls."""
