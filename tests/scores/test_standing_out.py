from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.scores.frame_scores import Scores
from oddframe.scores.standing_out import STANDS_OUT, StandsOut, flat_videos, levels
from oddframe.scores.untested import UNTESTED

SCORES = {
    "busy": np.array([0.5, 0.8, 0.9, 1.0, 0.9]),
    "still": np.array([0.5, 0.5, 0.5]),
    "rare": np.array([0.5, 0.5, 0.5, 0.9, 0.9]),  # somebody comes after a long time
}
SPANS = {"still": [[0, 3]], "rare": [[0, 3]]}


def test_the_middle_is_that_of_all_frames_and_the_highest_is_one_that_was_tested():
    meta = {STANDS_OUT: asdict(StandsOut(plus=0.125)), UNTESTED: SPANS}
    assert levels(SCORES, meta) == {"busy": 1.025, "still": 0.625, "rare": 0.625}
    assert flat_videos(SCORES, meta) == ["busy"]
    twice = {STANDS_OUT: asdict(StandsOut(times=2.0)), UNTESTED: SPANS}
    assert levels(SCORES, twice)["busy"] == 1.8
    assert flat_videos(SCORES, twice) == ["busy", "rare"]


def test_of_other_detectors_nothing_is_known():
    assert levels(SCORES, {UNTESTED: SPANS}) == {}
    assert flat_videos(SCORES, {}) == []


def test_something_else_in_the_file_is_refused():
    with pytest.raises(OddframeError, match="stands_out"):
        Scores(SCORES, {STANDS_OUT: {"times": "twice"}})
