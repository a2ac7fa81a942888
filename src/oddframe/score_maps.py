"""Score maps on disk: ``maps/<id>.npy`` beside the scores, float16 ``(frames, h, w)``."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from oddframe.array_files import read_array
from oddframe.atomic import atomic_path
from oddframe.errors import OddframeError
from oddframe.video_files import VideoFiles

FOLDER = "maps"


class MapWriter:
    """Appends one map per frame; the number of frames is known only at the end."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._shape: tuple[int, ...] = ()
        self.frames = 0

    def write(self, score_map: np.ndarray) -> None:
        """Append the map ``(h, w)`` of the next frame; all maps of a video share one shape."""
        if not self.frames:
            self._shape = score_map.shape
            self._write_header()
        if score_map.shape != self._shape:
            raise ValueError(f"expected a map of shape {self._shape}, found {score_map.shape}")
        # Beyond 60000 float16 is infinite; such a score is as odd, or as usual, as it gets.
        self._stream.write(np.clip(score_map, -60000, 60000).astype("<f2").tobytes())
        self.frames += 1

    def _write_header(self) -> None:
        # NumPy pads headers so that the first axis can grow in place.
        shape = (self.frames, *self._shape)
        header = {"descr": "<f2", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._stream, header)

    def finish(self) -> None:
        """Write the final frame count into the header."""
        if self.frames:
            self._stream.seek(0)
            self._write_header()


@contextmanager
def map_writer(path: Path) -> Generator[MapWriter]:
    """A writer of one video's maps; the file is whole or absent, and absent without a map."""
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        writer = MapWriter(stream)
        yield writer
        writer.finish()
    if not writer.frames:
        path.unlink()


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
