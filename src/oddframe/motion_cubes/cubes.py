"""Cubes of motion: 10x10 pixels over five changes from frame to frame, where enough moves.

After Lu, Shi and Jia, "Abnormal Event Detection at 150 FPS in MATLAB" (ICCV 2013), as the public
code of Del Giorno et al. (ECCV 2016) computes it: its "3D gradient" is the change in time alone.
Frames are shrunk by means over what a pixel covers, and there by MATLAB's bicubic ``imresize``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

SIZE = (160, 120)
"""Width and height of the grey frames."""
CELL, DEPTH = 10, 5
"""Pixels of a cube's side, and changes that it spans."""
ROWS, COLUMNS = SIZE[1] // CELL, SIZE[0] // CELL
VALUES = CELL * CELL * DEPTH
MARGIN = 5
"""Changes that lie at least before and after the middle of a cube, as in the public code."""
_REACH = DEPTH // 2
LOOKAHEAD = MARGIN + _REACH + 1
"""Later frames that are needed to know which cubes cover a frame."""
_KERNEL = np.exp(-(np.arange(-1, 2) ** 2) / 2)
_KERNEL /= _KERNEL.sum()


def _blurred(image: np.ndarray) -> np.ndarray:
    return cv2.sepFilter2D(image, -1, _KERNEL, _KERNEL, borderType=cv2.BORDER_CONSTANT)


_COVER = _blurred(np.ones(SIZE[::-1], np.float32))


def blur(grey: np.ndarray) -> np.ndarray:
    """A frame under a Gaussian of 3x3 pixels and sigma 1 that keeps its level at the borders.

    Args:
        grey: uint8 ``(120, 160)``.

    Returns:
        float32 of the same shape, 0 to 1.
    """
    return _blurred(grey.astype(np.float32) / 255) / _COVER


@dataclass(frozen=True)
class Moment:
    """The motion about one frame.

    Attributes:
        frame: its number, from 0.
        moving: bool ``(12, 16)``, cells in which the cube about this frame moves.
        over: how many cubes that move reach over the change to the next frame.
        masked: float32 ``(120, 160)``, the change to the next frame where a cube that moves covers
            it, 0 elsewhere.
        reachable: whether a cube can have its middle here; not so at the ends of footage.
        changes: the five changes about it, float32 ``(120, 160)`` each; none where not reachable.
    """

    frame: int
    moving: np.ndarray
    over: int
    masked: np.ndarray
    reachable: bool
    changes: Sequence[np.ndarray] = ()

    def cubes(self) -> np.ndarray:
        """Values of the cubes that move, float32 ``(cubes, 500)``, change by change, of norm 1."""
        rows, columns = np.nonzero(self.moving)
        if not rows.size:
            return np.empty((0, VALUES), np.float32)
        volume = np.stack(self.changes).reshape(DEPTH, ROWS, CELL, COLUMNS, CELL)
        cubes = volume[:, rows, :, columns, :].reshape(rows.size, VALUES)
        return cubes / np.linalg.norm(cubes, axis=1, keepdims=True)


class MotionCubes:
    """Grey frames of a video in, the motion about each of them out, in order.

    A frame's comes out with the eighth frame after it (:data:`LOOKAHEAD`), or where its footage
    ends. No change and no cube reaches across a break.

    Args:
        threshold: a cube moves if the sum of its changes is greater.
    """

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._done = 0
        self._begin()

    def _begin(self) -> None:
        self._last: np.ndarray | None = None
        self._changes: dict[int, np.ndarray] = {}
        self._sums: dict[int, np.ndarray] = {}
        self._count = 0
        self._next = 0

    def push(self, grey: np.ndarray, *, anew: bool = False) -> list[Moment]:
        """Take the next frame.

        Args:
            grey: uint8 ``(120, 160)``.
            anew: footage begins anew with it.

        Returns:
            What is known by now and did not come out before.
        """
        found = self.finish() if anew else []
        now = blur(grey)
        if self._last is not None:
            change = np.abs(now - self._last)
            cells = change.reshape(ROWS, CELL, COLUMNS, CELL).sum(axis=(1, 3), dtype=np.float64)
            self._changes[self._count], self._sums[self._count] = change, cells
            self._count += 1
        self._last = now
        while self._next + LOOKAHEAD <= self._count:
            found.append(self._moment())
        return found

    def finish(self) -> list[Moment]:
        """The footage ends: what did not come out yet."""
        frames = 0 if self._last is None else self._count + 1
        found = [self._moment() for _ in range(self._next, frames)]
        self._begin()
        return found

    def _reachable(self, middle: int) -> bool:
        return MARGIN <= middle < self._count - MARGIN

    def _moving(self, middle: int) -> np.ndarray:
        """Which cubes about a change move, bool ``(12, 16)``."""
        if not self._reachable(middle):
            return np.zeros((ROWS, COLUMNS), bool)
        inside = range(middle - _REACH, middle + _REACH + 1)
        return np.sum([self._sums[at] for at in inside], axis=0) > self._threshold

    def _moment(self) -> Moment:
        at = self._next
        about = range(at - _REACH, at + _REACH + 1)
        change = self._changes.get(at, np.zeros(SIZE[::-1], np.float32))
        cubes = np.sum([self._moving(middle) for middle in about], axis=0)
        pixels = (cubes > 0).repeat(CELL, axis=0).repeat(CELL, axis=1)
        reachable = self._reachable(at)
        found = Moment(
            frame=self._done,
            moving=self._moving(at),
            over=int(cubes.sum()),
            masked=change * pixels,
            reachable=reachable,
            changes=[self._changes[near] for near in about] if reachable else (),
        )
        self._changes.pop(at - _REACH, None)
        self._sums.pop(at - 2 * _REACH, None)
        self._next += 1
        self._done += 1
        return found
