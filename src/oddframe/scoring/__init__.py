"""Scoring: from a run and videos to one folder of scores, events, maps and terms that fit."""
