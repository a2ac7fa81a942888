"""Velocity: where the things of a place move to, from dense optical flow.

Flow is DIS (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016). Its
velocities are averaged as vectors along each thing's own path: swinging limbs cancel, a body's way
remains.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.boxes import Box

MEMORY_SECONDS = 0.6
"""The average forgets with this time constant: about a step."""
_WINDOW = 7
"""Side of the square over which speeds are averaged, in pixels of the field."""
_SMOOTH = np.array([1, 6, 1], np.float32) / 8
"""What enlarging flow to the size of the picture and halving it again would do to it."""
_MARGIN = 8
"""Pixels of the field around what is in front of the scene in which flow is measured, at least."""
_RASTER = 24
"""The part with flow begins and ends at multiples of this: patches are 6 pixels apart on each of
three scales, and a thing should have nearly the same flow whatever else is in the picture."""
_LEAST_SIDES = (96, 32)
"""Sides of that part at least, the longer and the shorter: less has fewer scales, and so finds no
fast things."""
_LEAST_COVER = 0.12
"""Cover of that square from which its speed counts in full."""

Part = tuple[slice, slice]


@dataclass(frozen=True)
class Velocity:
    """Where everything moves, at half the size ``(h, w)`` of the pictures, until the next one.

    Attributes:
        sums: velocity to the right and down, in pixels of the picture a second, each times the
            cover, and the cover: share of the recent past, 0 to 1, in which a thing was measured;
            float32 ``(h, w, 3)``.
        part: rows and columns of the part with things in it; flow is not measured elsewhere.
        source_x, source_y: where each pixel of the part came from, in pixels of the field, float32.
        elapsed: seconds since then.
    """

    sums: np.ndarray
    part: Part
    source_x: np.ndarray
    source_y: np.ndarray
    elapsed: float

    def carried(self, field: np.ndarray) -> np.ndarray:
        """The part of a field ``(h, w)`` or ``(h, w, n)`` of the picture before, moved with things.

        Where there is no thing, the part is empty and nothing can be carried.
        """
        return cv2.remap(
            field, self.source_x, self.source_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
        )

    def steps(self, row: np.ndarray, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far pixels of the part came since the picture before, right and down, float32."""
        rows, columns = self.part
        return (
            (column + columns.start).astype(np.float32) - self.source_x[row, column],
            (row + rows.start).astype(np.float32) - self.source_y[row, column],
        )

    def speeds(self) -> np.ndarray:
        """The speed around each pixel of the part, in pixels of the picture a second, float32."""
        right, down, cover = cv2.split(cv2.boxFilter(self.sums[self.part], -1, (_WINDOW, _WINDOW)))
        # Not cv2.magnitude: its last digit depends on where in memory the arrays lie.
        return np.sqrt(right * right + down * down) / np.maximum(cover, _LEAST_COVER)

    def around(self, row: int, column: int) -> tuple[float, float]:
        """The velocity around a pixel of the part, right and down, in pixels a second."""
        half = _WINDOW // 2
        rows, columns = (
            slice(max(0, row - half), row + half + 1),
            slice(max(0, column - half), column + half + 1),
        )
        right, down, cover = self.sums[self.part][rows, columns].mean(axis=(0, 1)).tolist()
        cover = max(cover, _LEAST_COVER)
        return right / cover, down / cover


class VelocityField:
    """Velocities of one stream of pictures.

    Args:
        shape: (height, width) of the field.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._shape = shape
        self._rows, self._columns = np.indices(shape, dtype=np.float32)
        # The finer scale finds small fast things that the preset misses: a runner of 12 pixels who
        # moves 5 was found at 4.3, and at 1.8 by the preset, in the same time without refinement.
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._flow.setFinestScale(0)
        self._flow.setVariationalRefinementIterations(0)
        self._flow.setPatchSize(8)
        self._flow.setPatchStride(6)
        self.reset()

    def reset(self) -> None:
        """Forget earlier frames."""
        self._before: np.ndarray | None = None
        self._box_before: Box = (0, 0, 0, 0)
        self._sums = np.zeros((*self._shape, 3), np.float32)

    def __deepcopy__(self, memo: dict[int, Any]) -> VelocityField:
        # OpenCV's flow cannot be copied, and remembers nothing.
        copied = VelocityField(self._shape)
        copied._before, copied._box_before = self._before, self._box_before
        copied._sums = self._sums.copy()
        return copied

    def update(
        self, grey: np.ndarray, standing: np.ndarray, box: Box, elapsed: float
    ) -> Velocity | None:
        """Velocities after one more picture; None after the first.

        Args:
            grey: the picture at half its size, uint8 ``(h, w)``.
            standing: uint8 likewise, 1 where there is a thing.
            box: left, top, width and height of what holds all things, in pixels of the field.
            elapsed: seconds since the picture before.
        """
        before, self._before = self._before, grey
        part = self._part(box, self._box_before)
        self._box_before = box
        if before is None:
            return None
        keep = float(np.exp(-elapsed / MEMORY_SECONDS))
        if part is None:
            nothing = np.zeros((0, 0), np.float32)
            self._sums *= keep
            return Velocity(self._sums, np.s_[0:0, 0:0], nothing, nothing, elapsed)
        # From this picture to the one before, so that each pixel knows where it came from.
        now, past = np.ascontiguousarray(grey[part]), np.ascontiguousarray(before[part])
        flow: Any = self._flow.calc(now, past, np.zeros((*now.shape, 2), np.float32))
        right, down = cv2.split(cv2.sepFilter2D(flow, -1, _SMOOTH, _SMOOTH))
        source_x, source_y = self._columns[part] + right, self._rows[part] + down
        # What came in over the edge was not there before: its flow is a guess.
        height, width = self._shape
        inside = (source_x > 1) & (source_y > 1) & (source_x < width - 2) & (source_y < height - 2)
        seen = (standing[part] * inside).astype(np.float32)
        velocity = Velocity(self._sums, part, source_x, source_y, elapsed)
        kept = velocity.carried(self._sums)
        # A pixel of the field is two of the picture.
        share = (1 - keep) * seen
        back = share * float(-2 / elapsed)
        added = cv2.merge([right * back, down * back, share])
        self._sums *= keep
        self._sums[part] = cv2.scaleAdd(kept, keep, added)
        return velocity

    def _part(self, *boxes: Box) -> Part | None:
        """Where flow is measured for things in some boxes; None if there are none."""
        some = [box for box in boxes if box[2]]
        if not some:
            return None
        left, top, right, bottom = (
            min(x for x, _, _, _ in some),
            min(y for _, y, _, _ in some),
            max(x + width for x, _, width, _ in some),
            max(y + height for _, y, _, height in some),
        )
        long, short = _LEAST_SIDES
        height, width = self._shape
        columns = _spread(left, right, long if width >= height else short, width)
        return _spread(top, bottom, short if width >= height else long, height), columns


def _spread(start: int, end: int, least: int, size: int) -> slice:
    """A range with a margin, at least so long, inside one of a size."""
    start = max(0, min(start - _MARGIN, size - least)) // _RASTER * _RASTER
    end = max(start + least, math.ceil((end + _MARGIN) / _RASTER) * _RASTER)
    return slice(start, min(end, size))
