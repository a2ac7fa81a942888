"""Events counted at the peaks of the scores, as Hasan et al. count them.

Source: Hasan et al., "Learning Temporal Regularity in Video Sequences", CVPR 2016, Sec. 4, where
they are minima of the regularity, found by Persistence1D. The persistence of a peak is how far the
scores have to fall on the way to a higher one; that of a video's highest peak is how far it lies
above the lowest score. Peaks that persist by more than a level are kept, those that lie close
together are one, and what is within 50 frames of them is detected. No threshold is applied to the
scores themselves.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from oddframe.videos.video import Video, events_from_labels

REACH = 50
"""Frames to each side of a peak that are detected; peaks closer than this are one."""


@dataclass(frozen=True)
class PeakCounts:
    """What is detected at the peaks of one video.

    Attributes:
        events: true events; those that overlap or touch are one.
        found: events of which a frame is detected.
        false: detected regions that hold no frame of an event.
    """

    events: int
    found: int
    false: int


def count_at_peaks(scores: np.ndarray, video: Video, level: float) -> PeakCounts:
    """Count the events of one video at the peaks of its scores.

    Args:
        scores: ``(frames,)``.
        video: the truth.
        level: peaks that persist by more than this are kept, in the unit of the scores.
    """
    frames, persistence = peaks(scores)
    regions = regions_around(np.sort(frames[persistence > level]))
    truth = [(event.start, event.end) for event in events_from_labels(video.frame_labels())]

    def touched(one: tuple[int, int], others: Sequence[tuple[int, int]]) -> bool:
        return any(a < one[1] and one[0] < b for a, b in others)

    return PeakCounts(
        events=len(truth),
        found=sum(touched(event, regions) for event in truth),
        false=sum(not touched(region, truth) for region in regions),
    )


def peaks(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The local maxima of scores, and by how much each persists.

    Among equal ones the earlier counts as the higher; where neighbours are equal the first one is
    the maximum.

    Args:
        scores: ``(frames,)``, one at least.

    Returns:
        Frame and persistence, ``(peaks,)`` each, the highest peak first.
    """
    values = np.asarray(scores, np.float64)
    # As the level falls, frames join intervals; each interval knows at both ends its other end and
    # its highest frame, which was in it first.
    other_end = np.full(len(values), -1)
    highest = np.full(len(values), -1)
    found: dict[int, float] = {}
    for frame in np.argsort(-values, kind="stable").tolist():
        first = last = top = frame
        beside = []
        if frame and other_end[frame - 1] >= 0:
            first = int(other_end[frame - 1])
            beside.append(int(highest[frame - 1]))
        if frame + 1 < len(values) and other_end[frame + 1] >= 0:
            last = int(other_end[frame + 1])
            beside.append(int(highest[frame + 1]))
        if beside:
            top = min(beside, key=lambda at: (-values[at], at))
        for lower in beside:
            if lower != top:
                found[lower] = values[lower] - values[frame]
                if not found[lower]:  # the way up to the higher one, which is level at first
                    del found[lower]
        if not beside:
            found[frame] = values[frame] - values.min()  # until a higher one is met
        other_end[[first, last]] = last, first
        highest[[first, last]] = top
    return np.array([*found]), np.array([*found.values()])


def regions_around(frames: np.ndarray) -> list[tuple[int, int]]:
    """The regions of peaks, half-open; peaks closer than :data:`REACH` are one.

    Args:
        frames: the peaks, in order.
    """
    if not len(frames):
        return []
    breaks = np.flatnonzero(np.diff(frames) >= REACH) + 1
    edges = [0, *breaks.tolist(), len(frames)]
    groups = [frames[a:b] for a, b in itertools.pairwise(edges)]
    return [(max(int(group[0]) - REACH, 0), int(group[-1]) + REACH + 1) for group in groups]
