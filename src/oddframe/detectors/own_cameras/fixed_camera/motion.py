"""Motion: how fast the things of a place move, from dense optical flow.

Flow is DIS (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016), about
2 ms per frame here and closer to the truth on a known shift than the networks that were tried.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import cv2
import numpy as np

STILL_PIXELS = 0.5
"""Displacements below this are the noise of the flow, not motion."""
WINDOW = 26
"""Side of the square over which speeds are averaged, in pixels of the flow: about one person's
width in Ped2. Smaller windows follow swinging legs instead of walking bodies."""
_LEAST_COVER = 0.12
"""Share of the window that must move for its mean speed to count in full."""
_STEPS = 3
"""Flow fields that are averaged: noise and swinging limbs fall, the body's speed stays."""


class SpeedField:
    """Speed at every cell of a grid, over the last three flow fields.

    Args:
        grid: (rows, columns) of the result.
        size: (width, height) of the grey images that will come.
    """

    def __init__(self, grid: tuple[int, int], size: tuple[int, int]) -> None:
        self._grid = grid
        self._size = size
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self.reset()

    def reset(self) -> None:
        """Forget earlier frames."""
        self._before: np.ndarray | None = None
        self._sums: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=_STEPS)

    def update(self, grey: np.ndarray, seconds: float) -> np.ndarray:
        """Speed field after one more frame.

        Args:
            grey: uint8 ``(height, width)``.
            seconds: time since the frame before.

        Returns:
            float32 ``grid``: speed in image widths per second; zeros after the first frame.
        """
        before, self._before = self._before, grey
        if before is None:
            return np.zeros(self._grid, np.float32)
        flow: Any = self._flow.calc(grey, before, np.zeros((*grey.shape, 2), np.float32))
        flow = cv2.resize(flow, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        moved = cv2.magnitude(flow[..., 0], flow[..., 1])
        moving = (moved > STILL_PIXELS).astype(np.float32)
        window = (WINDOW // 2, WINDOW // 2)
        speeds = cv2.boxFilter(moved * moving, -1, window) / (seconds * self._size[0])
        cover = cv2.boxFilter(moving, -1, window)
        self._sums.append((speeds, cover))
        total = sum(speeds for speeds, _ in self._sums)
        share = sum(cover for _, cover in self._sums)
        field = total / np.maximum(share, _LEAST_COVER * len(self._sums))
        # The maximum in each cell: a mean would lose small things between cells.
        rows, columns = self._grid
        kernel = np.ones(
            (max(1, field.shape[0] // rows), max(1, field.shape[1] // columns)), np.uint8
        )
        spread = cv2.dilate(field, kernel)
        return cv2.resize(spread, (columns, rows), interpolation=cv2.INTER_LINEAR)
