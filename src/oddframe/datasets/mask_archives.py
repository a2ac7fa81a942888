"""Pixel masks of all clips in one ``.npz``: what a data set needs to know of them.

The masks themselves are read by :mod:`oddframe.pixel_truth`, when they are needed.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from oddframe.errors import OddframeError

_DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)
"""What NumPy raises for files that are not what they should be."""


def clips_of_archive(path: Path) -> list[str]:
    """The names of the clips whose masks the archive holds.

    Raises:
        OddframeError: not an ``.npz``.
    """
    with _readable(path), np.load(path, allow_pickle=False) as archive:
        return list(archive.files)


def frames_with_mask(path: Path, clip: str) -> np.ndarray:
    """Whether each frame of a clip has a mask that is not empty. Bool, shape ``(frames,)``.

    Raises:
        OddframeError: not an ``.npz``, or no such clip in it.
    """
    with _readable(path), np.load(path, allow_pickle=False) as archive:
        # Packed or not, a frame has a mask where any of its numbers is not zero.
        masks = archive[clip]
        return masks.reshape(len(masks), -1).any(axis=1)


@contextmanager
def _readable(path: Path) -> Generator[None, None, None]:
    try:
        yield
    except _DAMAGE as error:
        raise OddframeError(
            f"{path}: expected an .npz of one mask array per clip, found {error}"
        ) from error
