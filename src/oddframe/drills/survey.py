"""What normal footage showed of a scene: where things go, which way, how fast, how large."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

import cv2
import numpy as np

from oddframe.drills.perspective import Perspective

_PLACES = (4, 6)
"""Rows and columns in which the directions of movers are counted."""
_LEAST_AT_PLACE = 6
_NEAREST = 9
ALONG = 0.8
"""Mean share of a step that is along the axis of its place, from which across it is odd."""
ONE_SIDED = 0.85
"""Share of the motion that goes the usual way of its place, from which a direction says a thing."""


@dataclass(frozen=True)
class Seen:
    """A mover at one moment.

    Attributes:
        box: ``(x1, y1, x2, y2)`` as shares of the picture's width and height.
        velocity: widths of the picture per second, to the right and down.
    """

    box: tuple[float, float, float, float]
    velocity: tuple[float, float]


@dataclass(frozen=True)
class Activity:
    """How much moved when, in one video.

    Attributes:
        frames: number of each look's first frame, increasing.
        moving: share of the picture that moved.
        end: how many frames were surveyed.
    """

    frames: np.ndarray
    moving: np.ndarray
    end: int


@dataclass(frozen=True)
class Survey:
    """What was seen.

    Attributes:
        aspect: height of the picture over its width.
        used: share of the looks at which something moved in a cell, ``(rows, columns)``.
        movers: all that were seen.
        activity: video id to when something moved in it.
        seconds: length of what was surveyed.
    """

    aspect: float
    used: np.ndarray
    movers: tuple[Seen, ...]
    activity: dict[str, Activity]
    seconds: float

    @classmethod
    def together(cls, parts: Sequence[Survey]) -> Survey:
        """Several surveys of one scene as one; maps are of the first one's cells."""
        first = parts[0]
        seconds = sum(part.seconds for part in parts)
        used = np.zeros_like(first.used)
        for part in parts:
            same = cv2.resize(part.used, used.shape[::-1], interpolation=cv2.INTER_NEAREST)
            used += same * (part.seconds / seconds)
        movers = tuple(seen for part in parts for seen in part.movers)
        activity = {name: found for part in parts[::-1] for name, found in part.activity.items()}
        return cls(first.aspect, used, movers, activity, seconds)

    @property
    def moves(self) -> bool:
        """Whether anything was seen to move at all."""
        return bool(self.movers)

    def perspective(self, height: int) -> Perspective:
        """How high movers are in a picture of a height in pixels."""
        feet = np.array([seen.box[3] for seen in self.movers]) * height
        heights = np.array([seen.box[3] - seen.box[1] for seen in self.movers]) * height
        # What is cut off by the edge of the picture is no whole mover.
        whole = np.array(
            [min(seen.box[:2]) > 0.01 and max(seen.box[2:]) < 0.99 for seen in self.movers], bool
        )
        return Perspective.of(feet[whole], heights[whole], height)

    @cached_property
    def pace(self) -> float:
        """Usual speed of a mover in its own heights per second; 0.8 where none was seen."""
        ratios = [
            float(np.hypot(*seen.velocity)) / max((seen.box[3] - seen.box[1]) * self.aspect, 1e-3)
            for seen in self.movers
        ]
        return float(np.median(ratios)) if ratios else 0.8

    @cached_property
    def _ways(self) -> list[np.ndarray]:
        """By place, how far each mover goes along the axis of the motion there, -1 to 1.

        A place with few movers does not count.
        """
        places: dict[tuple[int, int], list[tuple[float, float]]] = {}
        for seen in self.movers:
            x, y = (seen.box[0] + seen.box[2]) / 2, (seen.box[1] + seen.box[3]) / 2
            key = int(min(y, 0.999) * _PLACES[0]), int(min(x, 0.999) * _PLACES[1])
            places.setdefault(key, []).append(seen.velocity)
        ways = []
        for velocities in places.values():
            if len(velocities) >= _LEAST_AT_PLACE:
                v = np.array(velocities)
                v /= np.maximum(np.hypot(v[:, 0], v[:, 1]), 1e-9)[:, None]
                _, _, axes = np.linalg.svd(v, full_matrices=False)
                ways.append(v @ axes[0])
        return ways

    @cached_property
    def one_sided(self) -> float | None:
        """Share of the motion that goes the usual way of its place; None if too little moves.

        One half where things go either way as often, 1 where all go the same way. The usual way of
        a place is along the mean axis of its motion.
        """
        of = sum(way.size for way in self._ways)
        ahead = sum(max((way > 0).sum(), (way <= 0).sum()) for way in self._ways)
        return float(ahead) / of if of else None

    @cached_property
    def along(self) -> float | None:
        """How far things go along the axis of their place, either way; None if too little moves.

        1 where all do, 0.64 where they go any way as often: the mean of ``abs(cos)``.
        """
        return float(np.abs(np.concatenate(self._ways)).mean()) if self._ways else None

    def way_at(self, x: float, y: float) -> tuple[float, float]:
        """The velocity of things near a place (shares of the picture), widths per second.

        Along the axis of the nearest few movers, the way that most of them go.
        """
        if not self.movers:
            return (1.0, 0.0)
        boxes, velocities = self._boxes_and_velocities
        far = (boxes[:, 0] + boxes[:, 2] - 2 * x) ** 2 + (boxes[:, 3] - y) ** 2 * 4
        near = velocities[np.argsort(far)[:_NEAREST]]
        speeds = np.maximum(np.hypot(near[:, 0], near[:, 1]), 1e-9)
        _, _, axes = np.linalg.svd(near / speeds[:, None], full_matrices=False)
        way = axes[0] * math.copysign(median(speeds.tolist()), (near @ axes[0]).sum())
        return float(way[0]), float(way[1])

    @cached_property
    def _boxes_and_velocities(self) -> tuple[np.ndarray, np.ndarray]:
        """Of all movers as arrays, ``(movers, 4)`` and ``(movers, 2)``; a path asks often."""
        boxes = np.array([seen.box for seen in self.movers])
        return boxes, np.array([seen.velocity for seen in self.movers])

    @cached_property
    def _used_before(self) -> np.ndarray:
        """How many cells above and left of each were ever used, ``(rows + 1, columns + 1)``."""
        return cv2.integral((self.used > 0).astype(np.uint8))

    def share_used(self, box: tuple[float, float, float, float]) -> float:
        """Share of the cells of a box (shares of the picture) where anything ever moved."""
        rows, columns = self.used.shape
        x1, y1, x2, y2 = (min(max(edge, 0.0), 1.0) for edge in box)
        top, left = min(int(y1 * rows), rows - 1), min(int(x1 * columns), columns - 1)
        bottom = max(math.ceil(y2 * rows), top + 1)
        right = max(math.ceil(x2 * columns), left + 1)
        sums = self._used_before
        inside = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        return float(inside) / ((bottom - top) * (right - left))
