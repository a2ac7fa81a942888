"""What clips hold of each frame, and is kept of footage that was decoded once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np

from oddframe.features.backbones.feature_maps import FeatureMaps
from oddframe.features.pyramid import PATCHES, patches
from oddframe.files.saved_state import SavedState
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
        saved: arrays and plain values from which :func:`saved_looks` makes it again; empty where
            it cannot.
    """

    kind: str
    words: str
    shape: tuple[int, ...]
    dtype: np.dtype
    of: Callable[[Frame], np.ndarray]
    saved: Mapping[str, Any] = field(default_factory=dict)

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
        {"size": size, "colour": colour, "how": how},
    )


def patch_looks(maps: FeatureMaps) -> Looks:
    """What an image network says of 21 patches (:mod:`oddframe.features.pyramid`).

    Float32 ``(21, channels)``: the means of its map, below 0 taken for 0.
    """

    def of(frame: Frame) -> np.ndarray:
        return patches(np.maximum(maps.of(frame), 0))

    return Looks(
        f"patches-{maps.sha256[:20]}",
        f"21 patches of {maps.source}",
        (PATCHES, maps.shape[2]),
        np.dtype(np.float32),
        of,
        {"maps": maps.state()},
    )


def saved_looks(saved: SavedState) -> Looks:
    """The looks with these values, ``Looks.saved``.

    Raises:
        OddframeError: a value that is missing or not as expected.
    """
    if "maps" in saved:
        return patch_looks(FeatureMaps.from_state(saved.part("maps")))
    size, colour, how = saved.whole("size", 1, 4096), saved.words("colour"), saved.words("how")
    if how not in get_args(Resampling):
        raise saved.wrong("how", " or ".join(get_args(Resampling)), how)
    return picture_looks(size, colour, how)  # ty: ignore[invalid-argument-type]
