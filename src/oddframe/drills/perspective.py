"""How high movers are at each row of the picture, as the footage itself shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST_MOVERS = 12
"""Fewer movers than this say one height for the whole picture."""
_UNKNOWN = 1 / 6
"""Height of a mover, as a share of the picture's, where nothing was seen to move."""
_BANDS = 6
_LEAST_GROWTH = 0.2
"""Correlation of height and row from which there is a perspective."""


@dataclass(frozen=True)
class Perspective:
    """Height of a usual mover, in pixels, as a straight line over the row of its feet.

    Attributes:
        at_top, at_bottom: height at the first row and the last.
        rows: height of the picture.
        movers: how many it was read off.
    """

    at_top: float
    at_bottom: float
    rows: int
    movers: int

    def height_at(self, row: float) -> float:
        """Pixels, at least 4."""
        share = min(max(row / self.rows, 0.0), 1.0)
        return max(4.0, self.at_top + share * (self.at_bottom - self.at_top))

    @classmethod
    def of(cls, feet: np.ndarray, heights: np.ndarray, rows: int) -> Perspective:
        """The line through the median heights of bands of rows.

        Args:
            feet: row of each mover's lowest pixel, ``(movers,)``.
            heights: of each, in pixels.
            rows: height of the picture.
        """
        if heights.size == 0:
            return cls(_UNKNOWN * rows, _UNKNOWN * rows, rows, 0)
        usual = float(np.median(heights))
        flat = cls(usual, usual, rows, int(heights.size))
        if heights.size < LEAST_MOVERS or np.ptp(feet) < rows / 10:
            return flat
        edges = np.quantile(feet, np.linspace(0, 1, _BANDS + 1))
        band = np.clip(np.searchsorted(edges, feet, side="right") - 1, 0, _BANDS - 1)
        known = [at for at in range(_BANDS) if (band == at).any()]
        x = np.array([np.median(feet[band == at]) for at in known])
        y = np.array([np.median(heights[band == at]) for at in known])
        if x.size < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
            return flat
        slope, offset = np.polyfit(x, y, 1)
        if float(np.corrcoef(x, y)[0, 1]) < _LEAST_GROWTH:
            return flat  # farther is not smaller: an overhead view, or no view of the ground
        # No taller at the near edge, nor smaller far away, than what was really seen there.
        low, high = np.quantile(heights, [0.02, 0.98])
        top, bottom = np.clip([offset, offset + slope * rows], low / 2, high * 2)
        return cls(float(top), float(bottom), rows, int(heights.size))
