"""Principal components of rows of features, with which a few numbers tell most of each row."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_NONE = 1e-10
"""A variance below this share of the greatest is rounding."""


def principal_components(rows: Iterable[np.ndarray], most: int) -> np.ndarray:
    """The directions in which rows vary most, to project rows on by a plain product.

    The mean is taken off to find them, and not to project, as in the public code of Del Giorno et
    al. (ECCV 2016).

    Args:
        rows: parts ``(n, values)`` of all rows, of which there is one at least.
        most: how many directions are wanted; there are fewer where rows vary in fewer.

    Returns:
        float64 ``(values, directions)``, orthonormal columns, the greatest variance first.
    """
    count, total, products = 0, np.zeros(0), np.zeros(0)
    for part in rows:
        exact = np.asarray(part, np.float64)
        if not count:
            total = np.zeros(exact.shape[1])
            products = np.zeros((exact.shape[1],) * 2)
        count += len(exact)
        total += exact.sum(axis=0)
        products += exact.T @ exact
    mean = total / count
    variances, vectors = np.linalg.eigh(products / count - np.outer(mean, mean))
    # The others, in which nothing varies, are any that happen to come out.
    kept = variances > _NONE * variances[-1]
    return np.ascontiguousarray(vectors[:, kept][:, ::-1][:, :most])
