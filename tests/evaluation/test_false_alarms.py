import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.clock import Clock
from oddframe.detections import EventRule, find_detections
from oddframe.evaluation.false_alarms import false_alarm_steps, just_below


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from([0.1, 0.3, 1.0, 9.0, 600.0])),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.4, 1.0, 5.0, 30.0]),
    st.booleans(),
)
def test_every_threshold_equals_the_detections(frames, merge_seconds, regular):
    scores = np.float32([score for score, _, _ in frames])
    labels = np.array([label for _, label, _ in frames])
    times = np.cumsum([0.0, *(step for _, _, step in frames[1:])])
    clock = Clock(len(scores), 10) if regular else Clock.of_times(times, 10)
    thresholds = np.arange(-1, 6.5, 0.5)
    expected = [
        sum(
            not labels[found.start : found.end].any()
            for found in find_detections(scores, EventRule(threshold, merge_seconds), clock)
        )
        for threshold in thresholds
    ]
    steps = false_alarm_steps(scores, labels, clock, merge_seconds)
    assert steps.count(thresholds).tolist() == expected


def test_an_alarm_that_reaches_an_event_is_not_false():
    labels = np.array([0] * 6 + [1] * 3 + [0] * 6, dtype=bool)
    scores = np.float32([0, 5, 0, 0, 4, 4, 4, 0, 0, 3, 0, 0, 0, 0, 2])
    steps = false_alarm_steps(scores, labels, Clock(len(scores), 1), merge_seconds=0)
    assert steps.count([4.5, 3.5, 2.5, 1.5, -1]).tolist() == [1, 1, 2, 3, 0]


def test_just_below_passes_the_score_itself():
    scores = np.float32([0.1, 0.2, 3e7])
    assert (scores > just_below(scores)).all()
    assert not (np.nextafter(scores, np.float32(-np.inf)) > just_below(scores)).any()
    assert just_below(scores) == pytest.approx(scores)
