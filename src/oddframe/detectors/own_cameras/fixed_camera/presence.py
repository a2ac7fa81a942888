"""Presence: something moves where nothing does, whatever it is and wherever it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.body_mean import BodyMean
from oddframe.detectors.own_cameras.fixed_camera.boxes import places_under
from oddframe.detectors.own_cameras.fixed_camera.movers import Moving
from oddframe.detectors.own_cameras.fixed_camera.traces import Traced
from oddframe.detectors.own_cameras.fixed_camera.ways import GRID, Ways
from oddframe.errors import OddframeError
from oddframe.files.saved_state import SavedState

_SPREAD = 0.7
"""What was seen at a place says something of those beside it: a Gaussian of so many places."""
_USED = 1.0
"""``-log10`` of the traffic of a place that is used, beside the mean: a tenth is no rarity."""
USED_SHARE = 0.1
"""That tenth."""
_LEAST = 1e-4
_NEVER = 1e-3
"""Less is what the Gaussian leaves of other places."""


@dataclass(frozen=True)
class Traffic:
    """How much moves at each place, beside the mean of all places.

    Attributes:
        beside: ``(rows, columns)``, 0 or more; 0 everywhere where nothing moved at all.
    """

    beside: np.ndarray

    @classmethod
    def of_counts(cls, counts: np.ndarray) -> Traffic:
        """From how much moved where and which way, ``(rows, columns, ways)``."""
        spread = cv2.GaussianBlur(counts.sum(axis=2).astype(np.float64), (0, 0), _SPREAD)
        mean = spread.mean()
        return cls(spread / mean if mean > 0 else spread)

    def rarities(self) -> np.ndarray:
        """How rare it is that something moves at each place, 0 where it is used; float32."""
        rarity = -np.log10(np.maximum(self.beside, _LEAST))
        return np.maximum(0, rarity - _USED).astype(np.float32)

    def sentence(self, stray: Traced, size: tuple[int, int]) -> str:
        """What is odd about where something moves, or did, for a person.

        Args:
            stray: it.
            size: (width, height) of the small picture.
        """
        x, y, width, height = stray.oddest
        middle = places_under((x + width // 2, y + height // 2, 1, 1), size, GRID)
        if self.beside[middle].max(initial=0.0) < _NEVER:
            return f"{stray.moves} where nothing moved in the normal footage"
        return f"{stray.moves} where hardly anything does"

    def state(self) -> dict[str, Any]:
        """Arrays."""
        return {"beside": self.beside.astype(np.float32)}

    @classmethod
    def from_state(cls, saved: SavedState) -> Traffic:
        """The traffic that gave :meth:`state`.

        Raises:
            OddframeError: a value that is missing, or that no traffic has.
        """
        beside = saved.array("beside", np.floating, GRID)
        if (beside < 0).any():
            raise OddframeError("'traffic': expected shares of at least 0")
        return cls(beside.astype(np.float64))


class PresenceStream:
    """Finds what moves where nothing does, in one stream.

    Args:
        traffic: what is usual.
    """

    def __init__(self, traffic: Traffic) -> None:
        self._rarities = traffic.rarities().ravel()
        self._bodies = BodyMean()

    def update(self, moving: Moving, going: Ways) -> Traced:
        """The body at the rarest place after one more picture.

        Args:
            moving: what moves.
            going: where.
        """
        now = self._rarities[going.places]
        return self._bodies.update(moving, going, now) or Traced()
