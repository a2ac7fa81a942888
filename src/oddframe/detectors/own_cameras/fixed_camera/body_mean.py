"""What is odd about pixels that move, averaged over a body and its last second on its path.

Limbs and glare are odd for a moment and in a few pixels; a body goes on.
"""

from __future__ import annotations

import cv2
import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.movers import Moving
from oddframe.detectors.own_cameras.fixed_camera.traces import Oddest, oddest_of
from oddframe.detectors.own_cameras.fixed_camera.ways import Ways

_KEPT_SECONDS = 1.0
"""What is odd is so by the mean over so long on its path."""
_BODY = (7, 9)
"""Width and height, at half size, over which it is averaged."""


class BodyMean:
    """Averages what is odd about the pixels of one stream."""

    def __init__(self) -> None:
        self._odd: np.ndarray | None = None

    def update(self, moving: Moving, going: Ways, now: np.ndarray) -> Oddest | None:
        """The oddest body after one more picture; None where nothing is odd.

        Args:
            moving: what moves; where velocities begin anew, so does this.
            going: the pixels that go anywhere.
            now: how odd each of these is, 0 or more, ``(n,)``.
        """
        velocity = moving.velocity
        if velocity is None:
            self._odd = None
            return None
        if self._odd is None and not now.any():
            return None
        kept = np.float32(np.exp(-velocity.elapsed / _KEPT_SECONDS))
        odd = (1 - kept) * going.field(now)
        if self._odd is not None and odd.size:
            odd += kept * velocity.carried(self._odd)
        odd[moving.labels[velocity.part] == 0] = 0
        if not odd.any():
            self._odd = None
            return None
        self._odd = np.zeros(moving.labels.shape, np.float32)
        self._odd[velocity.part] = odd
        body = cv2.boxFilter(odd, -1, _BODY, borderType=cv2.BORDER_CONSTANT)
        return oddest_of(body, velocity)
