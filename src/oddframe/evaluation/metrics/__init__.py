"""What each metric is: scores, maps and truth to counts, and counts to numbers."""
