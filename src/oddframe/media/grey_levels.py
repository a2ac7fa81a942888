"""Deep pictures as grey levels: which values become black and which become white.

Thermal cameras and cameras of 10 to 16 bits store values that fill a small part of 16 bits.
Dividing by 256 would leave a handful of grey levels, so a range is learnt from footage. It is one
for all videos of a data set, and a run keeps that of the footage it learnt from.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.plain_values import typed

_MARGIN = 0.25
"""Share of the range added on either side: what is hotter or colder can still be told apart."""
_TAILS = (0.1, 99.9)
"""Percentiles of a picture that the range holds: a dead pixel does not decide it."""


@dataclass(frozen=True)
class Levels:
    """Values up to ``low`` are black, from ``high`` on white, evenly spaced between."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise OddframeError(
                f"grey levels: expected two numbers, the lower first, found {self.low} and "
                f"{self.high}"
            )

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"

    def shares(self, other: Levels) -> bool:
        """Whether at least half of the narrower of the two ranges lies in the other one."""
        shared = min(self.high, other.high) - max(self.low, other.low)
        return shared >= min(self.high - self.low, other.high - other.low) / 2

    def apply(self, image: np.ndarray) -> np.ndarray:
        """A picture of any numeric type as uint8, of the same shape; NaN is black."""
        if image.dtype == np.uint16:
            return self._table[image]
        return self._scaled(image)

    @cached_property
    def _table(self) -> np.ndarray:
        return self._scaled(np.arange(65536))

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        scaled = (values.astype(np.float64) - self.low) * (255 / (self.high - self.low))
        return np.nan_to_num(scaled, nan=0.0).clip(0, 255).round().astype(np.uint8)

    @classmethod
    def of(cls, images: Iterable[np.ndarray]) -> Levels | None:
        """The range of these pictures with a margin; None if they are of 8 bits, or none are there.

        Whole numbers never get more than a grey level each: noise is not blown up.
        """
        low, high, whole, limit = np.inf, -np.inf, True, np.inf
        for image in images:
            if image.dtype == np.uint8:
                return None
            known = image[np.isfinite(image)] if image.dtype.kind == "f" else image
            if known.size:
                below, above = np.percentile(known.ravel()[:: _every(known)], _TAILS)
                low, high = min(low, below), max(high, above)
            whole = image.dtype.kind in "iu"
            limit = float(np.iinfo(image.dtype).max) if image.dtype.kind == "u" else np.inf
        if low > high:
            return None
        margin = _MARGIN * (high - low)
        if whole:
            margin = max(margin, (255 - (high - low)) / 2)
        elif not margin:
            margin = 0.5
        low, high = low - margin, high + margin
        if np.isfinite(limit):
            low, high = _inside(low, high, limit)
        return cls(float(round(low, 3)), float(round(high, 3)))

    @classmethod
    def union(cls, several: Iterable[Levels]) -> Levels | None:
        """The range that holds all of them; None if there are none."""
        known = list(several)
        if not known:
            return None
        return cls(min(part.low for part in known), max(part.high for part in known))


def _every(values: np.ndarray) -> int:
    """A step that leaves about 100,000 values, and is no multiple of usual widths."""
    return max(1, values.size // 100_000) | 1


def _inside(low: float, high: float, limit: float) -> tuple[float, float]:
    """The range moved, and if need be cut, to lie in 0 to ``limit``."""
    if low < 0:
        low, high = 0.0, high - low
    if high > limit:
        low, high = max(0.0, low - (high - limit)), limit
    return low, high


def levels_from(value: object) -> Levels | None:
    """The range in a file, ``[low, high]`` or nothing.

    Raises:
        OddframeError: something else, or no range.
    """
    ends = typed(value, tuple[float, float] | None, "levels")
    return Levels(*ends) if ends else None
