"""Score maps on disk: ``maps/<id>.npy`` beside the scores, float16 ``(frames, h, w)``."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.array_files import RowWriter, read_array
from oddframe.files.atomic import atomic_path
from oddframe.scores.video_files import VideoFiles

MAPS = "maps"


class MapWriter:
    """Appends one map per frame; their shape and number are known from the first and at the end."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._rows: RowWriter | None = None

    @property
    def frames(self) -> int:
        """Maps so far."""
        return self._rows.length if self._rows else 0

    def write(self, score_map: np.ndarray) -> None:
        """Append the map ``(h, w)`` of the next frame; all maps of a video share one shape."""
        if self._rows is None:
            self._rows = RowWriter(self._stream, score_map.shape, np.dtype("<f2"), "map")
        # Beyond 60000 float16 is infinite; such a score is as odd, or as usual, as it gets.
        self._rows.write(np.clip(score_map, -60000, 60000))

    def finish(self) -> None:
        """Write the final frame count into the header."""
        if self._rows:
            self._rows.finish()


@contextmanager
def map_writer(path: Path) -> Generator[MapWriter]:
    """A writer of one video's maps; the file is whole or absent, and absent without a map."""
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        writer = MapWriter(stream)
        yield writer
        writer.finish()
    if not writer.frames:
        path.unlink()


def widen_maps(path: Path, before: int, after: int) -> None:
    """Give frames before and after those of a file maps of zeros.

    These take no space where the file system can leave holes in files.

    Raises:
        OddframeError: no maps there, or the folder cannot be written.
    """
    maps = _read(path)
    shape = (before + len(maps) + after, *maps.shape[1:])
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        content = {"descr": maps.dtype.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, content)
        stream.seek(before * maps[0].nbytes, os.SEEK_CUR)
        for score_map in maps:
            stream.write(score_map.tobytes())
        stream.truncate(stream.tell() + after * maps[0].nbytes)


def read_maps(folder: Path, video_ids: Iterable[str]) -> VideoFiles[np.ndarray]:
    """Memory-mapped maps of those videos that have a file in the folder, opened when asked for.

    Asking for a video's raises OddframeError if its file is not an array ``(frames, h, w)``.
    """
    return VideoFiles(folder, video_ids, ".npy", _read)


def _read(path: Path) -> np.ndarray:
    array = read_array(path, "score maps", mapped=True)
    if array.ndim != 3 or array.dtype.kind != "f":
        raise OddframeError(
            f"{path}: expected float maps (frames, h, w), found {array.dtype} {array.shape}"
        )
    return array
