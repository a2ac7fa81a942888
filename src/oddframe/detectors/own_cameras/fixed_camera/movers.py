"""Movers: the things in front of the scene as boxes, each with its velocity."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.background import Background
from oddframe.detectors.own_cameras.fixed_camera.boxes import Box
from oddframe.detectors.own_cameras.fixed_camera.velocity import Velocity, VelocityField

_LEAST_SHARE = 0.0007
"""Share of the picture that a thing covers at least."""
_SPECKLES = np.ones((2, 2), np.uint8)
_GAPS = np.ones((7, 3), np.uint8)
"""A body whose belt has the colour of the street is one body: gaps close, more so upright."""
_FOLLOWED_SECONDS = 0.35
"""Time between pictures beyond which what moves cannot be followed from one to the next."""
_MEASURED_COVER = 0.25
_MEASURED_PIXELS = 6
_FASTER_SHARE = 0.4
"""A body moves as its faster pixels do; the others are gaps, shadows and what stands behind."""


@dataclass(frozen=True)
class Mover:
    """One thing in front of the scene.

    Attributes:
        box: left, top, width, height in pixels of the small picture.
        velocity: pixels a second to the right and down.
    """

    box: Box
    velocity: tuple[float, float]

    @property
    def foot(self) -> int:
        """The row where it stands: how far away it is."""
        return self.box[1] + self.box[3]

    @property
    def speed(self) -> float:
        """Pixels a second."""
        return math.hypot(*self.velocity)


@dataclass(frozen=True)
class Moving:
    """What moves in one picture.

    Attributes:
        velocity: of every pixel; None in the first picture.
        labels: at half size, 0 for the scene, else 1 more than the index of a box, uint16.
        boxes: left, top, width, height of everything in front of the scene.
        standing: uint8 1 where something stands in front of the scene, at half size.
        levelled: the picture in the light of the scene, uint8, at half size.
    """

    velocity: Velocity | None
    labels: np.ndarray
    boxes: list[Box]
    standing: np.ndarray
    levelled: np.ndarray


class MoverStream:
    """Finds the things in one stream of small grey pictures.

    Args:
        background: what stands in the scene.
        size: (width, height) of the pictures.
    """

    def __init__(self, background: Background, size: tuple[int, int]) -> None:
        self._background = background
        self._least = max(12.0, _LEAST_SHARE * size[0] * size[1])
        self._half = ((size[0] + 1) // 2, (size[1] + 1) // 2)
        self._velocity = VelocityField(self._half[::-1])

    def update(self, grey: np.ndarray, elapsed: float | None) -> Moving:
        """Take the next picture.

        Args:
            grey: uint8 ``(height, width)``.
            elapsed: seconds since the one before; None where footage begins anew.
        """
        if elapsed is None or elapsed > _FOLLOWED_SECONDS:
            self._velocity.reset()
        foreground, levelled = self._background.foreground(grey)
        standing = self._halved(foreground)
        labels, boxes, (x, y, width, height) = self._things(foreground)
        around = x // 2, y // 2, (width + 1) // 2, (height + 1) // 2
        velocity = self._velocity.update(self._halved(grey), standing, around, elapsed or 1.0)
        return Moving(
            velocity,
            labels,
            boxes,
            standing,
            self._halved(levelled),
        )

    def _halved(self, picture: np.ndarray) -> np.ndarray:
        return cv2.resize(picture, self._half, interpolation=cv2.INTER_AREA)

    def _things(self, foreground: np.ndarray) -> tuple[np.ndarray, list[Box], Box]:
        """Labels at half size and boxes, see :class:`Moving`, and a box that holds all of it."""
        mask = cv2.morphologyEx(foreground, cv2.MORPH_OPEN, _SPECKLES)
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _GAPS)
        x, y, width, height = cv2.boundingRect(mask)
        around = x, y, width, height
        halved = np.zeros(self._half[::-1], np.uint16)
        if not width:
            return halved, [], around
        # Of an even row and column, so that every other one is the same as in the picture.
        left, top = x - x % 2, y - y % 2
        part = mask[top : y + height, left : x + width]
        count, labels, stats, _ = cv2.connectedComponentsWithStats(
            part, connectivity=8, ltype=cv2.CV_16U
        )
        large = stats[:, cv2.CC_STAT_AREA] >= self._least
        large[0] = False
        numbers = np.zeros(count, np.uint16)
        numbers[large] = np.arange(1, large.sum() + 1)
        boxes = [(left + x, top + y, w, h) for x, y, w, h in stats[large, :4].tolist()]
        labels = numbers[labels[::2, ::2].astype(np.intp)]
        rows, columns = labels.shape
        halved[top // 2 : top // 2 + rows, left // 2 : left // 2 + columns] = labels
        return halved, boxes, around


def movers_of(moving: Moving) -> list[Mover]:
    """The things of a picture whose velocity is known."""
    if moving.velocity is None:
        return []
    found = []
    for index, (x, y, width, height) in enumerate(moving.boxes):
        part = np.s_[y // 2 : (y + height + 1) // 2, x // 2 : (x + width + 1) // 2]
        sums = moving.velocity.sums[part]
        known = (moving.labels[part] == index + 1) & (sums[..., 2] > _MEASURED_COVER)
        measured = sums[known]
        if len(measured) < _MEASURED_PIXELS:
            continue
        vectors = measured[:, :2] / measured[:, 2:]
        speeds = np.hypot(vectors[:, 0], vectors[:, 1])
        least = math.ceil((len(speeds) - 1) * (1 - _FASTER_SHARE))
        ranked = speeds.copy()
        ranked.partition(least)
        faster = vectors[speeds >= ranked[least]].mean(axis=0)
        found.append(Mover((x, y, width, height), (float(faster[0]), float(faster[1]))))
    return found
