import numpy as np
import pytest
from hypothesis import given
from tests.made.timed_scores import timed_scores

from oddframe.evaluation.metrics.false_alarms import false_alarm_steps, false_alarms, just_below
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
    """Counted tick by tick: which are further than the gap from every true one."""
    gap = round(merge_seconds * clock.rate)
    ends = clock.ticks[:-1] + clock.held
    ticks = [range(a, b) for a, b in zip(clock.ticks[:-1].tolist(), ends.tolist(), strict=True)]
    near = np.zeros(int(ends[-1]) + gap, bool)  # ticks within the gap of a true one
    for frame, odd in zip(ticks, labels, strict=True):
        if odd:
            near[max(frame.start - gap, 0) : frame.stop + gap] = True
    count = 0
    for found in find_detections(scores, EventRule(threshold, merge_seconds), clock):
        alarm = range(ticks[found.start][0], ticks[found.end - 1][-1] + 1)
        if not labels[found.start : found.end].any():
            count += 1
            continue
        beyond = ~near[alarm.start : alarm.stop]
        count += int(np.count_nonzero(np.diff(beyond, prepend=False) & beyond))
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
    assert false_alarms(alarms, [(50, 60), (140, 150)], clock, gap=10) == expected
    scores = np.zeros(200)
    for start, end in alarms:
        scores[start:end] = 1
    assert false_alarm_steps(scores, labels, clock).count(np.array([0.5])).tolist() == [expected]


def test_just_below_passes_the_score_itself():
    scores = np.float32([0.1, 0.2, 3e7])
    assert (scores > just_below(scores)).all()
    assert not (np.nextafter(scores, np.float32(-np.inf)) > just_below(scores)).any()
    assert just_below(scores) == pytest.approx(scores)
