"""Ranking metrics of many bootstrap resamples at once, exactly.

A resample weighs whole videos, so the frames are ranked once. What a metric needs is how many
frames of each video pass each threshold that matters, and only the scores of anomalous frames
matter: between two of them precision and recall change by false positives alone. Those counts
are sparse matrices (thresholds x videos); one product with the weights gives the counts of all
resamples. ROC AUC needs less: a matrix of videos x videos that counts the pairs in right order.

The results equal those of recomputing each resample from its frames, up to float rounding.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from oddframe.evaluation.bootstrap import divide

BLOCK = 1024
"""Thresholds handled at a time, and ..."""
COLUMNS = 256
"""... resamples: a block of counts stays in the processor's cache."""
STRIP = 32
"""Rows of a block that are summed together."""
EXACT_FLOAT32 = 2**24
"""Integers up to here are exact in float32, which is twice as fast as float64."""


@dataclass(frozen=True)
class Sweep:
    """What one pass over the thresholds gives, per resample; NaN where undefined.

    Attributes:
        average_precision: ``(resamples,)``, against all normal frames.
        trapezoid: ``(resamples,)``, the area under the same curve by the trapezoid rule.
        precision_inside: ``(resamples,)``, the same against those of anomalous videos.
        group_precision: ``(groups, resamples)``, each group against frames of normal videos.
        equal_error_rate: ``(resamples,)``.
        recall_thresholds: ``(recalls, resamples)``: the highest score such that the
            frames at or above it hold the wanted share of the anomalous ones.
        recall_alarms: ``(recalls, resamples)``, weighted normal frames at or above it.
    """

    average_precision: np.ndarray
    trapezoid: np.ndarray
    precision_inside: np.ndarray
    group_precision: np.ndarray
    equal_error_rate: np.ndarray
    recall_thresholds: np.ndarray
    recall_alarms: np.ndarray


@dataclass(frozen=True)
class Block:
    """Some consecutive thresholds; sparse float32 counts ``(thresholds, videos)`` each.

    Attributes:
        thresholds: distinct scores of anomalous frames, falling.
        positives: anomalous frames with exactly that score.
        inside: normal frames of anomalous videos, from that score up to below the one before.
        outside: the same of normal videos.
        ties: normal frames with exactly that score.
        groups: (number of a group of anomalous frames, rows that it has, counts like positives).
    """

    thresholds: np.ndarray
    positives: Any
    inside: Any
    outside: Any
    ties: Any
    groups: list[tuple[int, np.ndarray, Any]]


@dataclass(frozen=True)
class RankedFrames:
    """Anomalous and normal frames of some videos, counted by score and video.

    Attributes:
        blocks: the counts, thresholds falling.
        positive_frames: ``(videos,)`` anomalous frames.
        group_frames: ``(groups, videos)`` anomalous frames of some subsets of them (classes).
        inside_frames, outside_frames: ``(videos,)`` normal frames of anomalous / normal videos.
    """

    blocks: list[Block]
    positive_frames: np.ndarray
    group_frames: np.ndarray
    inside_frames: np.ndarray
    outside_frames: np.ndarray

    @classmethod
    def of(
        cls,
        scores: Sequence[np.ndarray],
        labels: np.ndarray,
        anomalous: np.ndarray,
        groups: Sequence[np.ndarray] = (),
    ) -> RankedFrames:
        """Rank and count.

        Args:
            scores: one array per video.
            labels: bool over the frames of all videos, end to end: true where anomalous.
            anomalous: ``(videos,)`` bool.
            groups: bool arrays like ``labels``, true for frames of the group only.
        """
        from scipy.sparse import csr_matrix

        lengths = [len(part) for part in scores]
        owner = np.repeat(np.arange(len(scores), dtype=np.int32), lengths)
        levels, ranks = np.unique(np.concatenate(scores), return_inverse=True)
        levels = levels.astype(np.result_type(levels, np.float32), copy=False)
        used = np.zeros(len(levels), dtype=bool)
        used[ranks[labels]] = True
        # Row of the highest threshold that a frame passes: thresholds fall from row to row.
        rows = (used.sum() - np.cumsum(used))[ranks].astype(np.int32)
        shape = (int(used.sum()), len(scores))

        def count(chosen: np.ndarray) -> Any:
            cells = (rows[chosen], owner[chosen])
            return csr_matrix((np.ones(len(cells[0]), np.float32), cells), shape=shape)

        def total(chosen: np.ndarray) -> np.ndarray:
            return np.bincount(owner[chosen], minlength=len(scores))

        within = ~labels & np.repeat(anomalous, lengths)
        beyond = ~labels & ~within
        passing = rows < shape[0]
        counts = [
            count(labels),
            count(within & passing),
            count(beyond & passing),
            count(~labels & used[ranks]),
        ]
        return cls(
            blocks=_cut(levels[used][::-1], counts, list(map(count, groups))),
            positive_frames=total(labels),
            group_frames=np.array([total(group) for group in groups]).reshape(-1, len(scores)),
            inside_frames=total(within),
            outside_frames=total(beyond),
        )

    @property
    def negative_frames(self) -> np.ndarray:
        """Normal frames of each video."""
        return self.inside_frames + self.outside_frames

    def pairs(self) -> np.ndarray:
        """Pairs in right order, ties half: float64 ``(1 + groups, videos, videos)``.

        Entry (0, i, j) counts pairs of an anomalous frame of video i and a normal one of video
        j; the others do the same for the anomalous frames of each group.
        """
        videos = len(self.positive_frames)
        result = np.zeros((1 + len(self.group_frames), videos, videos))
        passed = np.zeros((1, videos))
        for block in self.blocks:
            passed = _run_on(passed, block.inside.toarray() + block.outside.toarray())
            below = self.negative_frames - passed[1:] + 0.5 * block.ties.toarray()
            result[0] += block.positives.T @ below
            for index, rows, positives in block.groups:
                result[1 + index] += positives.T @ below[rows]
        return result

    def sweep(self, weights: np.ndarray, recalls: Sequence[float] = ()) -> Sweep:
        """Everything that needs a pass over the thresholds, for each resample.

        Args:
            weights: ``(resamples, videos)`` integers.
            recalls: wanted shares of the anomalous frames, each in (0, 1].
        """
        heaviest = (weights @ (self.positive_frames + self.negative_frames)).max(initial=0)
        kind = np.float32 if heaviest < EXACT_FLOAT32 else np.float64
        chunks = np.array_split(weights, -(-len(weights) // COLUMNS))
        # NumPy and SciPy let go of the interpreter in their loops, so threads share the cores.
        with ThreadPoolExecutor(min(len(chunks), os.cpu_count() or 1)) as pool:
            parts = list(pool.map(lambda chunk: self._sweep_chunk(chunk, recalls, kind), chunks))
        return Sweep(*(np.concatenate(values, axis=-1) for values in zip(*parts, strict=True)))

    def _sweep_chunk(
        self, weights: np.ndarray, recalls: Sequence[float], kind: type[np.floating]
    ) -> tuple[np.ndarray, ...]:
        """The fields of a Sweep for some resamples. Count arrays are (thresholds, resamples)."""
        columns = np.ascontiguousarray(weights.T, dtype=kind)
        total = (weights @ self.positive_frames).astype(float)
        others = (weights @ self.negative_frames).astype(float)
        wanted = [np.maximum(np.ceil(recall * total - 1e-9), 1) for recall in recalls]
        precision = np.zeros((2 + len(self.group_frames), len(weights)))
        before = np.zeros(len(weights))
        error_rate = np.full(len(weights), np.nan)
        kept = self.blocks[0].thresholds.dtype if self.blocks else np.float32
        thresholds = np.full((len(recalls), len(weights)), np.nan, dtype=kept)
        recall_alarms = np.full((len(recalls), len(weights)), np.nan)
        hits = inside = outside = np.zeros((1, len(weights)), kind)
        group_hits = [hits] * len(self.group_frames)
        for block in self.blocks:
            # Row 0 carries the counts so far, so that row i is the one before row i + 1.
            gained = block.positives @ columns
            hits = _run_on(hits, gained)
            inside = _run_on(inside, block.inside @ columns)
            outside = _run_on(outside, block.outside @ columns)
            alarms = inside + outside
            precision[0] += _precision_sum(gained, hits[1:], alarms[1:])
            precision[1] += _precision_sum(gained, hits[1:], inside[1:])
            before += _precision_sum_before(gained, hits, alarms, block.ties @ columns)
            for index, rows, positives in block.groups:
                gained = positives @ columns
                group_hits[index] = _run_on(group_hits[index], gained)
                precision[2 + index] += _precision_sum(
                    gained, group_hits[index][1:], outside[1 + rows]
                )
            for which, count in enumerate(wanted):
                now = np.flatnonzero((hits[0] < count) & (hits[-1] >= count))
                row = np.argmax(hits[:, now] >= count[now], axis=0)
                thresholds[which, now] = block.thresholds[row - 1]
                recall_alarms[which, now] = alarms[row, now]
            balance = divide(hits[[0, -1]], total) + divide(alarms[[0, -1]], others)
            now = np.flatnonzero((balance[0] < 1) & (balance[1] >= 1))
            if len(now):
                error_rate[now] = _crossing(
                    block, hits[:, now], alarms[:, now], weights[now], total[now], others[now]
                )
        inside_others, outside_others = weights @ self.inside_frames, weights @ self.outside_frames
        grouped = divide(precision[2:], self.group_frames @ weights.T)
        return (
            np.where(others > 0, divide(precision[0], total), np.nan),
            np.where(others > 0, divide((precision[0] + before) / 2, total), np.nan),
            np.where(inside_others > 0, divide(precision[1], total), np.nan),
            np.where(outside_others > 0, grouped, np.nan),
            error_rate,
            thresholds,
            recall_alarms,
        )


def pair_auc(
    pairs: np.ndarray,
    positives: np.ndarray,
    negatives: np.ndarray,
    weights: np.ndarray,
    against: np.ndarray | None = None,
) -> np.ndarray:
    """ROC AUC of each resample from pairs in right order; NaN where a side is empty.

    Args:
        pairs: ``(videos, videos)``, see :meth:`RankedFrames.pairs`.
        positives, negatives: ``(videos,)`` counts.
        weights: ``(resamples, videos)``.
        against: ``(videos,)`` bool, whose normal frames count; all when not given.
    """
    weights = np.asarray(weights, dtype=float)
    others = weights if against is None else weights * against
    ordered = np.einsum("rv,rv->r", weights @ pairs, others)
    return divide(ordered, (weights @ positives) * (others @ negatives))


def _cut(thresholds: np.ndarray, counts: list[Any], groups: list[Any]) -> list[Block]:
    """Whole count matrices as blocks."""
    rows_of = [np.flatnonzero(np.diff(group.indptr)) for group in groups]
    compact = [group[rows] for group, rows in zip(groups, rows_of, strict=True)]
    blocks = []
    for start in range(0, len(thresholds), BLOCK):
        span = slice(start, start + BLOCK)
        parts = []
        for index, (group, rows) in enumerate(zip(compact, rows_of, strict=True)):
            first, last = np.searchsorted(rows, (start, start + BLOCK))
            if first < last:
                parts.append((index, rows[first:last] - start, group[first:last]))
        blocks.append(Block(thresholds[span], *(matrix[span] for matrix in counts), parts))
    return blocks


def _run_on(before: np.ndarray, gained: np.ndarray) -> np.ndarray:
    """The running sum of the gains, on from (and after) the last row of ``before``.

    In strips of rows, all strips at once, then from strip to strip: np.cumsum along this axis
    is so slow that a sweep would spend half of its time on it.
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
    """The same with the precision just above each threshold; 1 where no frame lies above.

    That is the other end of the step that the trapezoid rule averages over, and 1 at recall 0 is
    the point that scikit-learn's ``precision_recall_curve`` starts with.
    """
    above = hits[:-1] + alarms[1:]
    above -= ties
    precision = hits[:-1] / np.maximum(above, 1)
    if not (hits[0] + alarms[0]).all():
        precision[above == 0] = 1
    return np.einsum("tr,tr->r", gained, precision)


def _crossing(
    block: Block,
    hits: np.ndarray,
    alarms: np.ndarray,
    weights: np.ndarray,
    total: np.ndarray,
    others: np.ndarray,
) -> np.ndarray:
    """Where the ROC polyline meets FPR = 1 - TPR, within one block of thresholds."""
    columns = np.arange(len(weights))
    row = np.argmax(hits / total + alarms / others >= 1, axis=0)
    tied = block.ties[row - 1].multiply(weights).sum(axis=1)
    # Above a threshold the curve runs level through negatives alone, then to the point.
    x0 = (alarms[row, columns] - np.asarray(tied).ravel()) / others
    y0 = hits[row - 1, columns] / total
    x1, y1 = alarms[row, columns] / others, hits[row, columns] / total
    rise = np.maximum(x1 + y1 - x0 - y0, np.finfo(float).tiny)
    sloped = x0 + (1 - x0 - y0) / rise * (x1 - x0)
    return np.where(x0 + y0 >= 1, 1 - y0, sloped)
