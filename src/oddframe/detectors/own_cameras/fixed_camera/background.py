"""What stands in the scene, and so what does not: things that walk, drive or were put there.

For each pixel a range of grey levels, not one level: what stood there in any part of the normal
footage, and one pixel around it, since a camera trembles and a lamp is on or off.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.saved_state import SavedState
from oddframe.media.medians import median

_MARGIN = 10
"""Grey levels beyond the range that are still noise."""
_LIFT = 8.0
"""Added before levels are compared as a ratio: the noise of dark pixels is no change of light."""
_LEAST_CONTRAST = 0.3
"""Of logarithms of levels, between the darker and the brighter half: less tells no gamma."""
_NO_GAMMA, _MOST_GAMMA = 0.05, 0.6
_LEAST_PARTS, _MOST_PARTS = 8, 64
_PART_SECONDS = 16.0
"""Length of a part at least, where the footage is long enough for the fewest: a median of less
has walkers in it."""
_GREYS_OF_A_PART = 25
_USUAL = (0.1, 0.9)
"""Shares of the parts between which the range lies: what stood in one part alone stays out of it,
be it a parked van."""
_AROUND = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class Background:
    """The grey levels of the scene without the things that come and go.

    Attributes:
        usual: the level of each pixel, uint8 ``(height, width)``.
        lowest, highest: the range, the margin of noise included, uint8 likewise.
    """

    usual: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray

    @classmethod
    def fit(cls, greys: np.ndarray, seconds: float) -> Background:
        """From normal footage.

        Args:
            greys: pictures ``(n, height, width)``, uint8, in order, spread over the footage.
            seconds: its length.
        """
        wanted = min(_MOST_PARTS, max(_LEAST_PARTS, round(seconds / _PART_SECONDS)))
        parts = np.array_split(np.arange(len(greys)), min(wanted, len(greys)))
        medians = [_median(greys, part) for part in parts]
        usual = np.median(np.stack(medians), axis=0).astype(np.uint8)
        known = _logarithms(usual)
        levelled = np.stack([_level(one, known) for one in medians])
        low, high = np.quantile(levelled, _USUAL, axis=0).astype(np.float32)
        return cls(
            np.median(levelled, axis=0).astype(np.uint8),
            _bytes(cv2.erode(low, _AROUND) - _MARGIN),
            _bytes(cv2.dilate(high, _AROUND) + _MARGIN),
        )

    def foreground(self, grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What does not belong to the scene, and the picture in the light of the scene.

        Args:
            grey: uint8 ``(height, width)``.

        Returns:
            uint8 1 where something stands in front of the scene, and uint8 levels, both likewise.
        """
        levelled = _level(grey, self._known)
        inside = cv2.inRange(levelled, self.lowest, self.highest)
        return cv2.threshold(inside, 0, 1, cv2.THRESH_BINARY_INV)[1], levelled

    @cached_property
    def _known(self) -> np.ndarray:
        return _logarithms(self.usual)

    def state(self) -> dict[str, Any]:
        """Arrays."""
        return {"usual": self.usual, "lowest": self.lowest, "highest": self.highest}

    @classmethod
    def from_state(cls, saved: SavedState, size: tuple[int, int]) -> Background:
        """The background that gave :meth:`state`, for pictures of a size (width, height).

        Raises:
            OddframeError: a value that is missing, or that no such background has.
        """
        shape = (size[1], size[0])
        names = ("usual", "lowest", "highest")
        usual, low, high = (saved.array(name, np.uint8, shape) for name in names)
        if (low > high).any():
            raise OddframeError("'background': expected lowest levels below the highest")
        return cls(usual, low, high)


def _median(greys: np.ndarray, part: np.ndarray) -> np.ndarray:
    chosen = part[:: max(1, len(part) // _GREYS_OF_A_PART)]
    return _bytes(np.median(np.asarray(greys[chosen]), axis=0))


def _logarithms(grey: np.ndarray) -> np.ndarray:
    """Of the levels of every fourth pixel, in a row."""
    return np.log(grey[::4, ::4].astype(np.float32) + _LIFT).ravel()


def _level(grey: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The picture as it would be in the light of the usual one: one gain and one gamma for all.

    Both are from medians of the darker and of the brighter half, so that things in front of less
    than half of each change nothing.

    Args:
        grey: the picture.
        known: :func:`_logarithms` of the usual one.
    """
    seen = _logarithms(grey)
    darker = seen <= median(seen)
    halves = [half for half in (np.flatnonzero(darker), np.flatnonzero(~darker)) if half.size]
    beside = known - seen
    gains = [median(beside[half]) for half in halves]
    levels = [median(seen[half]) for half in halves]
    gamma = 0.0
    if len(levels) == 2:
        gamma = (gains[1] - gains[0]) / max(levels[1] - levels[0], _LEAST_CONTRAST)
        # What little of it there is comes from things as well as from light.
        gamma = float(np.sign(gamma)) * min(max(abs(gamma) - _NO_GAMMA, 0.0), _MOST_GAMMA)
    gain = median(known - (1 + gamma) * seen)
    curve = np.exp((1 + gamma) * np.log(np.arange(256, dtype=np.float32) + _LIFT) + gain) - _LIFT
    return cv2.LUT(grey, _bytes(curve))


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
