"""Several results of the same videos side by side: what is compared, the verdicts, the page."""
