"""What a reader of video gives: frames that convert on request, and what is known of the video.

Frames convert lazily, since a detector that needs a small grey image should not pay for a full
colour one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

DEFAULT_FOLDER_FPS = 25.0
"""Frame rate of an image folder when nobody says another: images carry none."""


@dataclass(frozen=True)
class MediaInfo:
    """What is known of a video: frame count, frames per second, size in pixels.

    ``frames`` is exact when it comes from :func:`probe`, the container's claim (0 if it makes
    none) when it comes from an open reader.
    """

    frames: int
    fps: float
    width: int
    height: int


class Frame(Protocol):
    """One frame: its 0-based index, its time in seconds, its image on request."""

    index: int
    seconds: float

    def rgb(self, size: tuple[int, int] | None = None) -> np.ndarray:
        """uint8 array ``(height, width, 3)`` in RGB order; ``size`` is (width, height)."""
        ...

    def grey(self, size: tuple[int, int] | None = None) -> np.ndarray:
        """uint8 array ``(height, width)``, full range; ``size`` is (width, height)."""
        ...


class VideoReader(Protocol):
    """An open video: iterate it once, close it (or use it in a ``with`` block)."""

    info: MediaInfo

    def __iter__(self) -> Iterator[Frame]: ...
    def __enter__(self) -> VideoReader: ...
    def __exit__(self, *exception: object) -> None: ...


def resize(image: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """The image at ``size`` (width, height): area means where it shrinks, else bilinear."""
    if size is None or (image.shape[1], image.shape[0]) == size:
        return image
    shrinks = size[0] < image.shape[1]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
