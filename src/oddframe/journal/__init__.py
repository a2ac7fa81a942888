"""What watching leaves on disk: events of cameras, their files, and the journal that finds them."""
