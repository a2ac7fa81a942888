"""Traces: where the oddest thing of a picture came from, and where it goes on.

A thing is odd as a whole: who is fast here for a moment between two others, or before its speed is
well known, is as odd before and after. It is followed straight on at its velocity, for as long as
something stands in front of the scene where it should be: flow loses small fast things.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import cv2
import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.boxes import Box, around_highest
from oddframe.detectors.own_cameras.fixed_camera.velocity import Velocity

_GRID = (24, 16)
"""Columns and rows of the places at which something stands, or nothing does."""
_LEAST_STANDING = 0.08
"""Share of a place that is covered where something stands."""
_AROUND = np.ones((3, 3), np.uint8)
"""A thing is where it should be, or beside that."""
_NOW_SECONDS = 1.0
_LONGEST_SECONDS = 8.0
"""What was seen so long ago is another matter."""


@dataclass(frozen=True)
class Traced:
    """The oddest thing, now or lately, that is still in view.

    Attributes:
        value: how odd it was at its oddest; 0 where nothing is.
        box: left, top, width, height of it now, in pixels of the small picture.
        velocity: in these pixels a second, right and down.
        seconds: for how long it has been in view.
        oddest: its box when it was oddest.
        ago: how many seconds ago that was.
    """

    value: float = 0.0
    box: Box = (0, 0, 0, 0)
    velocity: tuple[float, float] = (0.0, 0.0)
    seconds: float = 0.0
    oddest: Box = (0, 0, 0, 0)
    ago: float = 0.0

    @property
    def moves(self) -> str:
        """What it does, or did, for a person."""
        return "moves" if self.ago < _NOW_SECONDS else "moved a moment ago"


T = TypeVar("T", bound=Traced)


@dataclass(frozen=True)
class Oddest(Traced):
    """The oddest thing of one picture.

    Attributes:
        pixel: row and column of its oddest pixel, in the part with flow.
    """

    pixel: tuple[int, int] = (0, 0)


def oddest_of(field: np.ndarray, velocity: Velocity) -> Oddest:
    """What is around the highest value of a field over the part with flow."""
    pixel, (x, y, width, height) = around_highest(field)
    rows, columns = velocity.part
    box = (2 * (columns.start + x), 2 * (rows.start + y), 2 * width, 2 * height)
    return Oddest(float(field[pixel]), box, velocity.around(*pixel), pixel=pixel)


class Views:
    """Where something stood in the last seconds of one stream.

    Args:
        size: (width, height) of the small pictures.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self.reset()

    def reset(self) -> None:
        """Forget earlier pictures."""
        self._views: deque[tuple[np.ndarray, float]] = deque()
        self.seconds = 0.0

    def add(self, standing: np.ndarray, elapsed: float) -> None:
        """Take the next picture.

        Args:
            standing: uint8, 1 where something stands.
            elapsed: seconds since the one before.
        """
        self.seconds += elapsed
        share = cv2.resize(standing.astype(np.float32), _GRID, interpolation=cv2.INTER_AREA)
        places = cv2.dilate((share > _LEAST_STANDING).astype(np.uint8), _AROUND)
        self._views.append((places, self.seconds))
        while self.seconds - self._views[0][1] > _LONGEST_SECONDS:
            self._views.popleft()

    def stands(self, box: tuple[float, float, int, int]) -> bool:
        """Whether something stands now at the middle of a box."""
        return self._stood(self._views[-1][0], box[0] + box[2] / 2, box[1] + box[3] / 2)

    def seconds_of(self, box: Box, velocity: tuple[float, float]) -> float:
        """For how long something has been coming that is at a box now, at a velocity."""
        x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
        long = 0.0
        for places, seconds in reversed(self._views):
            ago = self.seconds - seconds
            if not self._stood(places, x - velocity[0] * ago, y - velocity[1] * ago):
                break
            long = ago
        return long

    def _stood(self, places: np.ndarray, x: float, y: float) -> bool:
        width, height = self._size
        if not (0 <= x < width and 0 <= y < height):
            return False
        return bool(places[int(y * _GRID[1] / height), int(x * _GRID[0] / width)])


class Trace(Generic[T]):
    """Follows the oddest thing of one cue in one stream.

    Args:
        views: where something stands.
        nothing: what is said where there is none.
    """

    def __init__(self, views: Views, nothing: T) -> None:
        self._views, self._nothing = views, nothing
        self.reset()

    def reset(self) -> None:
        """Forget what was followed."""
        self._odd, self._since, self._seen = self._nothing, 0.0, 0.0

    def update(self, now: T) -> T:
        """The oddest thing that is in view.

        Args:
            now: the oddest of this picture; its seconds are found here.
        """
        views = self._views
        if self._odd.value and not self._is_there():
            self._odd = self._nothing
        if now.value and now.value >= self._odd.value:
            self._odd, self._seen = replace(now, oddest=now.box), views.seconds
            self._since = views.seconds - views.seconds_of(now.box, now.velocity)
        if not self._odd.value:
            return self._odd
        x, y, width, height = self._box()
        box = (round(x), round(y), width, height)
        ago = views.seconds - self._seen
        return replace(self._odd, box=box, seconds=views.seconds - self._since, ago=ago)

    def _box(self) -> tuple[float, float, int, int]:
        """Where the thing is now, straight on from where it was oddest."""
        ago, (right, down) = self._views.seconds - self._seen, self._odd.velocity
        x, y, width, height = self._odd.oddest
        return x + right * ago, y + down * ago, width, height

    def _is_there(self) -> bool:
        ago = self._views.seconds - self._seen
        return ago <= _LONGEST_SECONDS and self._views.stands(self._box())
