"""Sparse counts by threshold and video, and their product with the weights of resamples.

Of a thousand thresholds and hundreds of videos few pairs have any frame. Rows that know many of the
videos are multiplied as a matrix; all others layer by layer, the first entry of each row, the
second of those that have one, and so on: a layer is one product of NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_MANY = 8
"""A row is multiplied as a matrix if it knows more than one in so many of the videos."""

Sums = tuple[np.ndarray, np.ndarray]
"""Places in a table, ``row * videos + video``, each once and rising, and the sum at each."""


def sums_at(values: np.ndarray, rows: np.ndarray, owner: np.ndarray, videos: int) -> Sums:
    """The sums of values that have the same row and video.

    Args:
        values: ``(n,)``.
        rows, owner: ``(n,)``, the row and the video of each.
        videos: how many videos there are.
    """
    return _summed(rows.astype(np.int64) * videos + owner, values)


def _summed(places: np.ndarray, values: np.ndarray) -> Sums:
    known, at = np.unique(places, return_inverse=True)
    return known, np.bincount(at, values, len(known)).astype(values.dtype)


@dataclass(frozen=True)
class VideoCounts:
    """A table ``(rows, videos)`` of which little is not 0.

    Attributes:
        height: how many rows it has.
        full: rows that know many videos: which these are, ``(n,)``, and the rows, ``(n, videos)``.
        layers: the first, second... entry of each other row that has so many: the rows, their
            videos, and the values, ``(m, 1)``.
    """

    height: int
    full: tuple[np.ndarray, np.ndarray]
    layers: list[tuple[np.ndarray, np.ndarray, np.ndarray]]

    @classmethod
    def of(cls, parts: Sequence[Sums], rows: int, videos: int) -> VideoCounts:
        """From sums of :func:`sums_at`, which are added up."""
        places, values = _summed(*map(np.concatenate, zip(*parts, strict=True)))
        row, video = np.divmod(places, videos)
        many = np.bincount(row, minlength=rows) * _MANY > videos
        which, whole = np.flatnonzero(many), many[row]
        full = np.zeros((len(which), videos), values.dtype)
        full[np.searchsorted(which, row[whole]), video[whole]] = values[whole]
        row, video, values = row[~whole], video[~whole].astype(np.int32), values[~whole, None]
        nth = np.arange(len(row)) - np.searchsorted(row, row)  # which of its row's entries it is
        order = np.argsort(nth, kind="stable")
        ends = np.cumsum(np.bincount(nth))[:-1]
        layers = zip(*(np.split(part[order], ends) for part in (row, video, values)), strict=True)
        return cls(rows, (which, full), list(layers))

    def __matmul__(self, columns: np.ndarray) -> np.ndarray:
        """The product with a matrix ``(videos, resamples)``: ``(rows, resamples)``."""
        which, full = self.full
        columns = columns.astype(np.result_type(full, columns), copy=False)
        found = np.zeros((self.height, columns.shape[1]), columns.dtype)
        if len(which):
            found[which] = full @ columns
        for rows, owner, values in self.layers:
            part = columns.take(owner, axis=0)
            part *= values
            found[rows] += part
        return found
