import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.evaluation.metrics.event_metrics import count_events, match_count, temporal_iou
from oddframe.scores.detections import EventRule
from oddframe.videos.video import Event

interval = st.tuples(st.integers(0, 20), st.integers(1, 10)).map(lambda p: (p[0], p[0] + p[1]))


@given(st.lists(interval, max_size=5), st.lists(interval, max_size=5))
def test_overlap_equals_counting_frames(first, second):
    overlap = temporal_iou(first, second)
    assert overlap.shape == (len(first), len(second))
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            frames_a, frames_b = set(range(*a)), set(range(*b))
            expected = len(frames_a & frames_b) / len(frames_a | frames_b)
            assert overlap[i, j] == expected


@given(st.lists(interval, max_size=5), st.lists(interval, max_size=5), st.sampled_from([0.1, 0.4]))
def test_matching_is_the_best_one_to_one(first, second, least):
    overlap = temporal_iou(first, second)
    best = 0
    short, long = sorted((overlap, overlap.T), key=len)
    for choice in itertools.permutations(range(len(long)), len(short)):
        best = max(best, sum(short[i, j] >= least for i, j in enumerate(choice)))
    assert match_count(overlap, least) == best


def test_one_video_by_hand(make_video):
    labels = np.zeros(100)
    labels[10:30] = labels[50:60] = labels[80:90] = 1
    scores = np.zeros(100)
    scores[14:30] = 1  # the first event, 4 frames late: IoU 0.8
    scores[42:58] = 1  # the second, from before its start: IoU 8/18
    scores[70] = 1  # nothing, and more than a second from the others
    counts = count_events(scores, make_video("a", labels, fps=5.0), EventRule(0.5))
    assert (counts.events, counts.detections) == (3, 3)
    assert counts.matched == (2, 2, 2, 2, 1)
    assert counts.false_alarms == 2  # that, and what lies more than a second before the second
    assert (counts.alarmed, counts.running) == (2, 1)  # which began under an alarm that was there
    assert counts.delay_seconds == pytest.approx(4 / 5)


@pytest.mark.parametrize(
    ("alarms", "alarmed", "running", "delay"),
    [
        ([(0, 200)], 1, 1, 0),  # never ends: finds the event, calls nobody for it
        ([(42, 110)], 1, 1, 0),
        ([(48, 60)], 1, 0, 0),  # a moment before
        ([(20, 55), (80, 90)], 1, 0, 3),  # the one that was there ends, another begins
        ([(95, 98)], 1, 0, 4.5),
        ([(101, 120)], 0, 0, 0),
        ([(30, 49), (100, 120)], 0, 0, 0),
    ],
)
def test_alarms_that_begin_for_an_event(make_video, alarms, alarmed, running, delay):
    """An event from 5 s to 10 s; alarms closer than half a second are one."""
    labels, scores = np.zeros(200), np.zeros(200)
    labels[50:100] = 1
    for start, end in alarms:
        scores[start:end] = 1
    counts = count_events(scores, make_video("a", labels, fps=10.0), EventRule(0.5, 0.5))
    assert (counts.alarmed, counts.running) == (alarmed, running)
    assert counts.delay_seconds == pytest.approx(delay)


def test_an_alarm_that_bridges_an_event_finds_it(make_video):
    """No frame of the event is above the threshold, but the alarm goes on over it."""
    labels, scores = np.zeros(60), np.ones(60)
    labels[30:36] = 1
    scores[29:37] = 0
    scores[:22] = 0
    counts = count_events(scores, make_video("a", labels, fps=10.0), EventRule(0.5, 1.0))
    assert counts.matched[0] == counts.alarmed == 1


def test_touching_events_are_one(make_video):
    events = (Event(0, 5, "a"), Event(5, 9, "b"), Event(8, 12, "c"))
    video = make_video("a", np.ones(20), events=events)
    counts = count_events(np.ones(20), video, EventRule(0))
    assert (counts.events, counts.detections) == (1, 1)
    assert counts.matched == (1,) * 5  # 12 of 20 frames


def test_nothing_detected_nothing_there(make_video):
    counts = count_events(np.zeros(5), make_video("a", np.zeros(5)), EventRule(1))
    assert (counts.events, counts.detections, counts.matched) == (0, 0, (0,) * 5)
