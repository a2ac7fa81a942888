"""Footage that lies there: taken in, scored with a run, scorings compared; a job at a time."""
