"""Pixel masks of all clips in one ``.npz``: what a data set needs to know of them.

The masks themselves are read by :mod:`oddframe.videos.pixel_truth`, when they are needed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.array_files import array_names, read_arrays

_MASKS = "one mask array per clip"


def clips_of_archive(path: Path) -> list[str]:
    """The names of the clips whose masks the archive holds.

    Raises:
        OddframeError: not an ``.npz``.
    """
    return array_names(path, _MASKS)


def frames_with_mask(path: Path, clip: str) -> np.ndarray:
    """Whether each frame of a clip has a mask that is not empty. Bool, shape ``(frames,)``.

    Raises:
        OddframeError: not an ``.npz``, or no such clip in it.
    """
    masks = read_arrays(path, _MASKS, only=clip)[clip]
    if masks.ndim < 2 or masks.dtype.kind not in "bui":
        raise OddframeError(
            f"{path}: expected the masks of clip '{clip}', found an array of shape {masks.shape} "
            f"and type {masks.dtype}"
        )
    # Packed or not, a frame has a mask where any of its numbers is not zero.
    return np.asarray(masks.reshape(len(masks), -1).any(axis=1))
