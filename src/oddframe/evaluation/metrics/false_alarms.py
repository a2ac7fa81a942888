"""False alarms as a person counts them: alarms, not frames.

An alarm is a run of frames above the threshold, runs with a short gap merged, exactly as
:func:`.find_detections` makes them. It is false if it touches no anomalous
frame. Of an alarm that touches one, frames above the threshold that lie further from every event
than :func:`border` are false too, one false alarm for all between two events: an alarm that never
ends is not a good one. Merging
runs over gaps is a morphological closing of the score, so the number of false alarms is a step
function of the threshold that can be written down once per video.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from oddframe.media.clock import Clock
from oddframe.scores.detections import MERGE_SECONDS
from oddframe.videos.video import events_from_labels

BORDER_SECONDS = 10.0
"""Seconds by which an alarm may begin before its event, and end after it; less where less is
merged. Labels are no better than that, and nobody is called a second time."""


@dataclass(frozen=True)
class AlarmSteps:
    """How many of something one video has at any threshold: false alarms, events alarmed.

    Attributes:
        rises: sorted thresholds at which (going up) there is one more.
        falls: sorted thresholds at which there is one less.
    """

    rises: np.ndarray
    falls: np.ndarray

    def count(self, thresholds: np.ndarray) -> np.ndarray:
        """How many, when frames strictly above the threshold are alarmed."""
        return np.searchsorted(self.rises, thresholds, side="right") - np.searchsorted(
            self.falls, thresholds, side="right"
        )


def border(clock: Clock, merge_seconds: float) -> int:
    """Ticks of the clock by which an alarm may be wrong about where an event begins and ends."""
    return clock.ticks_in(min(merge_seconds, BORDER_SECONDS))


def false_alarms(
    alarms: Sequence[tuple[int, int]],
    above: np.ndarray,
    events: Sequence[tuple[int, int]],
    clock: Clock,
    border: int,
) -> int:
    """How many false alarms these alarms are.

    Args:
        alarms, events: half-open intervals in frames, in order; events neither touch nor overlap.
        above: ``(frames,)`` bool, the frames above the threshold, of which the alarms are merged.
        clock: when the frames are shown.
        border: see :func:`border`.
    """
    begins = clock.ticks[:-1]
    ends = begins + clock.held
    lows = [-math.inf, *(ends[b - 1] + border for _, b in events)]
    highs = [*(begins[a] - border for a, _ in events), math.inf]
    count = 0
    for start, end in alarms:
        if not any(a < end and start < b for a, b in events):
            count += 1
            continue
        frames = start + np.flatnonzero(above[start:end])
        for low, high in zip(lows, highs, strict=True):
            beyond = np.maximum(begins[frames], low) < np.minimum(ends[frames], high)
            count += bool(beyond.any())
    return count


def false_alarm_steps(
    scores: np.ndarray, labels: np.ndarray, clock: Clock, merge_seconds: float = MERGE_SECONDS
) -> AlarmSteps:
    """False alarms of one video as a function of the threshold.

    Args:
        scores: ``(frames,)``.
        labels: ``(frames,)`` bool, true where anomalous.
        clock: when the frames are shown.
        merge_seconds: runs whose gap is at most this long are one alarm.
    """
    gap, slack = clock.ticks_in(merge_seconds), border(clock, merge_seconds)
    labels, _ = on_grid(np.asarray(labels, dtype=np.float32), clock, gap)
    labels = labels > 0  # what was not filmed is normal
    scores, _ = on_grid(np.asarray(scores), clock, gap)
    closed = closing(scores, gap)
    none = np.full(1, -np.inf, closed.dtype)
    rises, falls = [none[:0]], [none[:0]]

    def add(more: np.ndarray, fewer: np.ndarray) -> None:
        rises.append(more)
        falls.append(fewer)

    for start, end in ((event.start, event.end) for event in events_from_labels(~labels)):
        first = start + slack if start > 0 else start
        last = max(end - slack, first) if end < len(closed) else end
        # Parts of alarms beyond the border: one more at a frame, for thresholds from the score
        # before it up to its own.
        add(*_runs(closing(scores[first:last], gap)))
        # Alarms that touch nothing and lie within the border: those between two frames that are
        # none of them, the event's and the first one beyond.
        if first < last:
            near = [closed[start - 1 : first + 1]] * (start > 0)
            near += [closed[last - 1 : end + 1]] * (end < len(closed))
        else:
            sides = (
                none[: start == 0],
                closed[max(start - 1, 0) : end + 1],
                none[: end == len(closed)],
            )
            near = [np.concatenate(sides)]
        for part in near:
            add(*_runs(part))
            add(part[[0, -1]], np.repeat(none, 2))  # without those that reach an end,
            add(none, part.min(keepdims=True))  # of which one that reaches both is one
    return AlarmSteps(np.sort(np.concatenate(rises)), np.sort(np.concatenate(falls)))


def _runs(closed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where one more run above the threshold begins, going up, and where each ends."""
    before = np.concatenate((np.full(1, -np.inf, closed.dtype), closed))[:-1]
    starts = closed > before
    return before[starts], closed[starts]


def on_grid(values: np.ndarray, clock: Clock, gap: int) -> tuple[np.ndarray, np.ndarray]:
    """Values per tick, and the place of each frame among them.

    What was not filmed is there with -inf, so that no alarm reaches over it.

    Args:
        values: ``(frames,)``.
        clock: when the frames are shown.
        gap: ticks that are merged.
    """
    if clock.is_regular:
        return values, clock.ticks[:-1]
    unseen = np.diff(clock.ticks)[:-1] - clock.held[:-1]
    at = np.flatnonzero(unseen) + 1
    # More than the longest gap that is merged says as much as an hour.
    times = np.minimum(unseen[at - 1], gap + 1)
    repeated = np.repeat(at, times)
    values = np.insert(values.astype(np.result_type(values, np.float32)), repeated, -np.inf)
    held = np.insert(clock.held, repeated, 1)
    before = np.zeros(clock.frames, dtype=np.int64)
    before[at] = times
    return np.repeat(values, held), np.cumsum(clock.held) - clock.held + np.cumsum(before)


def just_below(score: np.ndarray) -> np.ndarray:
    """The next smaller number of its type: the threshold that scores at or above it pass."""
    return np.nextafter(score, score.dtype.type(-np.inf))


def closing(scores: np.ndarray, gap: int) -> np.ndarray:
    """Grey closing: fills dips of at most ``gap`` frames up to the lower one of their sides."""
    # -inf beyond the ends, so that nothing is filled there.
    beyond = np.full(gap, -np.inf, scores.dtype)
    highest = _highest(np.concatenate((beyond, scores, beyond)), gap + 1)
    return -_highest(-highest, gap + 1)


def _highest(values: np.ndarray, window: int) -> np.ndarray:
    """The highest of each ``window`` values in a row, ``window - 1`` fewer than there are.

    Every window is the end of a block of so many and the beginning of the next one (van Herk, "A
    fast algorithm for local minimum and maximum filters on rectangular and octagonal kernels",
    1992): as fast however long, and SciPy's filters take half a second to import.
    """
    padded = np.full(-(-values.size // window) * window, -np.inf, values.dtype)
    padded[: values.size] = values
    blocks = padded.reshape(-1, window)
    begun = np.maximum.accumulate(blocks, axis=1).ravel()
    left = np.maximum.accumulate(blocks[:, ::-1], axis=1)[:, ::-1].ravel()
    return np.maximum(left[: values.size - window + 1], begun[window - 1 : values.size])
