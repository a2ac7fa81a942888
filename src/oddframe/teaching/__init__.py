"""Teaching: what a person says of moments that a run found odd becomes a new version of the run."""
