"""Motion: pace, direction and stays in one stream of small grey pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.background import Background
from oddframe.detectors.own_cameras.fixed_camera.directions import (
    Directions,
    Wanderer,
    WayStream,
)
from oddframe.detectors.own_cameras.fixed_camera.movers import MoverStream
from oddframe.detectors.own_cameras.fixed_camera.pace import UsualPace
from oddframe.detectors.own_cameras.fixed_camera.staying import Stay, Staying


@dataclass(frozen=True)
class Habits:
    """How things move in normal footage.

    Attributes:
        background: the scene without them.
        pace: how fast they usually are.
        directions: which way they usually go.
    """

    background: Background
    pace: UsualPace
    directions: Directions


@dataclass(frozen=True)
class Motion:
    """What was measured in one picture.

    Attributes:
        pace: times the usual pace, float32 (rows, columns).
        wanderer: who goes the way that is rarest at its place.
        stay: the longest.
    """

    pace: np.ndarray
    wanderer: Wanderer
    stay: Stay


class MotionStream:
    """Measures one stream of small grey pictures.

    Args:
        habits: what is usual.
        grid: (rows, columns) of the pace.
        size: (width, height) of the pictures.
    """

    def __init__(self, habits: Habits, grid: tuple[int, int], size: tuple[int, int]) -> None:
        self._habits, self._grid = habits, grid
        self._movers = MoverStream(habits.background, size)
        self._staying = Staying()
        self._ways = WayStream(habits.directions)

    def update(self, grey: np.ndarray, elapsed: float | None) -> Motion:
        """Take the next picture.

        Args:
            grey: uint8 ``(height, width)``.
            elapsed: seconds since the one before; None where footage begins anew.
        """
        moving = self._movers.update(grey, elapsed)
        if elapsed is None:
            self._staying.reset()
        pace = self._habits.pace.cells(moving, self._grid)
        return Motion(pace, self._ways.update(moving), self._staying.update(moving, elapsed))
