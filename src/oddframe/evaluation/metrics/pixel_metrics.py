"""Pixel-level ROC AUC from score maps, in memory that neither frames nor videos add to.

The pixels of a data set do not fit into memory (Ped2: 174 million), so they are counted in bins.
The edges of the bins are scores of a sample of the pixels, anomalous and normal ones, and each edge
is a bin of its own: a score that many pixels have, as in maps that are mostly zero, is tied with
itself alone. Between two edges lie few pixels; they count as tied. With fewer anomalous scores than
edges nothing is lost, since normal pixels are told apart only by anomalous ones between them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from oddframe.evaluation.bootstrap import divide, weighted

EDGES = 1024
"""Edges of bins at most that come from either kind of pixels."""
SAMPLE = 2**19
"""Pixels of either kind that they are chosen from, more or less."""
SAMPLED_FRAMES = 4096
"""Frames that those are taken from, at least one of each video."""
CHUNK = 2**17
"""Pixels counted at a time, at least those of one frame."""
VIDEOS = 32
"""Videos whose counts are added to those of the resamples at a time."""
PART = 1024
"""Bins that are added at a time."""


def sample_edges(
    maps: Mapping[str, np.ndarray],
    masks: Callable[[str], np.ndarray | None],
    sizes: Mapping[str, tuple[int, int]],
) -> np.ndarray:
    """Edges of the bins, rising, from pixels of frames that lie evenly among all.

    Args:
        maps: video id to ``(frames, h, w)``.
        masks: gives the mask of a video; see :meth:`PixelCounts.add`.
        sizes: id to (width, height) of the mask, of each video that is counted.
    """
    generator = np.random.default_rng(0)
    frames = sum(len(maps[key]) for key in sizes)
    share = min(1.0, SAMPLED_FRAMES / max(frames, 1))
    each = -(-SAMPLE // max(int(frames * share), 1))
    none = np.empty(0, np.float32)
    found = ([none], [none])
    for key, size in sizes.items():
        scores, mask = maps[key], masks(key)
        few = max(1, round(len(scores) * share))
        for frame in ((np.arange(few) + 0.5) * len(scores) / few).astype(int):
            pixels = resize_map(scores[frame], size)
            odd = np.zeros(pixels.shape, bool) if mask is None else mask[frame]
            for parts, part in zip(found, (pixels[odd], pixels[~odd]), strict=True):
                some = generator.integers(0, len(part), each) if len(part) > each else slice(None)
                parts.append(part[some])
    return np.unique(np.concatenate([_edges(np.concatenate(parts)) for parts in found]))


def _edges(sample: np.ndarray) -> np.ndarray:
    """Scores that the sample holds often, and evenly spaced quantiles of the others."""
    values, counts = np.unique(sample, return_counts=True)
    if len(values) <= EDGES:
        return values
    often = counts * EDGES > len(sample)
    others, passed = values[~often], np.cumsum(counts[~often])
    room = EDGES - np.count_nonzero(often)
    ranks = (np.arange(room) + 0.5) / room * passed[-1]
    return np.union1d(values[often], others[np.searchsorted(passed, ranks)])


class PixelCounts:
    """Anomalous and normal pixels of each resample by bin, added up video by video."""

    def __init__(self, edges: np.ndarray, resamples: int) -> None:
        """No pixels yet.

        Args:
            edges: see :func:`sample_edges`.
            resamples: how many, the data as it is among them.
        """
        self._edges = edges
        # Anomalous ones first.
        self._counts = np.zeros((2, resamples, 2 * len(edges) + 1))
        self._waiting: list[tuple[np.ndarray, np.ndarray]] = []
        self.videos = 0

    def add(
        self,
        scores: np.ndarray,
        mask: np.ndarray | None,
        size: tuple[int, int],
        drawn: np.ndarray,
    ) -> None:
        """Count one video.

        Args:
            scores: score maps ``(frames, h, w)``; resized to the mask, bilinearly (by area where
                they shrink).
            mask: bool ``(frames, height, width)``, or None where every pixel is normal.
            size: (width, height) of the mask.
            drawn: ``(resamples,)``, how often the video is in each.
        """
        counts = np.zeros((2, self._counts.shape[2]), dtype=np.int64)
        step = max(1, CHUNK // (size[0] * size[1]))
        for start in range(0, len(scores), step):
            pixels = np.stack([resize_map(one, size) for one in scores[start : start + step]])
            if mask is None:
                counts[1] += self._by_bin(pixels.ravel())
                continue
            odd = mask[start : start + step]
            counts += [self._by_bin(pixels[odd]), self._by_bin(pixels[~odd])]
        self.videos += 1
        self._waiting.append((drawn, counts))
        if len(self._waiting) == VIDEOS:
            self._add_up()

    def auc(self) -> np.ndarray:
        """ROC AUC of each resample, ties half; NaN where a side is empty."""
        self._add_up()
        ordered, odd_pixels, below = np.zeros((3, self._counts.shape[1]))
        for start in range(0, self._counts.shape[2], PART):
            odd, calm = self._counts[:, :, start : start + PART]
            lower = below[:, None] + np.cumsum(calm, axis=1) - 0.5 * calm
            ordered += np.einsum("rb,rb->r", odd, lower)
            odd_pixels += odd.sum(axis=1)
            below += calm.sum(axis=1)
        return divide(ordered, odd_pixels * below)

    def _by_bin(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels below the first edge, on it, between it and the second, and so on."""
        pixels = np.sort(pixels)
        passed = np.empty(2 * len(self._edges) + 2, dtype=np.int64)
        passed[0], passed[-1] = 0, len(pixels)
        passed[1:-1:2] = np.searchsorted(pixels, self._edges, side="left")
        passed[2:-1:2] = np.searchsorted(pixels, self._edges, side="right")
        return np.diff(passed)

    def _add_up(self) -> None:
        if not self._waiting:
            return
        drawn = np.stack([drawn for drawn, _ in self._waiting], axis=1)
        counts = np.stack([counts for _, counts in self._waiting], axis=1)
        self._waiting.clear()
        for total, own in zip(self._counts, counts, strict=True):
            for start in range(0, total.shape[1], PART):
                part = slice(start, start + PART)
                total[:, part] += weighted(drawn, own[:, part])


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
