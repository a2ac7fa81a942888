"""What a person called normal of how things move and stay, by place: so much of it is not odd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.boxes import at_pixels
from oddframe.detectors.own_cameras.fixed_camera.movers import Moving
from oddframe.detectors.own_cameras.fixed_camera.staying import GRID
from oddframe.files.saved_state import SavedState

_USUAL = 1.0
"""Times the usual pace: what is excused is as fast as others."""


@dataclass(frozen=True)
class Excused:
    """How fast things may be, and how long they may stay, at each place.

    Attributes:
        paces: times the usual pace up to which none is odd, 0 where nothing was taught; float32
            ``(rows, columns)`` of cells.
        stays: seconds likewise, float32, on the grid of places of stays.
    """

    paces: np.ndarray
    stays: np.ndarray

    def calmed(self, field: np.ndarray, moving: Moving) -> np.ndarray:
        """The pace of every pixel of the part with flow, with that which is excused as usual.

        It is done before the fastest thing is looked for: only that one is followed, and what is
        excused must not hide what is odd.

        Args:
            field: times the usual pace, float32, of the part.
            moving: what moves.
        """
        if moving.velocity is None or not field.size:
            return field
        at = at_pixels(self.paces, moving.labels.shape)[moving.velocity.part]
        return np.where(field <= at, np.minimum(field, np.float32(_USUAL)), field)

    def state(self) -> dict[str, Any]:
        """Arrays."""
        return {"paces": self.paces, "stays": self.stays}

    @classmethod
    def from_state(cls, saved: SavedState, grid: tuple[int, int]) -> Excused:
        """What gave :meth:`state`.

        Args:
            saved: that.
            grid: (rows, columns) of cells.

        Raises:
            OddframeError: a value that is missing, or of another shape.
        """
        paces = saved.array("paces", np.floating, grid)
        return cls(paces, saved.array("stays", np.floating, GRID))
