"""A folder of numbered images as a video."""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media.filmed_at import filmed_at
from oddframe.media.frames import Frame, MediaInfo, Resampling, VideoReader, grey_of, resize

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
_SHOWN = 5
"""Entries that a warning lists before it says how many more there are."""


def natural_key(name: str) -> list[tuple[int, int | str]]:
    """Sort key that puts ``2.jpg`` before ``10.jpg``."""
    return [
        (0, int(part)) if part.isdecimal() else (1, part)
        for part in re.split(r"(\d+)", name)
        if part
    ]


def list_images(folder: Path) -> list[Path]:
    """Images of a folder in natural order; hidden and other files are ignored."""
    files = (
        file
        for file in folder.iterdir()
        if file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".")
    )
    return sorted(files, key=lambda file: (natural_key(file.name), file.name))


def _irregular_numbers(names: list[str]) -> str:
    """Which numbers are missing from names in natural order, or there twice; empty if none are.

    Only of names like ``003`` or ``frame_3``, which differ in their last number alone.
    """
    parts = [re.fullmatch(r"(.*?)(\d+)", name) for name in names]
    if len({part and part[1] for part in parts}) != 1 or parts[0] is None:
        return ""
    pairs = list(itertools.pairwise(int(part[2]) for part in parts if part))
    gaps = [f"{a + 1}" + f" to {b - 1}" * (b > a + 2) for a, b in pairs if b > a + 1]
    twice = [str(a) for a, b in pairs if a == b]
    found = []
    for what, listed in (("missing", gaps), ("there twice", twice)):
        if listed:
            more = f" and {len(listed) - _SHOWN} more" * (len(listed) > _SHOWN)
            found.append(f"{what}: {', '.join(listed[:_SHOWN])}{more}")
    return ", ".join(found)


class ImageFrame:
    """A frame that is already an RGB or grey array."""

    def __init__(self, index: int, seconds: float, image: np.ndarray) -> None:
        self.index = index
        self.seconds = seconds
        self._image = image

    def rgb(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """As :meth:`oddframe.media.Frame.rgb`."""
        image = resize(self._image, size, how)
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if image.ndim == 2 else image

    def grey(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """As :meth:`oddframe.media.Frame.grey`."""
        return grey_of(self._image, size, how)


class FolderReader:
    """Numbered images as a video. A broken image repeats the last good one, with a warning."""

    def __init__(self, path: Path, fps: float) -> None:
        self.path = path
        self.files = list_images(path)
        if not self.files:
            raise OddframeError(
                f"{path}: expected a video file or a folder of numbered images, found no image"
            )
        irregular = _irregular_numbers([file.stem for file in self.files])
        if irregular:
            warnings.warn(
                f"{path}: image numbers {irregular}; the images that are there are read as "
                "consecutive frames, so check that labels count the same way",
                OddframeWarning,
                stacklevel=3,
            )
        first = next((i for i in map(_read_image, self.files) if i is not None), None)
        if first is None:
            raise OddframeError(f"{path}: none of the {len(self.files)} images can be decoded")
        self._last = first
        size = (first.shape[1], first.shape[0])
        self.info = MediaInfo(len(self.files), fps, *size, start=filmed_at(path))

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(index) for index in range(len(self.files)))

    def frame(self, index: int) -> Frame:
        """The frame of this index, read from its file."""
        image = _read_image(self.files[index])
        if image is None:
            warnings.warn(
                f"{self.files[index]}: cannot be decoded; frame {index} repeats the one before",
                OddframeWarning,
                stacklevel=2,
            )
            image = self._last
        if image.shape[:2] != (self.info.height, self.info.width):
            raise OddframeError(
                f"{self.files[index]}: expected {self.info.width}x{self.info.height} pixels like "
                f"the folder's first image, found {image.shape[1]}x{image.shape[0]}"
            )
        self._last = image
        return ImageFrame(index, index / self.info.fps, image)

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


def _read_image(file: Path) -> np.ndarray | None:
    image = cv2.imread(str(file), cv2.IMREAD_ANYCOLOR)
    if image is None or image.size == 0:
        return None
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
