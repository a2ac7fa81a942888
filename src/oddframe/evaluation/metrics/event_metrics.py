"""Event metrics at one threshold: how many events are found, how well, how soon.

The truth is the runs of anomalous frames: events that overlap or touch count as one, because
scores have no class to tell them apart. The predictions are the detections that
:func:`oddframe.scores.detections.find_detections` makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from oddframe.evaluation.metrics.event_ranking import greedy_matches
from oddframe.evaluation.metrics.false_alarms import border, false_alarms
from oddframe.evaluation.metrics.matching import most_pairs
from oddframe.media.clock import Clock
from oddframe.scores.detections import EventRule, find_detections
from oddframe.videos.video import Video, events_from_labels

OVERLAPS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Temporal IoU that a detection needs to match an event."""


@dataclass(frozen=True)
class EventCounts:
    """Event counts of one video at one threshold.

    Attributes:
        events: true events.
        detections: detected events.
        matched: matches at each of :data:`OVERLAPS`.
        false_alarms: see :mod:`oddframe.evaluation.metrics.false_alarms`.
        alarmed: events that a detection touches.
        delays: seconds from the start of an event to the first detection that begins for it, 0 if
            that is a moment before; of the events that have one.
        confidences: the highest score of each detection.
        ranked: at each of :data:`OVERLAPS`, which detections match an event, the most confident
            first.
    """

    events: int
    detections: int
    matched: tuple[int, ...]
    false_alarms: int
    alarmed: int
    delays: tuple[float, ...]
    confidences: tuple[float, ...]
    ranked: tuple[tuple[bool, ...], ...]

    @property
    def running(self) -> int:
        """Alarmed events without a delay, whose detection had begun earlier than
        :func:`.border` before them: nobody was called for them."""
        return self.alarmed - len(self.delays)

    @property
    def delay_seconds(self) -> float:
        """The sum of the delays."""
        return float(sum(self.delays))


def count_events(scores: np.ndarray, video: Video, rule: EventRule) -> EventCounts:
    """Detect, match and time the events of one video.

    Args:
        scores: ``(frames,)``.
        video: the truth and the frame rate.
        rule: a frame is alarmed if its score is above the threshold; detections follow the rule.
    """
    clock = video.clock
    truth = [(event.start, event.end) for event in events_from_labels(video.frame_labels())]
    detections = find_detections(scores, rule, clock)
    found = [(d.start, d.end) for d in detections]
    confidences = tuple(d.peak_score for d in detections)
    slack = border(clock, rule.merge_seconds)
    overlap = temporal_iou(found, truth)
    alarmed, delays = called_events(found, truth, clock, slack)
    return EventCounts(
        events=len(truth),
        detections=len(found),
        matched=tuple(match_count(overlap, least) for least in OVERLAPS),
        false_alarms=false_alarms(found, scores > rule.threshold, truth, clock, slack),
        alarmed=alarmed,
        delays=delays,
        confidences=confidences,
        ranked=tuple(greedy_matches(confidences, overlap, least) for least in OVERLAPS),
    )


def called_events(
    alarms: Sequence[tuple[int, int]], events: Sequence[tuple[int, int]], clock: Clock, border: int
) -> tuple[int, tuple[float, ...]]:
    """How many events an alarm touches, and how soon somebody is called for them.

    Args:
        alarms, events: half-open intervals in frames, in order.
        clock: when the frames are shown.
        border: ticks of the clock that an alarm may begin before its event.

    Returns:
        The number, and ``delays`` as of :class:`EventCounts`.
    """
    alarmed, delays = 0, []
    for start, end in events:
        touching = [a for a, b in alarms if a < end and start < b]
        alarmed += bool(touching)
        begun = [a for a in touching if clock.ticks[a] >= clock.ticks[start] - border]
        waited = [clock.span(start, max(start, a)) for a in begun[:1]]
        delays += [float(until - since) for since, until in waited]
    return alarmed, tuple(delays)


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
    allowed = overlap >= least
    if (allowed.sum(axis=0) <= 1).all():  # no two detections compete for an event
        return int(allowed.any(axis=1).sum())
    return most_pairs([np.flatnonzero(column).tolist() for column in allowed.T])
