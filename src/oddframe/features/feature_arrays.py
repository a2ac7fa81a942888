"""The array of one file of features: its form, and whether its values are numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.array_files import read_array

_CHECKED_VALUES = 1 << 22


def open_features(file: Path) -> np.ndarray:
    """Map a float array of two or three axes; its values are not read."""
    array = read_array(file, "features", mapped=True)
    kind, shape = array.dtype, array.shape
    if kind not in (np.dtype(np.float16), np.dtype(np.float32)):
        raise OddframeError(
            f"{file}: expected float16 or float32 numbers, found {kind}; save it again with "
            "array.astype(numpy.float32)"
        )
    if len(shape) not in (2, 3) or 0 in shape:
        raise OddframeError(
            f"{file}: expected (snippets, crops, channels) or (snippets, channels), found shape "
            f"{shape}; extract it again"
        )
    return array


def check_finite(file: Path, array: np.ndarray) -> None:
    """Raise OddframeError naming the first snippet with NaN or infinity in it."""
    rows = max(_CHECKED_VALUES // int(np.prod(array.shape[1:])), 1)
    for start in range(0, len(array), rows):
        finite = np.isfinite(array[start : start + rows])
        if not finite.all():
            row = start + int(np.argwhere(~finite)[0, 0])
            raise OddframeError(
                f"{file}: NaN or infinity in snippet {row}; extract the video again"
            )
