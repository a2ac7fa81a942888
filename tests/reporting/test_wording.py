from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from oddframe.evaluation.metrics.event_metrics import count_events
from oddframe.evaluation.result import Evaluation, Measured
from oddframe.reporting.wording import (
    annotated_events,
    doubts,
    interval,
    measured,
    missed,
    nothing_odd,
    number,
    oracle_notes,
    summary,
)
from oddframe.scores.detections import Detection, EventRule, find_detections
from oddframe.scores.frame_scores import Scores
from oddframe.scores.standing_out import STANDS_OUT, StandsOut
from oddframe.scores.untested import UNTESTED
from oddframe.videos.video import Event, Video


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.000"), (1, "1.000"), (-0.25, "-0.250"), (3.14159, "3.14"), (48.23, "48.2"),
     (1204.4, "1,204"), (-12.0, "-12.0")],
)  # fmt: skip
def test_number(value, text):
    assert number(value) == text


def test_measured():
    assert measured(Measured(0.9521, 0.91, 0.978)) == "0.952 [0.910, 0.978]"
    assert measured(Measured(0.5)) == "0.500"
    assert measured(Measured(None)) == "–"
    assert interval(Measured(0.5, None, 0.6)) == ""


def _video(name, events=(), label=None):
    return Video(name, name, "test", label, 100, 10.0, 8, 8, events=events)


def test_summary_counts_found_events_and_false_detections():
    videos = [_video("a", (Event(10, 20), Event(50, 60))), _video("b", label="normal")]
    found = {
        "a": [Detection(5, 12, 8, 2.0, 1.5), Detection(30, 40, 31, 1.5, 1.2)],
        "b": [Detection(0, 5, 3, 9.0, 5.0, "motion", "moves fast.")],
    }
    scores = {"a": np.zeros(100), "b": np.zeros(100)}
    assert summary(videos, Scores(scores, {"threshold": 1.0}), found) == (
        "3 odd moments in 2 of 2 videos (20 s); the oddest is at 0:00.3 in “b”: moves fast. "
        "Of 2 annotated events, 1 is found; 2 detections touch no annotated event."
    )


def test_events_that_touch_are_one_as_in_the_tables_of_metrics():
    events = (Event(10, 20, "fall"), Event(20, 30, "fight"), Event(25, 35, "fall"), Event(50, 60))
    video = _video("a", events)
    whole = [Event(10, 35, "fall, fight"), Event(50, 60)]
    assert annotated_events(video) == whole
    rule = EventRule(1.0, 0.0, 0.0)
    scores = np.zeros(100)
    scores[22:24] = 2
    assert count_events(scores, video, rule).events == 2
    found = find_detections(scores, rule, video.clock)
    assert missed(video, found) == whole[1:]
    assert missed(video, []) == whole
    text = summary([video], Scores({"a": scores}, {"threshold": 1.0}), {"a": found})
    assert "Of 2 annotated events, 1 is found; 0 detections touch no annotated event." in text


def test_a_video_label_alone_is_no_annotation_of_frames():
    text = summary(
        [_video("a", label="anomalous")], Scores({"a": np.zeros(100)}, {"threshold": 1.0}), {}
    )
    assert text == "Nothing odd in 1 video (10 s): no score is above the threshold."


def test_of_what_could_not_be_compared_nothing_is_said():
    one, other = _video("a"), _video("b")
    meta = {"untested": {"a": [[0, one.frames]], "b": [[0, 5]]}}
    text = summary([one], Scores({"a": np.full(100, 0.5)}, {"threshold": 1.0, **meta}), {})
    assert text == "No verdict on 1 video (10 s): nothing could be compared."
    told = nothing_odd([one, other], "2 videos", meta)
    assert told == "nothing odd in 2 videos; in 1 of them nothing could be compared"
    assert nothing_odd([other], "1 video", meta) == "nothing odd in 1 video"


def test_doubts_come_from_the_scores_where_nothing_is_evaluated():
    assert doubts({"normalisation": "held-out normal footage"}, None) == []
    assert len(doubts({"normalisation": "per-video"}, None)) == 1
    assert len(doubts({"selection": "Oracle: best on test"}, None)) == 1
    assert doubts({"run": "runs/oracle"}, None) == []


def test_doubts_come_from_the_scores_behind_an_evaluation():
    # A comparison has the evaluations only.
    meta = {"checkpoint": "oracle: chosen by the truth of the test videos", "run": "a"}
    found = Evaluation("a", "test", 1, 1, 9, 3, {}, {}, protocol={"scores_meta": meta})
    assert "upper bound" in doubts({}, found)[0]
    assert doubts({}, replace(found, protocol={"scores_meta": {"run": "runs/oracle"}})) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        ({}, {}, ""),
        ({"normalisation": "a"}, {"normalisation": "a"}, ""),
        ({"normalisation": "a"}, {}, ""),
        ({"normalisation": "a"}, {"normalisation": "b"}, "“b” there and “a” here"),
        ({}, {"normalisation": "per-video"}, "“per-video” there and “not stated” here"),
        ({"normalisation": "per-video"}, {}, "“not stated” there and “per-video” here"),
        ({"normalisation": "per-video"}, {"normalisation": "per-video"}, ""),
        (
            {"smoothing_seconds": 0.5},
            {"smoothing_seconds": 0.0},
            "smoothing seconds is “0.0” there",
        ),
        ({"causal": True}, {"causal": False}, "causal is “no” there and “yes” here"),
    ],
)
def test_an_oracle_of_another_protocol(ours, theirs, said):
    protocol = {"scores_meta": ours, "oracle_meta": theirs}
    best = {"micro_auc": Measured(1.0)}
    found = Evaluation("a", "test", 1, 1, 9, 3, {}, oracle=best, protocol=protocol)
    notes = oracle_notes(found)
    assert any("not comparable" in note and said in note for note in notes) is bool(said)
    alone = "the oracle's scores are normalised per video"
    assert (alone in notes) is (theirs.get("normalisation") == "per-video")
    assert oracle_notes(replace(found, oracle={})) == []


def test_the_oracle_puts_no_doubt_on_the_scores_beside_it():
    meta = {"checkpoint": "oracle: chosen by the truth", "normalisation": "per-video"}
    protocol = {"warnings": [], "scores_meta": {}, "oracle_meta": meta}
    assert doubts({}, Evaluation("a", "test", 1, 1, 9, 3, {}, {}, protocol=protocol)) == []


def test_without_a_threshold_there_is_no_verdict():
    scores = {"a": np.eye(100)[7]}
    how = "no threshold: import with --normal, or give --threshold"
    meta = {"run": "r", "threshold": None, "threshold_source": how}
    text = summary([_video("a")], Scores(scores, meta), {})
    assert text == (
        "Scored 1 video (10 s); no verdict, since the run has no threshold (import with --normal, "
        "or give --threshold). The highest score is at 0:00.7 in “a”."
    )


def test_scores_that_hardly_differ_are_said_to():
    busy = np.full(100, 0.97)
    busy[7] = 1.0
    rule = asdict(StandsOut(plus=1 / 21))
    meta = {"threshold": None, STANDS_OUT: rule}
    text = summary([_video("a")], Scores({"a": busy}, meta), {})
    assert text.endswith(
        " No moment stands out, so none is named: half of all frames score 0.970 or more, and the "
        "highest score is 1.000, at 0:00.7."
    )
    both = [_video("a"), _video("b")]
    text = summary(both, Scores({"a": busy, "b": 0.9 * np.eye(100)[30]}, meta), {})
    assert text.endswith(
        " No moment stands out in 1 of them, so none of theirs is named. The highest score is at "
        "0:03.0 in “b”."
    )


def test_where_nothing_was_compared_there_is_no_highest_score():
    meta = {"threshold": None, UNTESTED: {"a": [[0, 100]]}}
    text = summary([_video("a")], Scores({"a": np.full(100, 0.5)}, meta), {})
    assert text == "No verdict on 1 video (10 s): nothing could be compared."
