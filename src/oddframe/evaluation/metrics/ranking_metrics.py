"""Ranking metrics of many bootstrap resamples at once, exactly.

A resample weighs whole videos, so the frames are ranked once
(:class:`oddframe.evaluation.metrics.ranking.RankedFrames`). What a metric needs is how many frames
of each video pass each threshold that matters; one product of these sparse counts with the weights
gives the counts of all resamples.

The results equal those of recomputing each resample from its frames, up to float rounding; ROC AUC
is exact, since it counts pairs in whole and half numbers.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from oddframe.evaluation.bootstrap import divide, weighted
from oddframe.evaluation.metrics.ranking import RankedFrames

COLUMNS = 128
"""Resamples handled at a time: a block of counts stays in the processor's cache."""
THREADS = 4
"""Blocks handled at a time at most, so that memory does not grow with the processors."""
STRIP = 32
"""Rows of a block that are summed together."""
EXACT_FLOAT32 = 2**24
"""Integers up to here are exact in float32, which is twice as fast as float64."""


@dataclass(frozen=True)
class RankingMetrics:
    """What one pass over the thresholds gives, per resample; NaN where undefined.

    "All", "inside" and "outside" say which normal frames the anomalous ones stand against: all of
    them, those of anomalous videos, those of normal videos.

    Attributes:
        auc: ``(resamples,)``, ROC AUC against all.
        auc_inside: ``(resamples,)``, the same against those inside.
        group_auc: ``(groups, resamples)``, of each group against those outside.
        average_precision: ``(resamples,)``, against all.
        trapezoid: ``(resamples,)``, the area under the same curve by the trapezoid rule.
        precision_inside: ``(resamples,)``, average precision against those inside.
        group_precision: ``(groups, resamples)``, of each group against those outside.
        precision_of_credits: ``(resamples,)``, against all: average precision where what an
            anomalous frame adds to recall is its credit.
        equal_error_rate: ``(resamples,)``.
        recall_thresholds: ``(recalls, resamples)``, of the scores' type: the highest score such
            that the frames at or above it hold the wanted share of the anomalous ones.
        recall_alarms: ``(recalls, resamples)``, weighted normal frames at or above it.
    """

    auc: np.ndarray
    auc_inside: np.ndarray
    group_auc: np.ndarray
    average_precision: np.ndarray
    trapezoid: np.ndarray
    precision_inside: np.ndarray
    group_precision: np.ndarray
    precision_of_credits: np.ndarray
    equal_error_rate: np.ndarray
    recall_thresholds: np.ndarray
    recall_alarms: np.ndarray


def ranking_metrics(
    frames: RankedFrames, weights: np.ndarray, recalls: Sequence[float] = ()
) -> RankingMetrics:
    """Everything that needs a pass over the thresholds, for each resample.

    Args:
        frames: ranked and counted.
        weights: ``(resamples, videos)`` whole numbers.
        recalls: wanted shares of the anomalous frames, each in (0, 1].
    """
    heaviest = weighted(weights, frames.positive_frames + frames.negative_frames).max(initial=0)
    kind = np.float32 if heaviest < EXACT_FLOAT32 else np.float64
    chunks = np.array_split(weights, -(-len(weights) // COLUMNS))
    threads = min(len(chunks), os.cpu_count() or 1, THREADS)
    # NumPy and SciPy let go of the interpreter in their loops, so threads share the cores.
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(lambda chunk: _metrics_of(frames, chunk, recalls, kind), chunks))
    return RankingMetrics(*(np.concatenate(values, axis=-1) for values in zip(*parts, strict=True)))


def _metrics_of(
    frames: RankedFrames,
    weights: np.ndarray,
    recalls: Sequence[float],
    kind: type[np.floating],
) -> tuple[np.ndarray, ...]:
    """The fields of the metrics for some resamples. Count arrays are (thresholds, resamples)."""
    columns = np.ascontiguousarray(weights.T, dtype=kind)
    total = weighted(weights, frames.positive_frames)
    group_total = weighted(weights, frames.group_frames.T).T
    inside_others = weighted(weights, frames.inside_frames)
    outside_others = weighted(weights, frames.outside_frames)
    others = inside_others + outside_others
    # Else all normal frames are inside, and groups have nothing to stand against.
    split = bool(frames.outside_frames.any())
    wanted = [np.maximum(np.ceil(recall * total - 1e-9), 1) for recall in recalls]
    groups = len(frames.group_frames)
    precision, lost = np.zeros((2, 2 + groups, len(weights)))
    before, credited = np.zeros((2, len(weights)))
    error_rate = np.full(len(weights), np.nan)
    thresholds = np.full((len(recalls), len(weights)), np.nan, dtype=frames.thresholds.dtype)
    recall_alarms = np.full((len(recalls), len(weights)), np.nan)
    hits = inside = outside = np.zeros((1, len(weights)), kind)
    group_hits = [hits] * groups
    for block in frames.blocks:
        # Row 0 carries the counts so far, so that row i is the one before row i + 1.
        gained = block.positives @ columns
        hits = _run_on(hits, gained)
        inside = _run_on(inside, block.inside @ columns)
        inside_ties = block.inside_ties @ columns
        alarms, ties = inside, inside_ties
        if split:
            outside = _run_on(outside, block.outside @ columns)
            outside_ties = block.outside_ties @ columns
            alarms, ties = inside + outside, inside_ties + outside_ties
            precision[1] += _precision_sum(gained, hits[1:], inside[1:])
            lost[1] += _lost_pairs(gained, inside[1:], inside_ties)
            for index, rows, positives in block.groups:
                own = positives @ columns
                group_hits[index] = _run_on(group_hits[index], own)
                calls = outside[1 + rows]
                precision[2 + index] += _precision_sum(own, group_hits[index][1:], calls)
                lost[2 + index] += _lost_pairs(own, calls, outside_ties[rows])
        precision[0] += _precision_sum(gained, hits[1:], alarms[1:])
        rows, credits = block.credits
        credited += _precision_sum(credits @ columns, hits[1 + rows], alarms[1 + rows])
        lost[0] += _lost_pairs(gained, alarms[1:], ties)
        before += _precision_sum_before(gained, hits, alarms, ties)
        for which, count in enumerate(wanted):
            now = np.flatnonzero((hits[0] < count) & (hits[-1] >= count))
            row = np.argmax(hits[:, now] >= count[now], axis=0)
            thresholds[which, now] = block.thresholds[row - 1]
            recall_alarms[which, now] = alarms[row, now]
        balance = divide(hits[[0, -1]], total) + divide(alarms[[0, -1]], others)
        now = np.flatnonzero((balance[0] < 1) & (balance[1] >= 1))
        if len(now):
            error_rate[now] = _crossing(
                *(hits[:, now], alarms[:, now], ties[:, now], total[now], others[now])
            )

    if not split:
        precision[1], lost[1] = precision[0], lost[0]

    def auc(lost: np.ndarray, positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
        return divide(positives * negatives - lost, positives * negatives)

    return (
        auc(lost[0], total, others),
        auc(lost[1], total, inside_others),
        auc(lost[2:], group_total, outside_others),
        np.where(others > 0, divide(precision[0], total), np.nan),
        np.where(others > 0, divide((precision[0] + before) / 2, total), np.nan),
        np.where(inside_others > 0, divide(precision[1], total), np.nan),
        np.where(outside_others > 0, divide(precision[2:], group_total), np.nan),
        # Credits add up to whole numbers but for rounding, and all of them must come to 1.
        np.where(others > 0, divide(credited, weighted(weights, frames.credits)).round(12), np.nan),
        error_rate,
        thresholds,
        recall_alarms,
    )


def _run_on(before: np.ndarray, gained: np.ndarray) -> np.ndarray:
    """The running sum of the gains, on from (and after) the last row of ``before``.

    In strips of rows, all strips at once, then from strip to strip: np.cumsum along this axis
    is so slow that a pass would spend half of its time on it.
    """
    result = np.concatenate((before[-1:], gained))
    whole = len(result) // STRIP * STRIP
    strips = result[:whole].reshape(-1, STRIP, result.shape[1])
    for row in range(1, STRIP):
        strips[:, row] += strips[:, row - 1]
    for index in range(1, len(strips)):
        strips[index] += strips[index - 1, -1]
    for row in range(max(whole, 1), len(result)):
        result[row] += result[row - 1]
    return result


def _precision_sum(gained: np.ndarray, hits: np.ndarray, alarms: np.ndarray) -> np.ndarray:
    """Sum over thresholds of (anomalous frames gained) x precision, per resample."""
    precision = hits + alarms
    np.maximum(precision, 1, out=precision)
    np.divide(hits, precision, out=precision)
    return np.einsum("tr,tr->r", gained, precision)


def _precision_sum_before(
    gained: np.ndarray, hits: np.ndarray, alarms: np.ndarray, ties: np.ndarray
) -> np.ndarray:
    """Sum over thresholds of (anomalous frames gained) x the precision just above the threshold.

    Where no frame lies above, the precision is 1. It is the other end of the step that the
    trapezoid rule averages over; 1 at recall 0 is the point that scikit-learn's
    ``precision_recall_curve`` starts with.
    """
    above = hits[:-1] + alarms[1:]
    above -= ties
    precision = hits[:-1] / np.maximum(above, 1)
    if not (hits[0] + alarms[0]).all():
        precision[above == 0] = 1
    return np.einsum("tr,tr->r", gained, precision)


def _lost_pairs(gained: np.ndarray, alarms: np.ndarray, ties: np.ndarray) -> np.ndarray:
    """Pairs in which the normal frame is not below the anomalous one; a tie is half a pair.

    In float64, where whole and half numbers of this size are exact.
    """
    pairs = np.multiply(ties, -0.5, dtype=np.float64)
    pairs += alarms
    pairs *= gained
    return pairs.sum(axis=0)


def _crossing(
    hits: np.ndarray,
    alarms: np.ndarray,
    ties: np.ndarray,
    total: np.ndarray,
    others: np.ndarray,
) -> np.ndarray:
    """Where the ROC polyline meets FPR = 1 - TPR, within one block of thresholds."""
    columns = np.arange(len(total))
    row = np.argmax(hits / total + alarms / others >= 1, axis=0)
    # Above a threshold the curve runs level through negatives alone, then to the point.
    x0 = (alarms[row, columns] - ties[row - 1, columns]) / others
    y0 = hits[row - 1, columns] / total
    x1, y1 = alarms[row, columns] / others, hits[row, columns] / total
    rise = np.maximum(x1 + y1 - x0 - y0, np.finfo(float).tiny)
    sloped = x0 + (1 - x0 - y0) / rise * (x1 - x0)
    return np.where(x0 + y0 >= 1, 1 - y0, sloped)
