"""Frame-level metrics of one set of labels and scores: ROC AUC, AP, EER, curves, macro AUC.

All of them are weighted and exact under ties: frames that share a score enter together, as in
scikit-learn. A metric that is not defined for its input is NaN here; the evaluation turns that
into "no value, and why". For many resamples at once see :mod:`oddframe.evaluation.metrics.ranking`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

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
    labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct scores, highest first, with the weight of both classes at or above each.

    Args:
        labels: ``(n,)``, true where anomalous.
        scores: ``(n,)``, higher = odder.
        weights: ``(n,)``, non-negative; one each when not given.

    Returns:
        thresholds of the scores' type, true positives, false positives, all of the same length;
        without weights they are whole numbers of the smallest type that holds the sum of both.
    """
    order = np.argsort(scores)[::-1]
    ranked = np.asarray(scores)[order]
    last = np.append(ranked[1:] != ranked[:-1], True)[: len(ranked)]
    levels = ranked[last]
    del ranked
    hits = np.asarray(labels)[order] != 0
    if weights is None:
        del order
        whole = np.min_scalar_type(len(hits))
        positives = np.cumsum(hits, dtype=whole)[last]
        return levels, positives, np.cumsum(~hits, dtype=whole)[last]
    weight = np.asarray(weights, dtype=float)[order]
    positives = np.cumsum(np.where(hits, weight, 0.0))[last]
    return levels, positives, np.cumsum(np.where(hits, 0.0, weight))[last]


def roc_points(
    labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """False-positive and true-positive rates from (0, 0) to (1, 1); empty if a class is absent."""
    _, positives, negatives = counts_by_threshold(labels, scores, weights)
    if not len(positives) or positives[-1] == 0 or negatives[-1] == 0:
        return np.empty(0), np.empty(0)
    return _rates(slice(None), _from_zero(positives), _from_zero(negatives))


def pr_points(
    labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Recall and precision, from the highest threshold down; empty without an anomalous frame."""
    _, positives, negatives = counts_by_threshold(labels, scores, weights)
    if not len(positives) or positives[-1] == 0:
        return np.empty(0), np.empty(0)
    # Leading thresholds whose frames weigh nothing alert on nothing: no precision there.
    return _precision(slice(int(np.argmax(positives + negatives > 0)), None), positives, negatives)


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


def roc_auc(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Area under the ROC curve, ties counted half; NaN unless both classes are there."""
    x, y = roc_points(labels, scores, weights)
    return float(np.trapezoid(y, x)) if len(x) else float("nan")


def average_precision(
    labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """Step-wise average precision: the sum of (gain in recall) x precision, not interpolated.

    The same definition as scikit-learn's ``average_precision_score``. NaN without an anomalous
    frame.
    """
    recall, precision = pr_points(labels, scores, weights)
    if not len(recall):
        return float("nan")
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def equal_error_rate(
    labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """The rate at which false alarms and misses are equally frequent, between 0 and 1.

    It is where the ROC polyline meets the line FPR = 1 - TPR, interpolated between its points.
    NaN unless both classes are there.
    """
    x, y = roc_points(labels, scores, weights)
    if not len(x):
        return float("nan")
    after = int(np.argmax(x + y >= 1))
    gap = x[after] + y[after] - x[after - 1] - y[after - 1]
    share = (1 - x[after - 1] - y[after - 1]) / gap
    return float(x[after - 1] + share * (x[after] - x[after - 1]))


def macro_auc(videos: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
    """Mean AUC of the videos, given as (labels, scores).

    Videos with one class have no AUC and are left out; NaN if none remains.
    """
    values = [roc_auc(labels, scores) for labels, scores in videos]
    values = [value for value in values if not np.isnan(value)]
    return float(np.mean(values)) if values else float("nan")


def macro_auc_padded(videos: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
    """Macro AUC as much of the literature computes it, which flatters.

    Every video gets one normal frame below all its scores and one anomalous frame above them
    (published code writes them as score 0 and score 1 around scores in between), so that videos
    of one class have an AUC too, namely a high one: a constant score reaches 0.685 on Ped2.
    """
    values = [
        roc_auc(
            np.concatenate(([False], np.asarray(labels) != 0, [True])),
            np.concatenate(([-np.inf], scores, [np.inf])),
        )
        for labels, scores in videos
    ]
    return float(np.mean(values)) if values else float("nan")


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
