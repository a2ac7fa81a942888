"""What a score was combined from, on disk: ``terms/<id>.npz`` beside the scores.

One float32 array ``(frames,)`` per term, scaled as the terms were when they were added up, before
their weights and before the score was smoothed; higher = odder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.array_files import read_arrays, write_arrays
from oddframe.scores.video_files import VideoFiles

TERMS = "terms"


def write_terms(path: Path, terms: Mapping[str, np.ndarray]) -> None:
    """Write one video's terms atomically.

    With fewer than two terms nothing was combined: then no file is written, and one that an
    earlier scoring left is removed.

    Args:
        path: the file, ``<id>.npz``.
        terms: by name ``(frames,)``.

    Raises:
        OddframeError: terms that are not finite or differ in length, or a folder that cannot be
            written.
    """
    checked = checked_terms(path, terms)
    if len(checked) < 2:
        path.unlink(missing_ok=True)
    else:
        write_arrays(path, checked)


def read_terms(folder: Path, video_ids: Iterable[str]) -> VideoFiles[dict[str, np.ndarray]]:
    """Terms of those videos that have a file in the folder, read when asked for.

    Video id to term to ``(frames,)``. Asking for a video's raises OddframeError if its file holds
    anything else than finite numbers, one per frame.
    """
    return VideoFiles(folder, video_ids, ".npz", _read)


def _read(path: Path) -> dict[str, np.ndarray]:
    return checked_terms(path, read_arrays(path, "one numeric array per term"))


def checked_terms(path: Path, terms: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays of a video as float32.

    Raises:
        OddframeError: anything else than finite numbers, one per frame and as many of each.
    """
    checked = {}
    for name, values in terms.items():
        array = np.asarray(values)
        if array.dtype.kind not in "fiub" or array.ndim != 1 or array.size == 0:
            raise OddframeError(
                f"{path}: term '{name}': expected one number per frame, found {array.dtype} "
                f"{array.shape}; score the video again"
            )
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
            checked[name] = np.ascontiguousarray(array, np.float32)
        broken = np.flatnonzero(~np.isfinite(checked[name]))
        if broken.size:
            raise OddframeError(
                f"{path}: term '{name}': expected finite values, found {broken.size} that are NaN "
                f"or infinite, the first at frame {broken[0]}; score the video again"
            )
    lengths = {name: len(values) for name, values in checked.items()}
    if len(set(lengths.values())) > 1:
        stated = ", ".join(f"'{name}' {length}" for name, length in lengths.items())
        raise OddframeError(
            f"{path}: expected terms of one length, found {stated}; score the video again"
        )
    return checked
