"""A memory of normal patches: a bounded set that covers everything seen, per place.

Each place (a block of neighbouring patches) keeps representatives such that every normal patch
seen there lies within a radius of one of them (:class:`PlaceMemory`). Covering instead of sampling
matters twice: a rare normal thing is kept, and a common one takes one place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.place_memory import (
    UNKNOWN,
    PlaceMemory,
    probes_of,
)
from oddframe.errors import OddframeError
from oddframe.files.saved_state import SavedState

_LEARNERS = 2
_MOST_WAITING = 32
"""Pictures that wait to be learnt: some places take longer over one, to merge."""


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

    def knowing(self, cells: np.ndarray, patches: np.ndarray) -> NormalMemory:
        """A memory that knows more, and answers like this one else; it is not meant to learn more.

        Args:
            cells: flat number of the cell of each patch, ``(n,)``; it is known at its whole place.
            patches: whitened, ``(n, channels)``.
        """
        known = NormalMemory(self.grid, patches.shape[1], self.block, capacity=0)
        known._places = []
        for (own, vectors), place in zip(self.places(), self._places, strict=True):
            more = patches[np.isin(cells, own)].astype(np.float32)
            sources = np.append(place.sources[: place.count], np.full(len(more), UNKNOWN, np.int32))
            known._places.append(PlaceMemory.of(np.concatenate([vectors, more]), sources))
        return known

    def sources(self) -> np.ndarray:
        """Numbers of all pictures that representatives are from, rising."""
        return np.unique(np.concatenate([p.sources[: p.count] for p in self._places]))

    def distances(self, patches: np.ndarray, group: int | None = None) -> np.ndarray:
        """Distance of every patch to what is known at its place, float32 ``(rows, columns)``."""
        result = np.empty(self.grid, np.float32)
        probes, squares = probes_of(patches)
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
