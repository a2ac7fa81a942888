"""A folder of numbered images as a video."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media.filmed_at import filmed_at
from oddframe.media.frames import Frame, MediaInfo, VideoReader, resize
from oddframe.media.grey_levels import Levels
from oddframe.media.image_series import image_series, irregular_numbers
from oddframe.media.picture_stack import is_stack
from oddframe.media.pictures import PictureFrame, read_picture

_SAMPLED = 64
"""Pictures that decide the range of deep ones, spread over the folder."""


class FolderReader:
    """Numbered images as a video.

    An image that cannot be used repeats the last good one, and one of another size than the first
    is brought to it; both are said.
    """

    def __init__(self, path: Path, fps: float, levels: Levels | None) -> None:
        self.path = path
        self.files = image_series(path).frames
        if not self.files:
            raise OddframeError(
                f"{path}: expected a video file or a folder of numbered images, found no image"
            )
        irregular = irregular_numbers([file.stem for file in self.files])
        if irregular:
            warnings.warn(
                f"{path}: image numbers {irregular}; the images that are there are read as "
                "consecutive frames, so check that labels count the same way",
                OddframeWarning,
                stacklevel=3,
            )
        first = next((i for i in map(self._read, self.files) if i is not None), None)
        if first is None:
            raise OddframeError(f"{path}: none of the {len(self.files)} images can be decoded")
        self._last = first
        self._other_size = False  # an image had another size than the first
        if first.dtype == np.uint8:
            levels = None
        elif levels is None:
            sampled = map(self._read, self.files[:: max(1, len(self.files) // _SAMPLED)])
            levels = Levels.of(image for image in sampled if image is not None)
        size = (first.shape[1], first.shape[0])
        self.info = MediaInfo(len(self.files), fps, *size, start=filmed_at(path), levels=levels)

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(index) for index in range(len(self.files)))

    def frame(self, index: int) -> Frame:
        """The frame of this index, read from its file."""
        file = self.files[index]
        try:
            image = self._read(file)
        except OddframeError as error:
            image, problem = None, str(error)
        else:
            problem = f"{file}: cannot be decoded"
            if image is not None and image.dtype != self._last.dtype:
                problem = (
                    f"{file}: expected values of type {self._last.dtype} like those of the images "
                    f"before, found {image.dtype}"
                )
                image = None
        if image is None:
            self._warn(f"{problem}; frame {index} repeats the one before")
            image = self._last
        size = (self.info.width, self.info.height)
        if image.shape[1::-1] != size and not self._other_size:
            self._other_size = True
            self._warn(
                f"{file}: {image.shape[1]}x{image.shape[0]} pixels, and the folder's first image "
                f"{size[0]}x{size[1]}; this one and others are brought to the size of the first, "
                "which may look odd"
            )
        image = resize(image, size)
        self._last = image
        return PictureFrame(index, index / self.info.fps, image, self.info.levels)

    def _warn(self, message: str) -> None:
        warnings.warn(message, OddframeWarning, stacklevel=3)

    def _read(self, file: Path) -> np.ndarray | None:
        """The picture of a file; None if it cannot be decoded.

        Raises:
            OddframeError: too large, or a file of several pictures.
        """
        if is_stack(file):
            raise OddframeError(
                f"{file}: expected one picture, found several in the file; give the file itself, "
                "which is read as a video, or write each picture into a file of its own"
            )
        return read_picture(file)

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *exception: object) -> None:
        pass
