"""A decoded frame of a video file: its pixels, upright, in the size and colours that are wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from oddframe.errors import OddframeError
from oddframe.media.containers import reason
from oddframe.media.frames import MediaInfo, Resampling, grey_of, resize
from oddframe.media.grey_levels import Levels
from oddframe.media.pictures import PictureFrame
from oddframe.media.shrinking import Shrinker

_FULL_RANGE = np.clip((np.arange(256) - 16) * (255 / 219), 0, 255).round().astype(np.uint8)
_TIMES_SMALLER = 2
"""From here on FFmpeg shrinks; OpenCV is quick and exact where little is left out."""
_WITH_LUMA = ("yuv420p", "yuvj420p", "nv12", "yuv422p", "yuvj422p")
_SCIENTIFIC = 12
"""Bits of luma from which video may be of a thermal camera; telephones film in 10."""
_COLOURLESS = 512
"""Chroma, of 65536, that is none: two steps of 8 bits."""


class _File(Protocol):
    """The file that a frame is of."""

    path: Path
    info: MediaInfo
    shrinker: Shrinker

    @property
    def levels(self) -> Levels | None: ...


class FileFrame:
    """A decoded frame of a file; grey comes from the luma plane without touching colour."""

    def __init__(self, index: int, seconds: float, frame: Any, file: _File) -> None:
        self.index = index
        self.seconds = seconds
        self.anew = False
        self._frame = frame
        self._file = file
        self._whole = (file.info.width, file.info.height)  # what all frames are brought to

    def rgb(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """As :meth:`oddframe.media.Frame.rgb`."""
        if self._file.levels is not None:
            return self._deep(self._file.levels).rgb(size or self._whole, how)
        if small := self._much_smaller(size, how):
            return _upright(self._frame, self._file.shrinker.rgb(self._frame, small))
        return resize(self._pixels("rgb24"), size or self._whole, how)

    def grey(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """As :meth:`oddframe.media.Frame.grey`."""
        if self._file.levels is not None:
            return self._deep(self._file.levels).grey(size or self._whole, how)
        if how == "pillow" or self._frame.format.name not in _WITH_LUMA:
            return grey_of(self.rgb(), size, how)
        if small := self._much_smaller(size, how):
            luma = _upright(self._frame, self._file.shrinker.luma(self._frame, small))
        else:
            plane = self._frame.planes[0]
            luma = np.frombuffer(plane, dtype=np.uint8).reshape(-1, plane.line_size)
            luma = _upright(self._frame, luma[: self._frame.height, : self._frame.width])
            luma = resize(luma, size or self._whole, how)
        full_range = self._frame.format.name.startswith("yuvj") or self._frame.color_range == 2
        # .copy(): the plane's memory belongs to the decoder and goes with the frame.
        return luma.copy() if full_range else cv2.LUT(luma, _FULL_RANGE)

    def _much_smaller(
        self, size: tuple[int, int] | None, how: Resampling
    ) -> tuple[int, int] | None:
        """Width and height, as they are coded, if FFmpeg is to shrink to this size."""
        if size is None or how != "area" or self._frame.format.name not in _WITH_LUMA:
            return None
        small = size[::-1] if _turns(self._frame) % 2 else size
        least = _TIMES_SMALLER * small[0], _TIMES_SMALLER * small[1]
        return small if self._frame.width >= least[0] and self._frame.height >= least[1] else None

    def _deep(self, levels: Levels) -> PictureFrame:
        picture = self._pixels(deep_format(self._frame))
        return PictureFrame(self.index, self.seconds, picture, levels)

    def _pixels(self, kind: str) -> np.ndarray:
        try:
            return _upright(self._frame, self._frame.to_ndarray(format=kind))
        except (OSError, ValueError, RuntimeError) as error:  # FFmpeg's errors are among them
            raise OddframeError(
                f"{self._file.path}: frame {self.index} has pixels of the kind "
                f"{self._frame.format.name}, which cannot be converted ({reason(error)}); convert "
                "the file with 'ffmpeg -i FILE -pix_fmt yuv420p NEW.mp4'"
            ) from error


def deep_format(frame: Any) -> str:
    """The kind of pixels that keeps what a picture has beyond 8 bits.

    Empty for others: 10 bits of luma and chroma are those of ordinary footage, which fills them,
    and 8 bits keep what is to be seen. From 12 bits on, luma may be all that there is, of a camera
    that sees no colour and a recorder that knows no grey video: see :func:`has_colour`.
    """
    form = frame.format
    bits = max(part.bits for part in form.components)
    if form.has_palette or bits <= 8:
        return ""
    if form.is_rgb and len(form.components) >= 3:
        return "rgb48le"
    return "gray16le" if len(form.components) < 3 or bits >= _SCIENTIFIC else ""


def has_colour(frame: Any) -> bool:
    """Whether a frame of luma and chroma has any, but for what coding leaves."""
    chroma = frame.to_ndarray(format="yuv444p16le")[..., 1:].astype(np.int32) - 32768
    return bool((np.abs(chroma) > _COLOURLESS).mean() > 0.001)


def _turns(frame: Any) -> int:
    """Quarter turns against the clock that the file asks for."""
    return round(getattr(frame, "rotation", 0) / 90) % 4


def _upright(frame: Any, image: np.ndarray) -> np.ndarray:
    turns = _turns(frame)
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image


def shown_size(frame: Any) -> tuple[int, int]:
    """Width and height of a decoded frame, upright."""
    return (frame.height, frame.width) if _turns(frame) % 2 else (frame.width, frame.height)
