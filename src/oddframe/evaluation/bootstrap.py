"""Resampling videos.

Frames of one video are not independent, so a bootstrap over frames is several times too sure.
Here whole videos are drawn with replacement, anomalous and normal ones separately (so the share
of each stays as it is). A resample is a weight per video: how often it was drawn.
"""

from __future__ import annotations

import numpy as np

from oddframe.errors import OddframeError

RESAMPLES = 1000
ROWS = 64
"""Resamples that are turned into float64 at a time."""


def draw_videos(anomalous: np.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """How often each video is drawn in each resample.

    Args:
        anomalous: ``(videos,)`` bool, the two strata.
        resamples: how many.
        seed: fixes the resamples; comparisons with one seed are paired.

    Returns:
        uint8 ``(1 + resamples, videos)``, to be multiplied by :func:`weighted`; row 0 is all ones,
        the data as it is. Only that row where neither stratum holds two videos, since then nothing
        can vary.

    Raises:
        OddframeError: fewer than 0 resamples.
    """
    if resamples < 0:
        raise OddframeError(f"--resamples: expected 0 or more, found {resamples}")
    anomalous = np.asarray(anomalous, dtype=bool)
    strata = [np.flatnonzero(anomalous), np.flatnonzero(~anomalous)]
    if max(map(len, strata)) < 2:
        resamples = 0
    # A video is drawn once on average, and more than 255 times with a chance of 1e-500.
    weights = np.ones((1 + resamples, len(anomalous)), dtype=np.uint8)
    generator = np.random.default_rng(seed)
    for members in strata:
        size = len(members)
        if size == 0 or resamples == 0:
            continue
        for row in range(1, 1 + resamples):
            drawn = generator.integers(0, size, size=size)
            weights[row, members] = np.bincount(drawn, minlength=size)
    return weights


def weighted(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sums over videos, each video as often as it was drawn: float64 ``(1 + resamples, ...)``.

    Args:
        weights: ``(1 + resamples, videos)``; their type is too small to be summed in.
        values: ``(videos, ...)``.
    """
    values = np.asarray(values, dtype=np.float64)
    result = np.empty((len(weights), *values.shape[1:]))
    for start in range(0, len(weights), ROWS):
        rows = slice(start, start + ROWS)
        result[rows] = weights[rows].astype(np.float64) @ values
    return result


def ratio(weights: np.ndarray, numerators: np.ndarray, denominators: np.ndarray) -> np.ndarray:
    """Weighted sum of per-video numerators over that of the denominators; NaN over nothing.

    Args:
        weights: ``(1 + resamples, videos)``.
        numerators, denominators: ``(videos,)``.
    """
    return divide(weighted(weights, numerators), weighted(weights, denominators))


def divide(numerators: np.ndarray, denominators: np.ndarray) -> np.ndarray:
    """Element-wise quotient in float64, NaN where the denominator is zero."""
    shape = np.broadcast_shapes(np.shape(numerators), np.shape(denominators))
    result = np.full(shape, np.nan)
    return np.divide(numerators, denominators, out=result, where=np.asarray(denominators) != 0)
