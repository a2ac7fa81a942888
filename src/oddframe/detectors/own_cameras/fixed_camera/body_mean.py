"""What is odd about pixels that move, averaged over a body and its last second on its path.

Limbs and glare are odd for a moment and in a few pixels; a body goes on.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.boxes import Box, around_highest
from oddframe.detectors.own_cameras.fixed_camera.movers import Moving

_KEPT_SECONDS = 1.0
"""What is odd is so by the mean over so long on its path."""
_BODY = (7, 9)
"""Width and height, at half size, over which it is averaged."""


@dataclass(frozen=True)
class OddestBody:
    """The oddest body of a picture.

    Attributes:
        value: how odd it is.
        pixel: row and column of its middle, in the part with flow.
        box: left, top, width, height of it, in pixels of the small picture.
    """

    value: float
    pixel: tuple[int, int]
    box: Box


class BodyMean:
    """Averages what is odd about the pixels of one stream."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget earlier pictures."""
        self._odd: np.ndarray | None = None

    def update(self, moving: Moving, now: np.ndarray) -> OddestBody | None:
        """The oddest body after one more picture; None where nothing is odd.

        Args:
            moving: what moves, with a velocity.
            now: how odd each pixel of the part with flow is, 0 or more.
        """
        velocity = moving.velocity
        if velocity is None:
            raise ValueError("bodies are followed by their velocity")
        if self._odd is None and not now.any():
            return None
        kept = np.float32(np.exp(-velocity.elapsed / _KEPT_SECONDS))
        odd = (1 - kept) * now.astype(np.float32)
        if self._odd is not None and odd.size:
            odd += kept * velocity.carried(self._odd)
        odd[moving.labels[velocity.part] == 0] = 0
        if not odd.any():
            self._odd = None
            return None
        self._odd = np.zeros(moving.labels.shape, np.float32)
        self._odd[velocity.part] = odd
        body = cv2.boxFilter(odd, -1, _BODY, borderType=cv2.BORDER_CONSTANT)
        pixel, (x, y, width, height) = around_highest(body)
        top, left = velocity.part[0].start, velocity.part[1].start
        box = (2 * (left + x), 2 * (top + y), 2 * width, 2 * height)
        return OddestBody(float(body[pixel]), pixel, box)
