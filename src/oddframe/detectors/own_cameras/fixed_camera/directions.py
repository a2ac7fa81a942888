"""Direction at its place: how rarely anything goes this way here.

Judged at every pixel of what moves, not thing by thing: in a crowd things hide each other and are
one thing, and somebody who crosses it is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from oddframe.calibration.surprise import trust
from oddframe.detectors.own_cameras.fixed_camera.body_mean import BodyMean
from oddframe.detectors.own_cameras.fixed_camera.movers import Moving
from oddframe.detectors.own_cameras.fixed_camera.traces import Traced
from oddframe.detectors.own_cameras.fixed_camera.ways import BINS, GRID, NO_WAY, Ways
from oddframe.errors import OddframeError
from oddframe.files.saved_state import SavedState

_SPREAD = 1.2
"""A place learns from others around it, by a Gaussian of so many places."""
_PRIOR = 0.2
"""Weight of what is usual everywhere, in shares of what a place has on average."""
_LEAST_SHARE = 1e-4
_WAYS = ("right", "down", "left", "up")


@dataclass(frozen=True)
class Wanderer(Traced):
    """Who goes the rarest way.

    Its value is ``-log10`` of the share that goes this way here, beside an even one, averaged over
    a body and its last second; 0 if usual, or where nobody goes.

    Attributes:
        place: row and column of :data:`GRID`.
        way: its direction, or :data:`NO_WAY`.
    """

    place: tuple[int, int] = (0, 0)
    way: int = NO_WAY


@dataclass(frozen=True)
class Directions:
    """Which way things go, by place.

    Attributes:
        shares: of what moves at a place, the share that goes each way, smoothed over neighbouring
            ways; ``(rows, columns, ways)``.
    """

    shares: np.ndarray

    @classmethod
    def of_counts(cls, counts: np.ndarray) -> Directions:
        """From how much went where, ``(rows, columns, ways)``."""
        spread = cv2.GaussianBlur(counts.astype(np.float64), (0, 0), _SPREAD)
        spread = 0.5 * spread + 0.25 * np.roll(spread, 1, 2) + 0.25 * np.roll(spread, -1, 2)
        everywhere = spread.sum(axis=(0, 1))
        total = everywhere.sum()
        if total <= 0:  # nothing moves in the footage: no way is rarer than another
            return cls(np.full((*GRID, BINS), 1 / BINS))
        at_place = spread.sum(axis=2, keepdims=True)
        prior = _PRIOR * at_place.mean()
        return cls((spread + prior * everywhere / total) / (at_place + prior))

    def rarities(self) -> np.ndarray:
        """``-log10`` of each share beside an even one, 0 if usual; float32 likewise."""
        beside = np.maximum(self.shares * BINS, _LEAST_SHARE)
        return np.maximum(0, -np.log10(beside)).astype(np.float32)

    def trust(self) -> float:
        """How far a rare way may be believed here, 0 to 1, from normal footage alone.

        The fault is that everything goes crosswise. On a street that shows at once; in a room
        where people turn anywhere it is no rarer than what they do.
        """
        rarities = self.rarities()
        crosswise = [np.roll(rarities, turn, axis=2) for turn in (BINS // 4, -BINS // 4)]
        return trust(rarities, np.stack(crosswise), self.shares)

    def sentence(self, wanderer: Wanderer) -> str:
        """What is odd about the way of somebody, for a person."""
        if wanderer.way == NO_WAY:  # it went an odd way before, and stands now
            return "moved in a direction that is rare here"
        # Each of the four words stands for the four bins around it.
        ways = np.roll(self.shares[wanderer.place], BINS // 8).reshape(4, -1).sum(axis=1)
        main = int(ways.argmax())
        goes = (wanderer.way + BINS // 8) // (BINS // 4) % 4
        if ways[main] > 0.6 and main != goes:
            return f"moves {_WAYS[goes]}, where nearly everything moves {_WAYS[main]}"
        return f"moves {_WAYS[goes]}, where hardly anything does"

    def state(self) -> dict[str, Any]:
        """Arrays."""
        return {"shares": self.shares.astype(np.float32)}

    @classmethod
    def from_state(cls, saved: SavedState) -> Directions:
        """The directions that gave :meth:`state`.

        Raises:
            OddframeError: a value that is missing, or that no such directions have.
        """
        shares = saved.array("shares", np.floating, (*GRID, BINS))
        if (shares < 0).any() or (shares > 1).any():
            raise OddframeError("'directions': expected shares of 0 to 1")
        return cls(shares.astype(np.float64))


class WayStream:
    """Finds who goes a rare way in one stream.

    Args:
        directions: what is usual.
    """

    def __init__(self, directions: Directions) -> None:
        self._rarities = directions.rarities().ravel()
        self._bodies = BodyMean()

    def update(self, moving: Moving, going: Ways) -> Wanderer:
        """The rarest way after one more picture.

        Args:
            moving: what moves.
            going: which way.
        """
        now = self._rarities[going.places * BINS + going.ways]
        body = self._bodies.update(moving, going, now)
        if body is None:
            return Wanderer()
        place, way = going.place_at(*body.pixel), going.way_at(*body.pixel)
        return Wanderer(body.value, body.box, body.velocity, place=place, way=way)
