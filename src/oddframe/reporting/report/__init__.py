"""The report of one set of scores: the page, and a module for each of its sections."""
