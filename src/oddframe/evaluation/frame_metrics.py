"""Frame-level metrics of one set of labels and scores: ROC AUC, AP, EER, curves, macro AUC.

All of them are weighted and exact under ties: frames that share a score enter together, as in
scikit-learn. A metric that is not defined for its input is NaN here; the evaluation turns that
into "no value, and why". For many resamples at once see :mod:`oddframe.evaluation.ranking`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from oddframe.evaluation.result import Curve

CURVE_POINTS = 400


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
        thresholds, true positives, false positives; all float64 of the same length.
    """
    labels = np.asarray(labels) != 0
    order = np.argsort(scores)[::-1]
    ranked = np.asarray(scores)[order]
    weight = np.ones(len(ranked)) if weights is None else np.asarray(weights, dtype=float)[order]
    last = np.append(ranked[1:] != ranked[:-1], True)[: len(ranked)]
    hits = labels[order]
    positives = np.cumsum(np.where(hits, weight, 0.0))[last]
    negatives = np.cumsum(np.where(hits, 0.0, weight))[last]
    return ranked[last].astype(float), positives, negatives


def roc_points(
    labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """False-positive and true-positive rates from (0, 0) to (1, 1); empty if a class is absent."""
    _, positives, negatives = counts_by_threshold(labels, scores, weights)
    if not len(positives) or positives[-1] == 0 or negatives[-1] == 0:
        return np.empty(0), np.empty(0)
    return (
        np.concatenate(([0.0], negatives / negatives[-1])),
        np.concatenate(([0.0], positives / positives[-1])),
    )


def pr_points(
    labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Recall and precision, from the highest threshold down; empty without an anomalous frame."""
    _, positives, negatives = counts_by_threshold(labels, scores, weights)
    if not len(positives) or positives[-1] == 0:
        return np.empty(0), np.empty(0)
    # Leading thresholds whose frames weigh nothing alert on nothing: no precision there.
    alerted = positives + negatives > 0
    positives, negatives = positives[alerted], negatives[alerted]
    return positives / positives[-1], positives / (positives + negatives)


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


def thin_curve(x: np.ndarray, y: np.ndarray, points: int = CURVE_POINTS) -> Curve:
    """At most ``points`` points of a curve, its ends among them, evenly along its length."""
    if len(x) > points:
        length = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))))
        stops = np.linspace(0, length[-1], points)
        kept = np.unique(np.searchsorted(length, stops).clip(0, len(x) - 1))
        kept[0], kept[-1] = 0, len(x) - 1
        x, y = x[kept], y[kept]
    return Curve([round(float(v), 6) for v in x], [round(float(v), 6) for v in y])
