"""The memory of one place: representatives within a radius of which everything seen there lies.

It is the doubling algorithm for incremental k-centre clustering (Charikar, Chekuri, Feder, Motwani,
STOC 1997), with a smaller factor.
"""

from __future__ import annotations

import numpy as np

SHARED = -1
"""Owner of a representative that more than one group of footage has shown."""
UNKNOWN = -1
"""Source of a representative of which nobody knows which picture it is from."""
_FIRST_RADIUS = 5.0
_GROWTH = 1.2
_FILL_AFTER_MERGE = 0.7


class PlaceMemory:
    """Representatives of one place.

    Args:
        channels: length of a vector.
        capacity: representatives at most.
    """

    def __init__(self, channels: int, capacity: int) -> None:
        self._table = np.zeros((channels + 1, capacity), np.float32)
        self.owners = np.zeros(capacity, np.int32)
        self.sources = np.full(capacity, UNKNOWN, np.int32)
        self.count = 0
        self.radius = _FIRST_RADIUS

    @property
    def vectors(self) -> np.ndarray:
        """The representatives, ``(count, channels)``; a view."""
        return self._table[:-1, : self.count].T

    def add(self, vectors: np.ndarray, group: int, source: int = UNKNOWN) -> None:
        """Make sure that the vectors ``(n, channels)`` of a group are within reach.

        Args:
            vectors: these.
            group: part of the footage.
            source: number of the picture that they are from, which those that become
                representatives keep.
        """
        while True:
            if self.count:
                distances = self._squared_distances(vectors)
                nearest = distances.argmin(axis=1)
                near = distances[np.arange(len(vectors)), nearest] < self.radius**2
                seen = nearest[near]
                self.owners[seen[self.owners[seen] != group]] = SHARED
                vectors = vectors[~near]
            chosen = cover(vectors, self.radius)
            room = len(self.owners) - self.count
            taken = vectors[chosen[:room]]
            stop = self.count + len(taken)
            self._put(self.count, taken)
            self.owners[self.count : stop] = group
            self.sources[self.count : stop] = source
            self.count = stop
            if len(chosen) <= room:
                return
            vectors = vectors[chosen[room:]]
            self._merge()

    def _merge(self) -> None:
        while self.count > _FILL_AFTER_MERGE * len(self.owners):
            self.radius *= _GROWTH
            vectors, owners = np.ascontiguousarray(self.vectors), self.owners[: self.count]
            chosen = cover(vectors, self.radius)
            squared = self._squared_distances(vectors[chosen])  # (count, chosen) transposed
            for place, row in zip(chosen, squared, strict=True):
                if np.any(owners[row < self.radius**2] != owners[place]):
                    owners[place] = SHARED
            kept = len(chosen)
            self._put(0, vectors[chosen])
            self.owners[:kept] = owners[chosen]
            self.sources[:kept] = self.sources[chosen]
            self.count = kept

    def distances(self, vectors: np.ndarray, group: int | None = None) -> np.ndarray:
        """Distance of each vector to the nearest representative, ``(n,)``.

        Args:
            vectors: ``(n, channels)``.
            group: leave out what only this group has shown, so that footage is never judged by
                itself; infinite if nothing else is known.
        """
        return np.sqrt(np.maximum(self.nearest(*probes_of(vectors), group), 0))

    def nearest(
        self, probes: np.ndarray, squares: np.ndarray, group: int | None = None
    ) -> np.ndarray:
        """As :meth:`distances`, but squared, and perhaps a little below 0.

        Args:
            probes, squares: from :func:`probes_of`.
            group: as there.
        """
        # The probe's own square is added to the smallest, not to all: that halves the time.
        parts = probes @ self._table[:, : self.count]
        if group is not None:
            parts[:, self.owners[: self.count] == group] = np.inf
        return parts.min(axis=1, initial=np.inf) + squares

    def source(self, vector: np.ndarray) -> int:
        """Number of the picture that the representative nearest to a vector is from."""
        return int(self.sources[int(self._squared_distances(vector[None])[0].argmin())])

    def _squared_distances(self, vectors: np.ndarray) -> np.ndarray:
        probes, squares = probes_of(vectors)
        squared = probes @ self._table[:, : self.count]
        squared += squares[:, None]
        return np.maximum(squared, 0, out=squared)

    def _put(self, start: int, vectors: np.ndarray) -> None:
        stop = start + len(vectors)
        self._table[:-1, start:stop] = vectors.T
        self._table[-1, start:stop] = (vectors * vectors).sum(axis=1)

    @classmethod
    def of(cls, vectors: np.ndarray, sources: np.ndarray) -> PlaceMemory:
        """A full memory of these representatives ``(n, channels)``, not meant to learn more."""
        memory = cls(vectors.shape[1], len(vectors))
        memory._put(0, vectors)
        memory.owners[:] = SHARED
        memory.sources[:] = sources
        memory.count = len(vectors)
        return memory


def probes_of(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What vectors ``(..., channels)`` are multiplied by a table with, and their squares ``(...)``.

    A column of a table is a representative and its square, so one product gives a squared distance
    but for the square of the probe.
    """
    probes = np.empty((*vectors.shape[:-1], vectors.shape[-1] + 1), np.float32)
    np.multiply(vectors, -2, out=probes[..., :-1])
    probes[..., -1] = 1
    return probes, np.einsum("...i,...i->...", vectors, vectors)


def cover(vectors: np.ndarray, radius: float) -> np.ndarray:
    """Indices of a subset, first come first kept, that has every vector within the radius."""
    squares = (vectors * vectors).sum(axis=1)
    free = np.ones(len(vectors), dtype=bool)
    chosen = []
    for index in range(len(vectors)):
        if free[index]:
            chosen.append(index)
            squared = squares + squares[index] - 2 * (vectors @ vectors[index])
            free &= squared >= radius**2
    return np.asarray(chosen, dtype=int)
