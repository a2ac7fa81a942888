import numpy as np
import pytest
from hypothesis import given
from tests.made.timed_scores import timed_scores

from oddframe.evaluation.metrics.false_alarms import (
    border,
    false_alarm_steps,
    false_alarms,
    just_below,
)
from oddframe.media.clock import Clock
from oddframe.scores.detections import EventRule, find_detections


@given(timed_scores())
def test_every_threshold_equals_the_detections(given):
    scores, labels, clock, merge_seconds = given
    thresholds = np.arange(-1, 6.5, 0.5)
    expected = [brute_force(scores, labels, clock, t, merge_seconds) for t in thresholds]
    steps = false_alarm_steps(scores, labels, clock, merge_seconds)
    assert steps.count(thresholds).tolist() == expected


def brute_force(scores, labels, clock, threshold, merge_seconds):
    """Counted tick by tick: which are above, and further than the border from every true one."""
    slack = round(min(merge_seconds, 10.0) * clock.rate)
    ends = clock.ticks[:-1] + clock.held
    ticks = [range(a, b) for a, b in zip(clock.ticks[:-1].tolist(), ends.tolist(), strict=True)]
    far = np.ones(int(ends[-1]) + slack, bool)  # from every true one
    above = np.zeros(len(far), bool)
    for frame, score, odd in zip(ticks, scores, labels, strict=True):
        above[frame.start : frame.stop] = score > threshold
        if odd:
            far[max(frame.start - slack, 0) : frame.stop + slack] = False
    parts = np.cumsum(np.diff(far, prepend=False) & far)  # number of the part between two events
    count = 0
    for found in find_detections(scores, EventRule(threshold, merge_seconds), clock):
        if not labels[found.start : found.end].any():
            count += 1
            continue
        alarm = slice(ticks[found.start][0], ticks[found.end - 1][-1] + 1)
        count += len(set(parts[alarm][far[alarm] & above[alarm]]))
    return count


@pytest.mark.parametrize(
    ("alarms", "expected"),
    [
        ([(0, 200)], 3),  # never ends: before, between and after two events
        ([(59, 141)], 1),  # from the first to the second, eight seconds of nothing between
        ([(45, 62)], 0),  # half a second too early
        ([(38, 62)], 1),  # more than a second too early
        ([(52, 58), (120, 148)], 1),
        ([(10, 12), (25, 27), (41, 44)], 3),  # touch nothing, the last within a second
    ],
)
def test_by_hand(alarms, expected):
    labels = np.zeros(200, bool)
    labels[50:60] = labels[140:150] = True
    clock = Clock(200, 10.0)
    scores = np.zeros(200)
    for start, end in alarms:
        scores[start:end] = 1
    events = [(50, 60), (140, 150)]
    assert false_alarms(alarms, scores > 0, events, clock, border(clock, 1.0)) == expected
    assert false_alarm_steps(scores, labels, clock).count(np.array([0.5])).tolist() == [expected]


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ([(0, 3000)], 2),  # never ends: though three minutes are merged, all lies within them
        ([(1500, 1550), (1590, 1600)], 0),  # lingers for some seconds
        ([(1500, 1550), (1800, 1810)], 1),  # called again: one alarm by the rule, and wrong there
        ([(1000, 1010), (1500, 1550)], 1),
    ],
)
def test_what_is_merged_over_minutes_is_no_excuse(above, expected):
    """Five minutes, an event in the middle, at the three minutes of much footage."""
    scores, labels = np.zeros(3000), np.zeros(3000, bool)
    labels[1450:1550] = True
    for start, end in above:
        scores[start:end] = 1
    clock = Clock(3000, 10.0)
    steps = false_alarm_steps(scores, labels, clock, merge_seconds=180.0)
    assert steps.count(np.array([0.5])).tolist() == [expected]


def test_just_below_passes_the_score_itself():
    scores = np.float32([0.1, 0.2, 3e7])
    assert (scores > just_below(scores)).all()
    assert not (np.nextafter(scores, np.float32(-np.inf)) > just_below(scores)).any()
    assert just_below(scores) == pytest.approx(scores)
