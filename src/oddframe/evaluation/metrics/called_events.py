"""Events that somebody is called for, as a function of the threshold.

An event is called for if an alarm begins for it: in it, or no longer before it than
:func:`.border` and on into it. An alarm that was there long before calls nobody (``count_events``
says the same at one threshold). On closed scores (:mod:`oddframe.evaluation.metrics.false_alarms`)
an alarm begins at a frame for the thresholds from the score before it up to its own, so those that
call for an event are a union of intervals.
"""

from __future__ import annotations

import numpy as np

from oddframe.evaluation.metrics.false_alarms import AlarmSteps, border, closing, on_grid
from oddframe.media.clock import Clock
from oddframe.scores.detections import MERGE_SECONDS
from oddframe.videos.video import events_from_labels


def called_event_steps(
    scores: np.ndarray, labels: np.ndarray, clock: Clock, merge_seconds: float = MERGE_SECONDS
) -> AlarmSteps:
    """How many events of one video are called for at any threshold.

    Args:
        scores: ``(frames,)``.
        labels: ``(frames,)`` bool, true where anomalous.
        clock: when the frames are shown.
        merge_seconds: runs whose gap is at most this long are one alarm.
    """
    gap = clock.ticks_in(merge_seconds)
    values, places = on_grid(np.asarray(scores), clock, gap)
    closed = closing(values, gap)
    before = np.concatenate((np.full(1, -np.inf, closed.dtype), closed))[:-1]
    rises, falls = [closed[:0]], [closed[:0]]
    for event in events_from_labels(np.asarray(labels)):
        start, end = places[event.start], places[event.end - 1] + clock.held[event.end - 1]
        first = max(start - border(clock, merge_seconds), 0)
        low, high = before[first:end], closed[first:end].copy()
        # An alarm that begins before the event has to go on up to it.
        ahead = high[: start - first + 1]
        np.minimum.accumulate(ahead[::-1], out=ahead[::-1])
        low, high = low[low < high], high[low < high]
        order = np.argsort(low)
        low, high = low[order], np.maximum.accumulate(high[order])
        apart = low[1:] > high[:-1]
        rises.append(low[np.append(True, apart)] if len(low) else low)
        falls.append(high[np.append(apart, True)] if len(high) else high)
    return AlarmSteps(np.sort(np.concatenate(rises)), np.sort(np.concatenate(falls)))
