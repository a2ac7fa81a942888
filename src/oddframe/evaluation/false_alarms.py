"""False alarms as a person counts them: alarms, not frames.

An alarm is a run of frames above the threshold, runs with a short gap merged, exactly as
:func:`oddframe.detections.find_detections` makes them. It is false if it touches no anomalous
frame. Merging runs over gaps is a morphological closing of the score, so the number of false
alarms is a step function of the threshold that can be written down once per video.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oddframe.clock import Clock
from oddframe.detections import MERGE_SECONDS
from oddframe.videos import events_from_labels


@dataclass(frozen=True)
class FalseAlarmSteps:
    """False alarms of one video for any threshold.

    Attributes:
        rises: sorted thresholds at which (going up) one more false alarm appears.
        falls: sorted thresholds at which one goes.
    """

    rises: np.ndarray
    falls: np.ndarray

    def count(self, thresholds: np.ndarray) -> np.ndarray:
        """Number of false alarms when frames strictly above the threshold are alarmed."""
        return np.searchsorted(self.rises, thresholds, side="right") - np.searchsorted(
            self.falls, thresholds, side="right"
        )


def false_alarm_steps(
    scores: np.ndarray, labels: np.ndarray, clock: Clock, merge_seconds: float = MERGE_SECONDS
) -> FalseAlarmSteps:
    """False alarms of one video as a function of the threshold.

    Args:
        scores: ``(frames,)``.
        labels: ``(frames,)`` bool, true where anomalous.
        clock: when the frames are shown.
        merge_seconds: runs whose gap is at most this long are one alarm.
    """
    gap = round(merge_seconds * clock.rate)
    scores, labels = _on_grid(np.asarray(scores), np.asarray(labels), clock, gap)
    closed = _closing(scores, gap)
    before = np.concatenate((np.full(1, -np.inf, closed.dtype), closed[:-1]))
    # An alarm starts at a frame for thresholds from the score before it up to its own.
    starts = ~labels & (closed > before)
    rises, falls = [before[starts]], [closed[starts]]
    for event in events_from_labels(~labels):
        if event.end == len(closed):
            continue
        # Among those that start in this normal stretch, one may run on into the event behind.
        low = closed[event.start - 1 : event.end + 1].min() if event.start else -np.inf
        high = closed[event.end - 1 : event.end + 1].min()
        if low < high:
            rises.append(np.full(1, high, closed.dtype))
            falls.append(np.full(1, low, closed.dtype))
    return FalseAlarmSteps(np.sort(np.concatenate(rises)), np.sort(np.concatenate(falls)))


def _on_grid(
    scores: np.ndarray, labels: np.ndarray, clock: Clock, gap: int
) -> tuple[np.ndarray, np.ndarray]:
    """Scores and labels per tick; what was not filmed is normal, and no alarm reaches over it."""
    if clock.is_regular:
        return scores, labels
    unseen = np.diff(clock.ticks)[:-1] - clock.held[:-1]
    at = np.flatnonzero(unseen) + 1
    # More than the longest gap that is merged says as much as an hour.
    times = np.minimum(unseen[at - 1], gap + 1)
    scores = np.insert(
        scores.astype(np.result_type(scores, np.float32)), np.repeat(at, times), -np.inf
    )
    labels = np.insert(labels, np.repeat(at, times), False)
    held = np.insert(clock.held, np.repeat(at, times), 1)
    return np.repeat(scores, held), np.repeat(labels, held)


def just_below(score: np.ndarray) -> np.ndarray:
    """The next smaller number of its type: the threshold that scores at or above it pass."""
    return np.nextafter(score, score.dtype.type(-np.inf))


def _closing(scores: np.ndarray, gap: int) -> np.ndarray:
    """Grey closing: fills dips of at most ``gap`` frames up to the lower one of their sides."""
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    window = gap + 1
    # -inf beyond the ends, so that nothing is filled there.
    padded = np.full(len(scores) + 2 * window, -np.inf, dtype=scores.dtype)
    padded[window:-window] = scores
    # These origins make the window look ahead first, then back.
    ahead = maximum_filter1d(padded, window, origin=-(window // 2))
    return minimum_filter1d(ahead, window, origin=(window - 1) // 2)[window:-window]
