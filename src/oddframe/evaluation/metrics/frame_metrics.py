"""ROC AUC, average precision and curves of one set of labels and scores.

All of them are exact under ties: frames that share a score enter together, as in scikit-learn. A
metric that is not defined for its input is NaN. For all metrics, on many resamples at once, see
:mod:`oddframe.evaluation.metrics.ranking_metrics`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from oddframe.evaluation.result import Curve

CURVE_POINTS = 400
"""Points of a curve that is drawn."""

AT_ONCE = 2**16
"""Points whose distances are added up at a time."""


def headline_metric(dataset: str) -> str:
    """The metric by which the literature ranks: average precision on XD-Violence, else AUC."""
    return "average_precision" if dataset == "xd-violence" else "micro_auc"


def counts_by_threshold(
    labels: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct scores, highest first, with the frames of both classes at or above each.

    Args:
        labels: ``(n,)``, true where anomalous.
        scores: ``(n,)``, higher = odder.

    Returns:
        thresholds of the scores' type, true positives, false positives, all of the same length;
        these are whole numbers of the smallest type that holds the sum of both.
    """
    order = np.argsort(scores)[::-1]
    ranked = np.asarray(scores)[order]
    last = np.append(ranked[1:] != ranked[:-1], True)[: len(ranked)]
    levels = ranked[last]
    del ranked
    hits = np.asarray(labels)[order] != 0
    del order
    whole = np.min_scalar_type(len(hits))
    positives = np.cumsum(hits, dtype=whole)[last]
    return levels, positives, np.cumsum(~hits, dtype=whole)[last]


def drawn_curves(labels: np.ndarray, scores: np.ndarray) -> dict[str, Curve]:
    """The curves ``roc`` and ``pr``, thinned for drawing; those that are defined."""
    # Points are made where they are looked at: all at once take more room than the scores.
    from_zero = [_from_zero(counts) for counts in counts_by_threshold(labels, scores)[1:]]
    positives, negatives = (counts[1:] for counts in from_zero)
    curves = {}
    if positives[-1] and negatives[-1]:
        curves["roc"] = thinned(len(positives) + 1, lambda at: _rates(at, *from_zero))
    if positives[-1]:
        curves["pr"] = thinned(len(positives), lambda at: _precision(at, positives, negatives))
    return curves


Places = slice | np.ndarray


def _rates(
    at: Places, positives: np.ndarray, negatives: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    return negatives[at] / negatives[-1], positives[at] / positives[-1]


def _from_zero(counts: np.ndarray) -> np.ndarray:
    return np.concatenate((np.zeros(1, counts.dtype), counts))


def _precision(
    at: Places, positives: np.ndarray, negatives: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    return positives[at] / positives[-1], positives[at] / (positives[at] + negatives[at])


def roc_auc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve, ties counted half; NaN unless both classes are there."""
    _, positives, negatives = counts_by_threshold(labels, scores)
    if not len(positives) or positives[-1] == 0 or negatives[-1] == 0:
        return float("nan")
    x, y = _rates(slice(None), _from_zero(positives), _from_zero(negatives))
    return float(np.trapezoid(y, x))


def average_precision(labels: np.ndarray, scores: np.ndarray) -> float:
    """Step-wise average precision: the sum of (gain in recall) x precision, not interpolated.

    The same definition as scikit-learn's ``average_precision_score``. NaN without an anomalous
    frame.
    """
    _, positives, negatives = counts_by_threshold(labels, scores)
    if not len(positives) or positives[-1] == 0:
        return float("nan")
    recall, precision = _precision(slice(None), positives, negatives)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def thinned(
    count: int,
    points_at: Callable[[Places], tuple[np.ndarray, np.ndarray]],
) -> Curve:
    """At most :data:`CURVE_POINTS` points of a curve, its ends among them, evenly along its length.

    Args:
        count: how many the curve has.
        points_at: gives x and y of some of them.
    """
    kept = np.arange(count)
    if count > CURVE_POINTS:
        length = np.zeros(count)
        for start in range(0, count - 1, AT_ONCE):
            part = slice(start, start + AT_ONCE + 1)
            x, y = points_at(part)
            steps = np.hypot(np.diff(x), np.diff(y))
            steps[0] += length[start]
            np.cumsum(steps, out=length[part][1:])
        stops = np.linspace(0, length[-1], CURVE_POINTS)
        kept = np.unique(np.searchsorted(length, stops).clip(0, count - 1))
        kept[0], kept[-1] = 0, count - 1
    x, y = points_at(kept)
    return Curve([round(float(v), 6) for v in x], [round(float(v), 6) for v in y])
