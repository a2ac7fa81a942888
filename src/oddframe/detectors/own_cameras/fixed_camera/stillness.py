"""Whether a picture shows anything new since the last one that was looked at."""

from __future__ import annotations

import cv2
import numpy as np

_BLOCK = 8
"""Side, in pixels of a look, of what is compared: half a cell, so noise is averaged and a small
thing is not."""
_STEP = 2
"""Levels by which the mean of a block may differ: what rounding, coding and a quiet camera give."""
_MOST_PASSED = 49
"""Pictures passed over one after the other: the noise of one look lasts ten seconds at most."""


class Stillness:
    """Compares pictures with the last one that was looked at, never with one that was passed over.

    So what changes slowly is looked at as soon as it has changed. Only a picture where no block
    changes at all is passed over: half of what the network says of a place comes from afar, and
    features of a still place next to a moving one differ.
    """

    def __init__(self) -> None:
        self._seen: np.ndarray | None = None
        self._passed = 0

    def reset(self) -> None:
        """The next picture is new."""
        self._seen = None

    def is_new(self, image: np.ndarray) -> bool:
        """Whether to look at a uint8 picture ``(height, width, 3)``; if so, it is remembered."""
        small = (image.shape[1] // _BLOCK, image.shape[0] // _BLOCK)
        means = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        still = self._seen is not None and cv2.norm(means, self._seen, cv2.NORM_INF) <= _STEP
        if still and self._passed < _MOST_PASSED:
            self._passed += 1
            return False
        self._seen, self._passed = means, 0
        return True
