"""Ways: where the pixels of what moves are, on a grid of places, and which way they go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.movers import Moving
from oddframe.detectors.own_cameras.fixed_camera.velocity import MEMORY_SECONDS

GRID = (16, 24)
"""Rows and columns of places."""
BINS = 16
"""Directions; 0 is to the right, then down, left and up."""
NO_WAY = -1
"""What stands, or is hardly seen."""
_LEAST_SPEED = 3 / MEMORY_SECONDS
"""Pixels a second below which nothing has a direction: what moved less than three pixels in the
time over which velocities are averaged may as well sway."""
_LEAST_COVER = 0.3


@dataclass(frozen=True)
class Ways:
    """Which way those pixels of the part with flow go that go anywhere.

    Attributes:
        rows, columns: of :data:`GRID`, of each row and column of the part; none in the first
            picture.
        pixels: number of each of these pixels within the part, rising, ``(n,)``.
        places: the number of its place, likewise.
        ways: its way, likewise.
    """

    rows: np.ndarray
    columns: np.ndarray
    pixels: np.ndarray
    places: np.ndarray
    ways: np.ndarray

    @classmethod
    def of(cls, moving: Moving) -> Ways:
        """Those of what moves."""
        velocity = moving.velocity
        if velocity is None:
            return cls(*(np.zeros(0, np.intp) for _ in range(5)))
        rows, columns = (
            np.arange(part.start, part.stop) * places // size
            for part, places, size in zip(velocity.part, GRID, moving.labels.shape, strict=True)
        )
        # Few pixels of the part are of things.
        pixels = np.flatnonzero(moving.labels[velocity.part] > 0)
        at = row, column = np.divmod(pixels, max(1, columns.size))
        right, down, cover = velocity.sums[velocity.part][at].T
        least = _LEAST_SPEED * cover
        going = cover > _LEAST_COVER
        going &= right * right + down * down > least * least
        # And it goes on: what came up at once has a flow that means nothing, which lingers.
        step_right, step_down = velocity.steps(row, column)
        going &= right * step_right + down * step_down > 0
        turn = np.arctan2(down[going], right[going]) / (2 * np.pi)
        ways = np.floor(turn % 1 * BINS).astype(np.intp) % BINS
        places = rows[row[going]] * GRID[1] + columns[column[going]]
        return cls(rows, columns, pixels[going], places, ways)

    def field(self, values: np.ndarray) -> np.ndarray:
        """Values ``(n,)`` of these pixels over the part, 0 elsewhere, float32."""
        field = np.zeros((self.rows.size, self.columns.size), np.float32)
        field.ravel()[self.pixels] = values
        return field

    def place_at(self, row: int, column: int) -> tuple[int, int]:
        """Row and column of :data:`GRID` of a pixel of the part."""
        return int(self.rows[row]), int(self.columns[column])

    def way_at(self, row: int, column: int) -> int:
        """The way of a pixel of the part, or :data:`NO_WAY`."""
        found = self.ways[self.pixels == row * self.columns.size + column]
        return int(found[0]) if found.size else NO_WAY


def count_ways(moving: Moving) -> np.ndarray:
    """How many pixels of what moves go each way at each place, ``(rows, columns, ways)``."""
    found, size = Ways.of(moving), GRID[0] * GRID[1] * BINS
    numbers = found.places * BINS + found.ways
    return np.bincount(numbers, minlength=size).astype(np.float32).reshape(*GRID, BINS)
