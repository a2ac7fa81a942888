"""What a reader of video gives: frames that convert on request, and what is known of the video.

Frames convert lazily, since a detector that needs a small grey image should not pay for a full
colour one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

import cv2
import numpy as np

from oddframe.errors import OddframeError
from oddframe.media.grey_levels import Levels
from oddframe.media.knots import Knots

Resampling = Literal["area", "bilinear", "pillow"]
"""How a picture changes its size, see :func:`resize`."""
MOST_PIXELS = 80_000_000
"""Most pixels of a picture, enough for 12288x6480: 0.24 GB as RGB. A few bytes can claim more."""
DEFAULT_FOLDER_FPS = 25.0
"""Frame rate of an image folder when nobody says another: images carry none."""


@dataclass(frozen=True)
class MediaInfo:
    """What is known of a video: frame count, frames per second, size in pixels, times.

    What comes from :func:`probe` is exact. What comes from an open reader is the container's
    claim: ``frames`` is 0 if it makes none, ``fps`` its average rate, and ``times`` are not known.

    Attributes:
        frames: how many.
        fps: frames per second; where they are not regular, the typical rate.
        width, height: size in pixels.
        times: when the frames are shown, where they are not regular (``clock.py``).
        start: when the first frame was filmed, if the recording says so.
        levels: the range of values of pictures deeper than 8 bits; None for others.
        name: id of the video, where it has one.
    """

    frames: int
    fps: float
    width: int
    height: int
    times: Knots = ()
    start: datetime | None = None
    levels: Levels | None = None
    name: str = ""


class Frame(Protocol):
    """One frame: its 0-based index, its time in seconds, its image on request.

    Attributes:
        anew: footage begins anew with it, as after a cut; known where a video is ``watched``
            (:mod:`oddframe.media.continuity`).
    """

    index: int
    seconds: float
    anew: bool

    def rgb(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """uint8 array ``(height, width, 3)`` in RGB order; ``size`` is (width, height)."""
        ...

    def grey(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """uint8 array ``(height, width)``, full range; ``size`` is (width, height)."""
        ...


class VideoReader(Protocol):
    """An open video: iterate it once, close it (or use it in a ``with`` block)."""

    path: Path
    info: MediaInfo

    def __iter__(self) -> Iterator[Frame]: ...
    def __enter__(self) -> VideoReader: ...
    def __exit__(self, *exception: object) -> None: ...


def resize(image: np.ndarray, size: tuple[int, int] | None, how: Resampling = "area") -> np.ndarray:
    """The image at another size.

    Args:
        image: uint8 ``(height, width)`` or ``(height, width, 3)``.
        size: (width, height); None leaves it.
        how: ``area``: means over what a pixel covers where the width shrinks, else bilinear, the
            truest small picture. ``bilinear``: OpenCV's default, which mixes the four nearest
            pixels however much it shrinks; published networks on frames saw this. ``pillow``:
            Pillow's bilinear, which is torchvision's: a triangle as wide as what a pixel covers.
    """
    if size is None or (image.shape[1], image.shape[0]) == size:
        return image
    if how == "pillow":
        from PIL import Image

        return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR))
    means = how == "area" and size[0] < image.shape[1]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if means else cv2.INTER_LINEAR)


def grey_of(image: np.ndarray, size: tuple[int, int] | None, how: Resampling) -> np.ndarray:
    """An RGB or grey picture as uint8 ``(height, width)``; see :func:`resize`."""
    if how == "pillow" and image.ndim == 3:
        from PIL import Image

        # By Pillow's own weights, and before it shrinks, as torchvision's transforms are chained.
        image = np.asarray(Image.fromarray(image).convert("L"))
    small = resize(image, size, how)
    return small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)


def check_size(path: Path, width: int, height: int) -> None:
    """Refuse pictures that would fill the memory.

    Raises:
        OddframeError: more than ``MOST_PIXELS``.
    """
    if width * height > MOST_PIXELS:
        raise OddframeError(
            f"{path}: expected pictures of at most {MOST_PIXELS:,} pixels, found {width}x{height}; "
            "shrink them first, or remove the file if it is damaged"
        )
