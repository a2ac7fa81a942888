"""What published data sets are made of: lists, intervals, masks, counts, splits."""
