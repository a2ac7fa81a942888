"""A memory of normal patches: a bounded set that covers everything seen, per place.

Each place (a block of neighbouring patches) keeps representatives such that every normal patch
seen there lies within a radius of one of them. It is the doubling algorithm for incremental
k-centre clustering (Charikar, Chekuri, Feder, Motwani, STOC 1997), with a smaller factor. Covering
instead of sampling matters twice: a rare normal thing is kept, and a common one takes one place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.saved_state import SavedState

SHARED = -1
"""Owner of a representative that more than one group of footage has shown."""
UNKNOWN = -1
"""Source of a representative of which nobody knows which picture it is from."""
_FIRST_RADIUS = 5.0
_GROWTH = 1.2
_FILL_AFTER_MERGE = 0.7
_LEARNERS = 2
_MOST_WAITING = 32
"""Pictures that wait to be learnt: some places take longer over one, to merge."""


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
            chosen = _cover(vectors, self.radius)
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
            chosen = _cover(vectors, self.radius)
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
        return np.sqrt(np.maximum(self.nearest(*_probes(vectors), group), 0))

    def nearest(
        self, probes: np.ndarray, squares: np.ndarray, group: int | None = None
    ) -> np.ndarray:
        """As :meth:`distances`, but squared and perhaps a little below 0, from :func:`_probes`."""
        # The probe's own square is added to the smallest, not to all: that halves the time.
        parts = probes @ self._table[:, : self.count]
        if group is not None:
            parts[:, self.owners[: self.count] == group] = np.inf
        return parts.min(axis=1, initial=np.inf) + squares

    def source(self, vector: np.ndarray) -> int:
        """Number of the picture that the representative nearest to a vector is from."""
        return int(self.sources[int(self._squared_distances(vector[None])[0].argmin())])

    def _squared_distances(self, vectors: np.ndarray) -> np.ndarray:
        probes, squares = _probes(vectors)
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


def _probes(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What vectors ``(..., channels)`` are multiplied by a table with, and their squares ``(...)``.

    A column of a table is a representative and its square, so one product gives a squared distance
    but for the square of the probe.
    """
    probes = np.empty((*vectors.shape[:-1], vectors.shape[-1] + 1), np.float32)
    np.multiply(vectors, -2, out=probes[..., :-1])
    probes[..., -1] = 1
    return probes, np.einsum("...i,...i->...", vectors, vectors)


class NormalMemory:
    """One :class:`PlaceMemory` for each block of ``block x block`` patches of a grid.

    Args:
        grid: (rows, columns) of patches.
        channels: length of a patch vector.
        block: side of a block, in patches.
        capacity: representatives per block.
    """

    def __init__(
        self, grid: tuple[int, int], channels: int, block: int = 4, capacity: int = 1000
    ) -> None:
        self.grid = grid
        self.block = block
        rows, columns = grid
        self._slices = [
            (slice(y, min(y + block, rows)), slice(x, min(x + block, columns)))
            for y in range(0, rows, block)
            for x in range(0, columns, block)
        ]
        self._places = [PlaceMemory(channels, capacity) for _ in self._slices]

    def add(self, patches: np.ndarray, group: int, source: int = UNKNOWN) -> None:
        """Learn the patches ``(rows, columns, channels)`` of one frame of a group of footage.

        Args:
            patches: these.
            group: part of the footage.
            source: number of the picture.
        """
        self._add_some(slice(None), patches, group, source)

    def add_all(self, pictures: Iterable[tuple[np.ndarray, int, int]]) -> None:
        """As :meth:`add`, picture after picture, in two threads: places know nothing of others.

        Args:
            pictures: patches, group and source of each.
        """
        waiting: deque[list[Future[None]]] = deque()
        with ExitStack() as until_done:
            threads = [
                until_done.enter_context(ThreadPoolExecutor(max_workers=1))
                for _ in range(_LEARNERS)
            ]
            for picture in pictures:
                waiting.append(
                    [
                        thread.submit(self._add_some, slice(own, None, _LEARNERS), *picture)
                        for own, thread in enumerate(threads)
                    ]
                )
                while len(waiting) > _MOST_WAITING:
                    _wait(waiting.popleft())
            for one in waiting:
                _wait(one)

    def _add_some(self, own: slice, patches: np.ndarray, group: int, source: int) -> None:
        """:meth:`add` at some places."""
        for place, part in zip(self._places[own], self._slices[own], strict=True):
            place.add(patches[part].reshape(-1, patches.shape[-1]), group, source)

    def source(self, patch: np.ndarray, row: int, column: int) -> int:
        """Number of the picture that shows what is nearest to a patch ``(channels,)`` of a cell.

        :data:`UNKNOWN` where the memory was saved before it knew.
        """
        across = -(-self.grid[1] // self.block)
        return self._places[row // self.block * across + column // self.block].source(patch)

    def places(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Of each place the flat numbers of its cells, and its vectors ``(count, channels)``."""
        cells = np.arange(self.grid[0] * self.grid[1]).reshape(self.grid)
        both = zip(self._slices, self._places, strict=True)
        return [(cells[part].ravel(), place.vectors) for part, place in both]

    def sources(self) -> np.ndarray:
        """Numbers of all pictures that representatives are from, rising."""
        return np.unique(np.concatenate([p.sources[: p.count] for p in self._places]))

    def distances(self, patches: np.ndarray, group: int | None = None) -> np.ndarray:
        """Distance of every patch to what is known at its place, float32 ``(rows, columns)``."""
        result = np.empty(self.grid, np.float32)
        probes, squares = _probes(patches)
        for place, part in zip(self._places, self._slices, strict=True):
            block = probes[part]
            nearest = place.nearest(
                block.reshape(-1, block.shape[-1]), squares[part].ravel(), group
            )
            result[part] = nearest.reshape(block.shape[:2])
        return np.sqrt(np.maximum(result, 0, out=result), out=result)

    def state(self) -> dict[str, Any]:
        """Arrays and plain values; float16 halves the file and is exact enough for distances."""
        return {
            "grid": list(self.grid),
            "block": self.block,
            "counts": [place.count for place in self._places],
            "vectors": np.concatenate([place.vectors for place in self._places]).astype(np.float16),
            "sources": np.concatenate([place.sources[: place.count] for place in self._places]),
        }

    @classmethod
    def from_state(cls, saved: SavedState, grid: tuple[int, int], channels: int) -> NormalMemory:
        """A memory that answers like the saved one; it is not meant to learn more.

        Args:
            saved: what :meth:`state` gave.
            grid: rows and columns of cells that it must have.
            channels: length of its vectors.

        Raises:
            OddframeError: a value that is missing, or that no such memory has.
        """
        if tuple(saved.wholes("grid", 2, 1, max(grid))) != grid:
            raise OddframeError(f"'scene.memory.grid': expected {grid[0]} x {grid[1]} cells")
        memory = cls(grid, channels, saved.whole("block", 1, max(grid)), capacity=0)
        counts = saved.wholes("counts", len(memory._places), 1, 1 << 24)
        vectors = saved.array("vectors", np.floating, (sum(counts), channels))
        sources = np.full(sum(counts), UNKNOWN, np.int32)
        if "sources" in saved:
            sources = saved.array("sources", np.integer, (sum(counts),))
        ends = np.cumsum(counts)[:-1]
        memory._places = [
            PlaceMemory.of(part.astype(np.float32), own)
            for part, own in zip(np.split(vectors, ends), np.split(sources, ends), strict=True)
        ]
        return memory


def _wait(futures: Iterable[Future[None]]) -> None:
    for one in futures:
        one.result()


def _cover(vectors: np.ndarray, radius: float) -> np.ndarray:
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
