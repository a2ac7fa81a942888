"""From footage, or from features of labelled videos, to a run."""
