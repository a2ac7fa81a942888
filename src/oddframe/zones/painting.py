"""Painting out what is ignored, before any detector sees a frame.

The same grey in training and in scoring: a place that never changes is never odd. What lies under
the paint reaches no pixel of any size, as far as it lies inside the zone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from oddframe.media.frames import Frame, MediaInfo, Resampling, VideoReader
from oddframe.zones.zone import Zone, Zones

GREY = 128
_FRACTION = 6
"""Bits of a pixel that a corner is placed to."""


def raster(
    zones: tuple[Zone, ...], size: tuple[int, int], margin: tuple[int, int] = (0, 0)
) -> np.ndarray:
    """Which pixels of a picture lie in zones, wholly or in part: bool ``(height, width)``.

    Args:
        zones: which.
        size: width and height of the picture.
        margin: pixels to the side, and up and down, by which they are made larger.
    """
    width, height = size
    mask = np.zeros((height, width), np.uint8)
    for zone in zones:
        # To OpenCV the middle of the first pixel is 0.
        corners = np.array(zone.polygon) * (width, height) - 0.5
        cv2.fillPoly(mask, [np.rint(corners * 2**_FRACTION).astype(np.int32)], 1, shift=_FRACTION)
    if any(margin):
        mask = cv2.dilate(mask, np.ones((2 * margin[1] + 1, 2 * margin[0] + 1), np.uint8))
    return mask > 0


class Paint:
    """What is ignored of pictures of one size, at whatever size they are asked for.

    Args:
        zones: those that are to be ignored are painted.
        size: width and height of the pictures.
    """

    def __init__(self, zones: Zones, size: tuple[int, int]) -> None:
        self._zones, self._size = zones.ignored, size
        self._masks: dict[tuple[int, int], np.ndarray] = {}

    def over(self, image: np.ndarray) -> np.ndarray:
        """A picture of any size, ``(height, width)`` or with colours, painted; a copy."""
        size = image.shape[1], image.shape[0]
        mask = self._masks.get(size)
        if mask is None:
            # A pixel beside the border is mixed with those within, and an enlarged one with all
            # as far as the next pixel of the original.
            margin = [1 + math.ceil(a / b) for a, b in zip(size, self._size, strict=True)]
            mask = self._masks[size] = raster(self._zones, size, (margin[0], margin[1]))
        painted = image.copy()
        painted[mask] = GREY
        return painted


class PaintedFrame:
    """A frame without what is ignored.

    Args:
        frame: the frame.
        paint: of pictures of its size.
    """

    def __init__(self, frame: Frame, paint: Paint) -> None:
        self.index = frame.index
        self.seconds = frame.seconds
        self.anew = frame.anew
        self._frame, self._paint = frame, paint

    def rgb(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """As :meth:`oddframe.media.frames.Frame.rgb`."""
        return self._paint.over(self._frame.rgb(size, how))

    def grey(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """As :meth:`oddframe.media.frames.Frame.grey`."""
        return self._paint.over(self._frame.grey(size, how))


class PaintedVideo:
    """An open video without what is ignored.

    Args:
        video: the video.
        paint: of pictures of its size.
    """

    def __init__(self, video: VideoReader, paint: Paint) -> None:
        self.path: Path = video.path
        self.info: MediaInfo = video.info
        self._video, self._paint = video, paint

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._video:
            yield PaintedFrame(frame, self._paint)

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._video.__exit__(*exception)


def painted(video: VideoReader, zones: Zones) -> VideoReader:
    """The video without what is ignored; the very same where nothing is."""
    if not zones.ignored:
        return video
    return PaintedVideo(video, Paint(zones, (video.info.width, video.info.height)))
