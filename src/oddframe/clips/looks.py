"""What clips hold of each frame, and is kept of footage that was decoded once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from oddframe.media.frames import Frame, Resampling


@dataclass(frozen=True)
class Looks:
    """A way to look at frames: small pictures of them, or what a network says of them.

    Attributes:
        kind: name of a folder for what is kept of frames; two ways that differ in any number of
            any frame have others.
        words: what is seen, for a report.
        shape, dtype: of the array of a frame.
        of: makes it.
    """

    kind: str
    words: str
    shape: tuple[int, ...]
    dtype: np.dtype
    of: Callable[[Frame], np.ndarray]

    @property
    def frame_bytes(self) -> int:
        """How large the array of a frame is."""
        return math.prod(self.shape) * self.dtype.itemsize


def picture_looks(size: int, colour: str = "rgb", how: Resampling = "area") -> Looks:
    """Pictures: uint8 ``(size, size, channels)``, RGB or one channel of grey.

    Args:
        size: height and width in pixels.
        colour: ``grey`` has one channel; the order of colours is not of the pictures.
        how: frames are resized.
    """
    grey = colour == "grey"

    def of(frame: Frame) -> np.ndarray:
        if grey:
            return frame.grey((size, size), how)[..., None]
        return frame.rgb((size, size), how)

    return Looks(
        f"{size}-{'grey' if grey else 'rgb'}" + f"-{how}" * (how != "area"),
        f"{size}x{size} {colour}",
        (size, size, 1 if grey else 3),
        np.dtype(np.uint8),
        of,
    )
