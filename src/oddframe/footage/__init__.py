"""A user's own footage: what is a recording, what is left out, events in files beside it."""
