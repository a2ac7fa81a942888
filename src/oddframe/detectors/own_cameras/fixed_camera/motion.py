"""Motion: pace, direction and stays in one stream of small grey pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.background import Background
from oddframe.detectors.own_cameras.fixed_camera.directions import Directions
from oddframe.detectors.own_cameras.fixed_camera.movers import Mover, MoverStream, Moving
from oddframe.detectors.own_cameras.fixed_camera.pace import UsualPace
from oddframe.detectors.own_cameras.fixed_camera.staying import Stay, Staying

_CARRIED_SECONDS = 2.0
"""What was odd about the way of a thing stays with it, and fades with this time constant."""
_CARRIED_QUANTILE = 0.8


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
        rarity: of the direction that is rarest here, see :meth:`Directions.rarity`.
        wanderer: who goes that way, if anybody does so now.
        stay: the longest.
    """

    pace: np.ndarray
    rarity: float
    wanderer: Mover | None
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
        self._rarities: np.ndarray | None = None

    def update(self, grey: np.ndarray, elapsed: float | None) -> Motion:
        """Take the next picture.

        Args:
            grey: uint8 ``(height, width)``.
            elapsed: seconds since the one before; None where footage begins anew.
        """
        moving = self._movers.update(grey, elapsed)
        if elapsed is None:
            self._staying.reset()
            self._rarities = None
        pace = self._habits.pace.cells(moving, self._grid)
        rarity, wanderer = self._rarest(moving)
        return Motion(pace, rarity, wanderer, self._staying.update(moving, elapsed))

    def _rarest(self, moving: Moving) -> tuple[float, Mover | None]:
        habits = self._habits
        if not moving.boxes:
            self._rarities = None
            return 0.0, None
        now = {
            index: habits.directions.rarity(mover, habits.pace)
            for index, mover in moving.movers.items()
        }
        if self._rarities is None and not any(now.values()):
            return 0.0, None
        before = self._carried(moving)
        after = np.zeros(moving.labels.shape, np.float32)
        rarest, wanderer = 0.0, None
        for index, (x, y, width, height) in enumerate(moving.boxes):
            part = np.s_[y // 2 : max(y + height, y + 2) // 2, x // 2 : max(x + width, x + 2) // 2]
            kept = before[part]
            rarity = max(now.get(index, 0.0), _quantile(kept))
            after[part] = np.maximum(after[part], np.maximum(kept, now.get(index, 0.0)))
            if rarity > rarest:
                rarest, wanderer = rarity, moving.movers.get(index)
        self._rarities = after if after.any() else None
        return rarest, wanderer

    def _carried(self, moving: Moving) -> np.ndarray:
        """Rarities of the picture before, moved along with the things and faded."""
        carried = np.zeros(moving.labels.shape, np.float32)
        velocity = moving.velocity
        if self._rarities is not None and velocity is not None:
            fade = np.float32(np.exp(-velocity.elapsed / _CARRIED_SECONDS))
            carried[velocity.part] = fade * velocity.carried(self._rarities)
        return carried


def _quantile(values: np.ndarray) -> float:
    return float(np.quantile(values, _CARRIED_QUANTILE)) if values.any() else 0.0
