"""Event metrics at one threshold: how many events are found, how well, how soon.

The truth is the runs of anomalous frames: events that overlap or touch count as one, because
scores have no class to tell them apart. The predictions are the detections that
:func:`oddframe.detections.find_detections` makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from oddframe.detections import EventRule, find_detections
from oddframe.evaluation.false_alarms import false_alarms
from oddframe.videos import Video, events_from_labels

OVERLAPS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Temporal IoU that a detection needs to match an event."""


@dataclass(frozen=True)
class EventCounts:
    """Event counts of one video at one threshold.

    Attributes:
        events: true events.
        detections: detected events.
        matched: matches at each of :data:`OVERLAPS`.
        false_alarms: see :mod:`oddframe.evaluation.false_alarms`.
        alarmed: events that a detection touches.
        running: of those, events that began under a detection which had begun earlier than the
            merged gap before them, and in which none began: nobody was called for them.
        delay_seconds: sum over the others, from the event's start to the first detection that
            begins for it, 0 if that is a moment before.
    """

    events: int
    detections: int
    matched: tuple[int, ...]
    false_alarms: int
    alarmed: int
    running: int
    delay_seconds: float


def count_events(scores: np.ndarray, video: Video, rule: EventRule) -> EventCounts:
    """Detect, match and time the events of one video.

    Args:
        scores: ``(frames,)``.
        video: the truth and the frame rate.
        rule: a frame is alarmed if its score is above the threshold; detections follow the rule.
    """
    clock = video.clock
    truth = [(event.start, event.end) for event in events_from_labels(video.frame_labels())]
    found = [(d.start, d.end) for d in find_detections(scores, rule, clock)]
    gap = clock.ticks_in(rule.merge_seconds)
    overlap = temporal_iou(found, truth)
    alarmed, delays = 0, []
    for start, end in truth:
        touching = [a for a, b in found if a < end and start < b]
        alarmed += bool(touching)
        begun = [a for a in touching if clock.ticks[a] >= clock.ticks[start] - gap]
        delays += [clock.span(start, max(start, a)) for a in begun[:1]]
    return EventCounts(
        events=len(truth),
        detections=len(found),
        matched=tuple(match_count(overlap, least) for least in OVERLAPS),
        false_alarms=false_alarms(found, truth, clock, gap),
        alarmed=alarmed,
        running=alarmed - len(delays),
        delay_seconds=float(sum(end - start for start, end in delays)),
    )


def temporal_iou(first: Sequence[tuple[int, int]], second: Sequence[tuple[int, int]]) -> np.ndarray:
    """Intersection over union of half-open intervals, ``(len(first), len(second))``."""
    a = np.asarray(first, dtype=float).reshape(-1, 1, 2)
    b = np.asarray(second, dtype=float).reshape(1, -1, 2)
    shared = np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0])
    shared = np.maximum(shared, 0)
    return shared / ((a[..., 1] - a[..., 0]) + (b[..., 1] - b[..., 0]) - shared)


def match_count(overlap: np.ndarray, least: float) -> int:
    """The most one-to-one matches whose overlap is at least ``least``.

    Args:
        overlap: ``(detections, events)``.
        least: the temporal IoU that is needed.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    allowed = overlap >= least
    if (allowed.sum(axis=0) <= 1).all():  # no two detections compete for an event
        return int(allowed.any(axis=1).sum())
    return int((maximum_bipartite_matching(csr_matrix(allowed)) >= 0).sum())
