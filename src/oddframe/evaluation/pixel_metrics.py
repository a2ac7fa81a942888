"""Pixel-level ROC AUC from score maps, in bounded memory.

The pixels of a data set do not fit into memory (Ped2: 174 million), so they are counted in
bins of a monotone function of the score. Pixels of one bin count as tied, hence the AUC is off
by at most half of the largest share of normal pixels in a bin; the tests hold it to 1e-3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from oddframe.evaluation.bootstrap import divide, weighted

BINS = 2**15
CHUNK = 16
"""Frames handled at a time."""
PART = 1024
"""Bins of all videos handled at a time."""


@dataclass(frozen=True)
class PixelBins:
    """A monotone map from score to bin: linear near the median, ever coarser in the tails.

    A few huge values, common in score maps, then leave the bins of the others fine.
    """

    median: float
    scale: float

    @classmethod
    def of(cls, sample: np.ndarray) -> PixelBins:
        """Bins that suit these scores."""
        low, first, median, third, high = np.percentile(sample, (0, 25, 50, 75, 100))
        scale = (third - first) or (high - low) or 1.0
        return cls(float(median), float(scale))

    def place(self, scores: np.ndarray) -> np.ndarray:
        """The bin of each score, 0 to BINS - 1, rising with the score."""
        centred = (scores - self.median) / self.scale  # in the scores' own precision
        squashed = centred / (1 + np.abs(centred))
        return ((squashed + 1) * (BINS / 2)).astype(np.int64).clip(0, BINS - 1)


def sample_pixels(maps: Iterable[np.ndarray], frames_each: int = 32) -> np.ndarray:
    """Some values of score maps, evenly from all of them."""
    parts = []
    for scores in maps:
        picked = np.unique(np.linspace(0, len(scores) - 1, frames_each).astype(int))
        parts.append(at_least_float32(scores[picked]).ravel())
    return np.concatenate(parts)


def pixel_histograms(
    scores: np.ndarray, mask: np.ndarray | None, size: tuple[int, int], bins: PixelBins
) -> tuple[np.ndarray, np.ndarray]:
    """Anomalous and normal pixels of one video by bin, each ``(BINS,)``.

    They are of the smallest type that holds them: with thousands of videos this is what takes room.

    Args:
        scores: score maps ``(frames, h, w)``; resized to the mask, bilinearly (by area where
            they shrink).
        mask: bool ``(frames, height, width)``, or None where every pixel is normal.
        size: (width, height) of the mask.
        bins: the same for all videos.
    """
    counts = np.zeros(2 * BINS, dtype=np.int64)
    for start in range(0, len(scores), CHUNK):
        resized = np.stack([resize_map(one, size) for one in scores[start : start + CHUNK]])
        cells = bins.place(resized)
        if mask is not None:
            cells[mask[start : start + CHUNK]] += BINS
        counts += np.bincount(cells.ravel(), minlength=2 * BINS)
    counts = counts.astype(np.min_scalar_type(counts.max()))
    return counts[BINS:].copy(), counts[:BINS].copy()


def resize_map(scores: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """One score map ``(h, w)`` at (width, height), float32, or float64 if it is."""
    scores = at_least_float32(scores)
    if (scores.shape[1], scores.shape[0]) == size:
        return scores
    shrinks = size[0] < scores.shape[1]
    return cv2.resize(scores, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def at_least_float32(scores: np.ndarray) -> np.ndarray:
    """Score maps as OpenCV takes them, without loss: float64 stays what it is."""
    kind = np.float64 if scores.dtype == np.float64 else np.float32
    return np.ascontiguousarray(scores, dtype=kind)


def pixel_auc(
    positives: Sequence[np.ndarray], negatives: Sequence[np.ndarray], weights: np.ndarray
) -> np.ndarray:
    """ROC AUC of each resample from counts per bin, ties half; NaN where a side is empty.

    Args:
        positives, negatives: per video ``(BINS,)``, see :func:`pixel_histograms`.
        weights: ``(1 + resamples, videos)``.
    """
    ordered, odd_pixels, below = np.zeros((3, len(weights)))
    for start in range(0, BINS, PART):
        part = slice(start, start + PART)
        odd, calm = (
            weighted(weights, np.array([counts[part] for counts in several]).reshape(-1, PART))
            for several in (positives, negatives)
        )
        ordered += np.einsum("rb,rb->r", odd, below[:, None] + np.cumsum(calm, axis=1) - 0.5 * calm)
        odd_pixels += odd.sum(axis=1)
        below += calm.sum(axis=1)
    return divide(ordered, odd_pixels * below)
