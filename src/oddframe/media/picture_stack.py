"""Picture files that hold several pictures: the pages of a TIFF, an animated WebP."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media.filmed_at import filmed_at
from oddframe.media.frames import Frame, MediaInfo, VideoReader
from oddframe.media.grey_levels import Levels
from oddframe.media.pictures import DEEP, PictureFrame, check_header, in_rgb

STACK_SUFFIXES = frozenset({".tif", ".tiff", ".webp"})
_MAY_HOLD_SEVERAL = STACK_SUFFIXES | {".png"}  # FFmpeg reads moving PNGs
_AT_ONCE = 64
"""Pages read in one go: OpenCV walks over those before them each time."""
_SAMPLED = 64


def is_stack(path: Path) -> bool:
    """Whether a picture file holds several pictures of one size, and so is a recording.

    Reduced copies that a TIFF carries of its one picture do not count.
    """
    suffix = path.suffix.lower()
    if suffix not in _MAY_HOLD_SEVERAL or not path.is_file():
        return False
    try:
        if cv2.imcount(str(path)) < 2:
            return False
        if suffix in (".webp", ".png"):
            return True
        check_header(path)
        _, pages = cv2.imreadmulti(str(path), 0, 2, flags=DEEP)
    except (cv2.error, OddframeError):
        return False
    return len(pages) == 2 and pages[0].shape == pages[1].shape


class StackReader:
    """A picture file with several pictures as a video."""

    def __init__(self, path: Path, fps: float, levels: Levels | None) -> None:
        self.path = path
        self._fps = fps
        check_header(path)
        first = next(self._pictures(), None)
        if first is None:
            raise OddframeError(f"{path}: no picture of the file can be decoded; copy it again")
        self._first = first[1]
        if path.suffix.lower() == ".webp":
            times = [seconds for seconds, _ in self._pictures()]
            self._fps = round(1 / float(np.median(np.diff(times))), 3)
        frames = cv2.imcount(str(path))
        if self._first.dtype == np.uint8:
            levels = None
        elif levels is None:
            step = max(1, frames // _SAMPLED)
            sampled = (image for i, (_, image) in enumerate(self._pictures()) if i % step == 0)
            levels = Levels.of(sampled)
        height, width = self._first.shape[:2]
        start = filmed_at(path)
        self.info = MediaInfo(frames, self._fps, width, height, start=start, levels=levels)

    def __iter__(self) -> Iterator[Frame]:
        index = -1
        for index, (seconds, image) in enumerate(self._pictures()):
            if image.shape != self._first.shape or image.dtype != self._first.dtype:
                raise OddframeError(
                    f"{self.path}: expected pictures like the first, found picture {index} of "
                    f"{image.shape[1]}x{image.shape[0]} pixels and type {image.dtype}"
                )
            yield PictureFrame(index, seconds, image, self.info.levels)
        if index + 1 < self.info.frames:
            warnings.warn(
                f"{self.path}: the file promises {self.info.frames} pictures, only {index + 1} "
                "decode; it may be cut short",
                OddframeWarning,
                stacklevel=2,
            )

    def _pictures(self) -> Iterator[tuple[float, np.ndarray]]:
        """Time in seconds and picture of each frame."""
        if self.path.suffix.lower() == ".webp":
            yield from self._animation()
            return
        start = 0
        while True:
            try:
                _, pages = cv2.imreadmulti(str(self.path), start, _AT_ONCE, flags=DEEP)
            except cv2.error as error:
                raise OddframeError(
                    f"{self.path}: page {start} or one soon after it cannot be decoded "
                    f"({error.err}); copy the file again"
                ) from None
            for number, page in enumerate(pages, start):
                yield number / self._fps, in_rgb(page)
            start += len(pages)
            if len(pages) < _AT_ONCE:
                return

    def _animation(self) -> Iterator[tuple[float, np.ndarray]]:
        from PIL import Image

        seconds = 0.0
        try:
            with Image.open(self.path) as animation:
                for number in range(getattr(animation, "n_frames", 1)):
                    animation.seek(number)
                    yield seconds, np.asarray(animation.convert("RGB"))
                    seconds += animation.info.get("duration", 0) / 1000 or 1 / self._fps
        except (OSError, ValueError, EOFError) as error:
            raise OddframeError(
                f"{self.path}: cannot be decoded ({error}); copy the file again"
            ) from error

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *exception: object) -> None:
        pass
