"""What a terminal shows: words, characters, streams, progress."""
