"""Frames that a program holds become footage: a film without loss, as verbs read any."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.atomic import atomic_path
from oddframe.media.frames import DEFAULT_FOLDER_FPS, check_size

NAME = "frames.mkv"


def are_frames(given: Any) -> bool:
    """Whether something is images, and not a path: an array, or something that gives arrays."""
    return not isinstance(given, str | bytes) and hasattr(given, "__iter__")


def checked_image(image: Any, number: int) -> np.ndarray:
    """One image, as detectors see it.

    Args:
        image: uint8 ``(height, width, 3)`` in RGB order, or ``(height, width)`` in grey.
        number: of the frame, for messages.

    Returns:
        uint8 ``(height, width, 3)``.

    Raises:
        OddframeError: something else.
    """
    array = np.asarray(image)
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise OddframeError(
            f"frame {number}: expected an image of uint8 (height, width, 3) in RGB order, or "
            f"(height, width) in grey, found {array.dtype} {array.shape}"
        )
    check_size(Path(f"frame {number}"), array.shape[1], array.shape[0])
    return np.ascontiguousarray(array)


def write_frames(images: Iterable[Any], folder: Path, fps: float | None) -> Path:
    """Write images as a film that loses nothing (FFV1 in Matroska).

    Args:
        images: as :func:`checked_image` takes them, all of one size; read one after the other.
        folder: where the film goes.
        fps: frames per second; by default 25.

    Raises:
        OddframeError: no image, images of several sizes, or one that is none.
    """
    import av

    path = folder / NAME
    rate = Fraction(DEFAULT_FOLDER_FPS if fps is None else fps).limit_denominator(1001)
    with atomic_path(path) as temporary, av.open(str(temporary), "w", format="matroska") as film:
        stream: Any = film.add_stream("ffv1", rate=rate)
        stream.pix_fmt = "bgr0"
        size = None
        for number, image in enumerate(images):
            array = checked_image(image, number)
            found = (array.shape[1], array.shape[0])
            if size is None:
                size = stream.width, stream.height = found
            if found != size:
                raise OddframeError(
                    f"frame {number}: expected {size[0]}x{size[1]} pixels like frame 0, found "
                    f"{found[0]}x{found[1]}"
                )
            film.mux(stream.encode(av.VideoFrame.from_ndarray(array, format="rgb24")))
        if size is None:
            raise OddframeError("frames: expected at least one image, found none")
        film.mux(stream.encode(None))
    return path
