"""Weighted means of neighbours, to the digits of SciPy's: sums run in its order, in float64."""

from __future__ import annotations

import numpy as np

_REACH = 4.0
"""Deviations after which a Gaussian is cut off."""
_AT_ONCE = 2**18
"""Values that are smoothed at a time, where they are in lines of their own."""


def gaussian_weights(deviation: float) -> np.ndarray:
    """Weights of a Gaussian that add up to 1, cut off at four deviations.

    Args:
        deviation: the standard deviation in steps, above 0.
    """
    reach = int(_REACH * deviation + 0.5)
    weights = np.exp(-0.5 / (deviation * deviation) * np.arange(-reach, reach + 1) ** 2)
    return weights / weights.sum()


def weighted_neighbours(values: np.ndarray, weights: np.ndarray, axis: int = -1) -> np.ndarray:
    """The weighted sum of each value and its neighbours along an axis, of the type of the values.

    Beyond an end the value there goes on.

    Args:
        values: float, of any shape, with at least one value along the axis.
        weights: ``(2 reach + 1,)``, the same to both sides.
        axis: the axis.
    """
    found = np.empty_like(values)
    lines = np.atleast_2d(np.moveaxis(values, axis, -1))
    into = np.atleast_2d(np.moveaxis(found, axis, -1))
    step = max(1, _AT_ONCE * len(lines) // max(lines.size, 1))
    for start in range(0, len(lines), step):
        into[start : start + step] = _summed(lines[start : start + step], weights)
    return found


def _summed(lines: np.ndarray, weights: np.ndarray) -> np.ndarray:
    reach, length = len(weights) // 2, lines.shape[-1]
    ends = [(0, 0)] * (lines.ndim - 1) + [(reach, reach)]
    wide = np.pad(lines.astype(np.float64), ends, mode="edge")
    total = wide[..., reach : reach + length] * weights[reach]
    for far in range(reach, 0, -1):
        before = wide[..., reach - far : reach - far + length]
        total += (before + wide[..., reach + far : reach + far + length]) * weights[reach - far]
    return total
