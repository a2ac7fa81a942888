"""``sights.npz`` of a run: small pictures of the normal footage, for those who ask what it knows.

It stands beside the checkpoint and nothing needs it: whoever passes a run on without pictures of
the footage deletes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.array_files import read_arrays, write_arrays
from oddframe.scores.sights import Sight

SIGHTS = "sights.npz"


def write_sights(folder: Path, sights: Mapping[Sight, bytes]) -> None:
    """Write the pictures of a run, a JPEG each.

    Raises:
        CannotWriteError: the folder cannot be written.
    """
    ends = np.cumsum([len(jpeg) for jpeg in sights.values()], dtype=np.int64)
    arrays = {
        "video": np.array([sight.video for sight in sights], dtype=np.str_),
        "seconds": np.array([sight.seconds for sight in sights], dtype=np.float64),
        "ends": ends,
        "jpegs": np.frombuffer(b"".join(sights.values()), dtype=np.uint8),
    }
    write_arrays(folder / SIGHTS, arrays)


def read_sights(folder: Path) -> dict[Sight, bytes]:
    """The pictures of a run; none where there is no such file, or a damaged one."""
    path = folder / SIGHTS
    if not path.is_file():
        return {}
    try:
        found = read_arrays(path, "pictures of normal footage")
        videos, seconds = found["video"].tolist(), found["seconds"].tolist()
        ends, jpegs = found["ends"].tolist(), found["jpegs"].tobytes()
        starts = [0, *ends][: len(ends)]
        return {
            Sight(str(video), float(at)): jpegs[start:end]
            for video, at, start, end in zip(videos, seconds, starts, ends, strict=True)
        }
    except (OddframeError, KeyError, TypeError, ValueError):
        return {}  # no number depends on them
