"""What a program or a notebook has beside the verbs: a detector as an object, and its stream."""
