"""Average precision of detected events: whether the surest detections are the right ones.

As temporal action detection has it: detections of all videos are ranked by confidence, each takes
the event of its video that it overlaps most and that none before it has taken, and average
precision is summed over the ranking. Scores have no class, so neither have detections.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from oddframe.evaluation.bootstrap import divide, weighted

_AT_ONCE = 2**17
"""Detections times resamples handled at a time."""


def greedy_matches(
    confidences: Sequence[float], overlap: np.ndarray, least: float
) -> tuple[bool, ...]:
    """Which detections of one video match an event, the most confident first.

    Args:
        confidences: ``(detections,)``; of two that are equal, the better overlap comes first.
        overlap: ``(detections, events)``, temporal IoU.
        least: the temporal IoU that is needed.
    """
    free = overlap * (overlap >= least)
    matched = [False] * len(free)
    if free.any():
        best = free.max(axis=1)
        for place in np.lexsort((-best, -np.asarray(confidences))).tolist():
            event = int(free[place].argmax())
            matched[place] = bool(free[place, event] > 0)
            if matched[place]:
                free[:, event] = 0
    return tuple(matched)


def average_precisions(
    confidences: np.ndarray,
    matched: np.ndarray,
    owner: np.ndarray,
    events: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    """Step-wise average precision of the ranking on each resample, ``(overlaps, resamples)``.

    A detection's match does not depend on other videos, so a resample only weighs it. Detections
    of equal confidence are one step. 0 where nothing is detected, NaN where no event is.

    Args:
        confidences: ``(detections,)``.
        matched: bool ``(overlaps, detections)``.
        owner: ``(detections,)``, the number of the video of each.
        events: ``(videos,)`` true events.
        weights: ``(resamples, videos)``.
    """
    total = weighted(weights, events)
    found = np.zeros((len(matched), len(weights)))
    if matched.any():
        order = np.argsort(-confidences, kind="stable")
        ranked = confidences[order]
        ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
        owner, matched = owner[order], matched[:, order]
        rows = max(_AT_ONCE // len(order), 1)
        for start in range(0, len(weights), rows):
            part = slice(start, start + rows)
            drawn = weights[part][:, owner].astype(np.float64)
            detected = np.cumsum(drawn, axis=1)[:, ends]
            for index, hits in enumerate(matched):
                right = np.cumsum(drawn * hits, axis=1)[:, ends]
                precision = right / np.maximum(detected, 1)
                found[index, part] = (np.diff(right, axis=1, prepend=0) * precision).sum(axis=1)
    return divide(found, total)
