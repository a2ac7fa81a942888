"""Staying: something was not there before, and does not go away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.boxes import (
    Box,
    around_highest,
    at_pixels,
    places_under,
)
from oddframe.detectors.own_cameras.fixed_camera.movers import Moving
from oddframe.errors import OddframeError
from oddframe.files.saved_state import SavedState

LEAST_SECONDS = 2.0
"""What stands for less does not stay."""
_SAME_LEVELS = 10
_HIDDEN_SECONDS = 0.6
"""Somebody may walk by in front of a thing that stays."""
ABSORBED_SECONDS = 600.0
"""What has stayed for so long belongs to the scene, until the stream ends."""
_CROWDED = 0.5
"""Share of the picture beyond which the light or the camera changed, and not the things."""
_FOLLOW = 0.1
_CORE = np.ones((2, 2), np.uint8)
GRID = (16, 24)
"""Rows and columns of the places that know how long things stayed there."""


@dataclass(frozen=True)
class Stay:
    """The longest stay in a picture.

    Attributes:
        seconds: how long; 0 where nothing stays.
        box: left, top, width, height of what stays, in pixels of the small picture.
    """

    seconds: float = 0.0
    box: Box = (0, 0, 0, 0)


class Staying:
    """How long the things of one stream have been where they are.

    Args:
        excused: seconds that they may be at each place, ``GRID``; None where nobody said so.
    """

    def __init__(self, excused: np.ndarray | None = None) -> None:
        self._excused, self._may = excused, np.zeros((0, 0), np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget earlier pictures."""
        self._levels: np.ndarray | None = None
        self._seconds = self._hidden = self._now = self._other = np.zeros(0, np.float32)
        self._absorbed: np.ndarray | None = None

    def update(self, moving: Moving, elapsed: float | None) -> Stay:
        """The longest stay after one more picture.

        Args:
            moving: what stands in front of the scene.
            elapsed: seconds since the picture before; None where footage begins anew.
        """
        standing = moving.standing > 0
        crowded = np.count_nonzero(standing) > _CROWDED * standing.size
        if self._levels is None or elapsed is None or crowded:
            self._levels = moving.levelled.astype(np.float32)
            self._seconds, self._hidden, self._now, self._other = (
                np.zeros_like(self._levels) for _ in range(4)
            )
            return Stay()
        # Large new arrays for each picture would take longer than what is done with them.
        levels, other = self._now, self._other
        np.copyto(levels, moving.levelled)
        if self._absorbed is not None:
            standing &= cv2.absdiff(levels, self._absorbed, other) >= _SAME_LEVELS
        same = standing & (cv2.absdiff(levels, self._levels, other) < _SAME_LEVELS)
        since = np.float32(elapsed)
        self._hidden += since
        self._hidden[same] = 0
        self._seconds += np.multiply(same, since, out=other)
        cv2.accumulateWeighted(levels, self._levels, _FOLLOW, same.view(np.uint8))
        gone = self._hidden > _HIDDEN_SECONDS
        np.copyto(self._levels, levels, where=gone)
        self._seconds[gone] = 0
        self._hidden[gone] = 0
        self._absorb()
        return self._longest()

    def _absorb(self) -> None:
        old = self._seconds > ABSORBED_SECONDS
        if old.any():
            if self._absorbed is None:
                self._absorbed = np.full(self._seconds.shape, -1e3, np.float32)
            levels = self._levels
            self._absorbed[old] = 0 if levels is None else levels[old]
            self._seconds[old] = 0

    def _longest(self) -> Stay:
        core = cv2.erode(self._seconds, _CORE, self._other)
        if self._excused is not None:
            if self._may.shape != core.shape:
                self._may = at_pixels(self._excused, core.shape)
            core[core <= self._may] = 0
        longest = float(core.max())
        if longest < LEAST_SECONDS:
            return Stay(longest)
        _, (x, y, width, height) = around_highest(core)
        return Stay(longest, (2 * x, 2 * y, 2 * width, 2 * height))


@dataclass(frozen=True)
class LongestStays:
    """How long things stayed at each place in normal footage, in seconds, ``GRID``."""

    seconds: np.ndarray
    size: tuple[int, int]

    @classmethod
    def of(cls, stays: list[Stay], size: tuple[int, int]) -> LongestStays:
        """From the longest stays of normal pictures of a size (width, height)."""
        seconds = np.zeros(GRID, np.float32)
        for stay in stays:
            part = places_under(stay.box, size, GRID)
            seconds[part] = np.maximum(seconds[part], stay.seconds)
        return cls(seconds, size)

    def at(self, box: Box) -> float:
        """The longest stay around a box."""
        return float(self.seconds[places_under(box, self.size, GRID)].max(initial=0.0))

    def sentence(self, stay: Stay) -> str:
        """What is odd about a stay, for a person."""
        usual, has = self.at(stay.box), f"has stayed {stay.seconds:.0f} s"
        if usual < LEAST_SECONDS:
            return f"{has}; nothing stayed here in the normal footage"
        if usual >= stay.seconds:  # it is rare over the whole picture
            return f"{has}; hardly anything in the normal footage did, here or elsewhere"
        return f"{has}; nothing in the normal footage stayed here longer than {usual:.0f} s"

    def state(self) -> dict[str, Any]:
        """Arrays."""
        return {"seconds": self.seconds}

    @classmethod
    def from_state(cls, saved: SavedState, size: tuple[int, int]) -> LongestStays:
        """The stays that gave :meth:`state`.

        Raises:
            OddframeError: a value that is missing, or that no such stays have.
        """
        seconds = saved.array("seconds", np.floating, GRID)
        if (seconds < 0).any():
            raise OddframeError("'stays': expected seconds of at least 0")
        return cls(seconds, size)
