"""Pace at its place: how fast a thing is, beside how fast things usually are where it stands.

Far away everything is slow in pixels. What tells how far away a thing is, is the row of its foot,
not its own row: the head of somebody near is as high in the picture as the feet of somebody far.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.movers import Mover, Moving
from oddframe.detectors.own_cameras.fixed_camera.traces import Traced, oddest_of
from oddframe.errors import OddframeError
from oddframe.files.saved_state import SavedState

_BANDS = 8
_USUAL_SHARE = 0.7
"""Quantile of the speeds that is usual: many of those that are slower stand, or turn."""
_LEAST_IN_BAND = 20
_LEAST_SPEED = 2.0
"""Pixels a second below which a thing stands."""
_SMOOTH = (0.25, 0.5, 0.25)


def cells_of(field: np.ndarray, moving: Moving, grid: tuple[int, int]) -> np.ndarray:
    """The fastest pace in each cell, float32 ``grid`` (rows, columns).

    Args:
        field: of every pixel of the part with flow (:meth:`UsualPace.field`).
        moving: what moves.
        grid: rows and columns.
    """
    if moving.velocity is None or not field.size:
        return np.zeros(grid, np.float32)
    pace = np.zeros(moving.labels.shape, np.float32)
    pace[moving.velocity.part] = field
    # The maximum in each cell: a mean would lose small things between cells.
    rows, columns = grid
    kernel = np.ones((max(1, pace.shape[0] // rows), max(1, pace.shape[1] // columns)), np.uint8)
    cv2.dilate(pace, kernel, pace)
    return cv2.resize(pace, (columns, rows), interpolation=cv2.INTER_LINEAR)


def fastest_of(field: np.ndarray, moving: Moving) -> Traced:
    """The fastest thing of a picture, and its pace."""
    if moving.velocity is None or not field.size:
        return Traced()
    return oddest_of(field, moving.velocity)


def _usual_in_bands(feet: np.ndarray, speeds: np.ndarray, bands: int) -> dict[float, float]:
    """The usual speed in each band of rows that has enough things, by their mean row."""
    edges = np.quantile(feet, np.linspace(0, 1, bands + 1))
    found = {}
    for low, high in pairwise(edges.tolist()):
        band = (feet >= low) & (feet <= high)
        if band.sum() >= _LEAST_IN_BAND:
            found[float(feet[band].mean())] = float(np.quantile(speeds[band], _USUAL_SHARE))
    return found


@dataclass(frozen=True)
class UsualPace:
    """The usual speed of things by the row of their foot.

    Attributes:
        rows: rising, in pixels of the small picture; at least one.
        speeds: pixels a second at these rows, above 0.
    """

    rows: np.ndarray
    speeds: np.ndarray

    @classmethod
    def fit(cls, movers: Iterable[Mover], width: int) -> UsualPace:
        """From the things of normal footage.

        Args:
            movers: these.
            width: of the small picture; where hardly anything moves, a fifth of it a second is
                usual, about what a person who walks by would be.
        """
        seen = [(m.foot, m.speed) for m in movers if m.speed > _LEAST_SPEED]
        if len(seen) < _LEAST_IN_BAND:
            return cls(np.zeros(1), np.full(1, width / 5))
        feet, speeds = np.array(seen, dtype=np.float64).T
        found = _usual_in_bands(feet, speeds, _BANDS)
        if not found:  # too few for each of so many
            found = _usual_in_bands(feet, speeds, len(seen) // _LEAST_IN_BAND)
        rows = np.array(sorted(found))
        usual = np.array([found[row] for row in rows])
        return cls(rows, np.convolve(np.pad(usual, 1, mode="edge"), _SMOOTH, "valid"))

    def at(self, feet: Sequence[float]) -> np.ndarray:
        """Usual speeds at some rows, in pixels a second."""
        return np.interp(feet, self.rows, self.speeds)

    def field(self, moving: Moving) -> np.ndarray:
        """The pace of every pixel of the part with flow, 1 for the usual one, float32."""
        if moving.velocity is None or not moving.boxes:
            return np.zeros((0, 0), np.float32)
        usual = self.at([y + height for _, y, _, height in moving.boxes])
        paces = np.zeros(len(usual) + 1, np.float32)
        paces[1:] = 1 / usual.astype(np.float32)
        return moving.velocity.speeds() * paces[moving.labels[moving.velocity.part]]

    def state(self) -> dict[str, Any]:
        """Arrays."""
        return {"rows": self.rows, "speeds": self.speeds}

    @classmethod
    def from_state(cls, saved: SavedState) -> UsualPace:
        """The pace that gave :meth:`state`.

        Raises:
            OddframeError: a value that is missing, or that no such pace has.
        """
        rows = saved.array("rows", np.floating, (None,))
        speeds = saved.array("speeds", np.floating, rows.shape)
        if not rows.size or (np.diff(rows) <= 0).any() or (speeds <= 0).any():
            raise OddframeError("'pace': expected rising rows and speeds above 0")
        return cls(rows, speeds)
