import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.detections import EventRule, find_detections
from oddframe.evaluation.false_alarms import false_alarm_steps, just_below


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=40),
    st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.4, 1.0]),
)
def test_every_threshold_equals_the_detections(frames, merge_seconds):
    scores = np.float32([score for score, _ in frames])
    labels = np.array([label for _, label in frames])
    thresholds = np.arange(-1, 6.5, 0.5)
    expected = [
        sum(
            not labels[found.start : found.end].any()
            for found in find_detections(scores, EventRule(threshold, merge_seconds), 10)
        )
        for threshold in thresholds
    ]
    steps = false_alarm_steps(scores, labels, 10, merge_seconds)
    assert steps.count(thresholds).tolist() == expected


def test_an_alarm_that_reaches_an_event_is_not_false():
    labels = np.array([0] * 6 + [1] * 3 + [0] * 6, dtype=bool)
    scores = np.float32([0, 5, 0, 0, 4, 4, 4, 0, 0, 3, 0, 0, 0, 0, 2])
    steps = false_alarm_steps(scores, labels, fps=1, merge_seconds=0)
    assert steps.count([4.5, 3.5, 2.5, 1.5, -1]).tolist() == [1, 1, 2, 3, 0]


def test_just_below_passes_the_score_itself():
    scores = np.float32([0.1, 0.2, 3e7])
    assert (scores > just_below(scores)).all()
    assert not (np.nextafter(scores, np.float32(-np.inf)) > just_below(scores)).any()
    assert just_below(scores) == pytest.approx(scores)
