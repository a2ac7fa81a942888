"""What simple rules say beside a detector, on disk: ``baselines/<id>.npz`` beside the scores.

They see what it sees, such as how much moves, and it has to be better. One float32 array
``(frames,)`` for each rule, by its name in words; higher = odder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from oddframe.files.array_files import read_arrays, write_arrays
from oddframe.scores.terms import checked_terms
from oddframe.scores.video_files import VideoFiles

BASELINES = "baselines"


def write_baselines(path: Path, baselines: Mapping[str, np.ndarray]) -> None:
    """Write those of one video atomically; without any, an earlier scoring's file is removed.

    Args:
        path: the file, ``<id>.npz``.
        baselines: by name ``(frames,)``.

    Raises:
        OddframeError: numbers that are not finite or differ in length, or a folder that cannot be
            written.
    """
    if baselines:
        write_arrays(path, checked_terms(path, baselines))
    else:
        path.unlink(missing_ok=True)


def read_baselines(folder: Path, video_ids: Iterable[str]) -> VideoFiles[dict[str, np.ndarray]]:
    """Those of the videos that have a file in the folder, by name, read when asked for."""
    return VideoFiles(folder, video_ids, ".npz", _read)


def _read(path: Path) -> dict[str, np.ndarray]:
    return checked_terms(path, read_arrays(path, "one numeric array per simple rule"))
