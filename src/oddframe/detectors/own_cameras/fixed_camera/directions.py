"""Direction at its place: how rarely anything goes this way here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.boxes import Box
from oddframe.detectors.own_cameras.fixed_camera.movers import Mover
from oddframe.detectors.own_cameras.fixed_camera.pace import UsualPace
from oddframe.errors import OddframeError
from oddframe.files.saved_state import SavedState

GRID = (16, 24)
"""Rows and columns of places."""
BINS = 16
"""Directions; 0 is to the right, then down, left and up."""
_SPREAD = 2.4
"""A place learns from others around it, by a Gaussian of so many places."""
_LEAST_PACE = 0.33
"""Times the usual pace below which a thing has no direction."""
_LEAST_COVER = 0.4
_EDGE = 2
_PRIOR = 0.2
"""Weight of what is usual everywhere, in shares of what a place has on average."""
_LEAST_SHARE = 1e-4
_WAYS = ("right", "down", "left", "up")


@dataclass(frozen=True)
class Directions:
    """Which way things go, by place.

    Attributes:
        shares: of the things at a place, the share that goes each way, smoothed over neighbouring
            ways; ``(rows, columns, ways)``.
        size: (width, height) of the small picture.
    """

    shares: np.ndarray
    size: tuple[int, int]

    @classmethod
    def of_counts(cls, counts: np.ndarray, size: tuple[int, int]) -> Directions:
        """From how many went where, ``(rows, columns, ways)``."""
        spread = cv2.GaussianBlur(counts.astype(np.float64), (0, 0), _SPREAD)
        spread = 0.5 * spread + 0.25 * np.roll(spread, 1, 2) + 0.25 * np.roll(spread, -1, 2)
        everywhere = spread.sum(axis=(0, 1))
        total = everywhere.sum()
        if total <= 0:  # nothing moves in the footage: no way is rarer than another
            return cls(np.full((*GRID, BINS), 1 / BINS), size)
        at_place = spread.sum(axis=2, keepdims=True)
        prior = _PRIOR * at_place.mean()
        return cls((spread + prior * everywhere / total) / (at_place + prior), size)

    def rarity(self, mover: Mover, pace: UsualPace) -> float:
        """``-log10`` of the share that goes this way here, beside an even one; 0 if usual."""
        place = place_and_way(mover, pace, self.size)
        if place is None:
            return 0.0
        return max(0.0, -float(np.log10(max(self.shares[place] * BINS, _LEAST_SHARE))))

    def sentence(self, mover: Mover, pace: UsualPace) -> str:
        """What is odd about the way of a thing, for a person."""
        place = place_and_way(mover, pace, self.size)
        if place is None:  # it went an odd way before, and is about to leave the picture or stands
            return "moved in a direction that is rare here"
        row, column, way = place
        # Each of the four words stands for the four bins around it.
        ways = np.roll(self.shares[row, column], BINS // 8).reshape(4, -1).sum(axis=1)
        main = int(ways.argmax())
        goes = (way + BINS // 8) // (BINS // 4) % 4
        if ways[main] > 0.6 and main != goes:
            return f"moves {_WAYS[goes]}, where nearly everything moves {_WAYS[main]}"
        return f"moves {_WAYS[goes]}, where hardly anything does"

    def state(self) -> dict[str, Any]:
        """Arrays."""
        return {"shares": self.shares.astype(np.float32)}

    @classmethod
    def from_state(cls, saved: SavedState, size: tuple[int, int]) -> Directions:
        """The directions that gave :meth:`state`.

        Raises:
            OddframeError: a value that is missing, or that no such directions have.
        """
        shares = saved.array("shares", np.floating, (*GRID, BINS))
        if (shares < 0).any() or (shares > 1).any():
            raise OddframeError("'directions': expected shares of 0 to 1")
        return cls(shares.astype(np.float64), size)


def count_ways(movers: Iterable[Mover], pace: UsualPace, size: tuple[int, int]) -> np.ndarray:
    """How many things went each way at each place, ``(rows, columns, ways)``."""
    counts = np.zeros((*GRID, BINS), np.float32)
    for mover in movers:
        place = place_and_way(mover, pace, size)
        if place is not None:
            counts[place] += 1
    return counts


def place_and_way(
    mover: Mover, pace: UsualPace, size: tuple[int, int]
) -> tuple[int, int, int] | None:
    """Row, column and direction of a thing; None if it hardly moves or is hardly seen."""
    if _at_the_edge(mover.box, size):
        return None
    if mover.speed < _LEAST_PACE * pace.at(mover.foot) or mover.cover < _LEAST_COVER:
        return None
    rows, columns = GRID
    x, _, width, _ = mover.box
    row = min(rows - 1, int((mover.foot - 1) / size[1] * rows))
    column = min(columns - 1, int((x + width / 2) / size[0] * columns))
    turn = np.arctan2(mover.velocity[1], mover.velocity[0]) / (2 * np.pi)
    return row, column, int(np.floor(turn % 1 * BINS)) % BINS


def _at_the_edge(box: Box, size: tuple[int, int]) -> bool:
    """Whether a part of the thing may be outside: what comes in or grows there goes nowhere yet."""
    x, y, width, height = box
    return min(x, y) < _EDGE or x + width > size[0] - _EDGE or y + height > size[1] - _EDGE
