"""Rows of numbers made of the frames of videos, a file for each video, kept as long as they serve.

Who is stopped and comes again finds the videos that were done, and memory does not grow with what
was looked at.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.atomic import CannotWriteError
from oddframe.files.kept_arrays import kept_writer, read_kept
from oddframe.media.frames import Frame
from oddframe.videos.manifest import Manifest
from oddframe.videos.opening import open_footage
from oddframe.videos.video import Video


@dataclass(frozen=True)
class FrameRows:
    """A folder of rows.

    Attributes:
        manifest: knows where the videos are.
        folder: where the rows are kept, by whoever looks at the same footage in the same way.
        left_out: id of a video that could not be decoded to the reason.
    """

    manifest: Manifest
    folder: Path
    left_out: dict[str, str] = field(default_factory=dict)

    def of(
        self,
        videos: Sequence[Video],
        kind: str,
        length: int,
        row: Callable[[Video, Frame], np.ndarray | None],
        advance: Callable[[float], None] = lambda _: None,
    ) -> dict[str, np.ndarray]:
        """The rows of some videos.

        Args:
            videos: the videos.
            kind: folder of these rows.
            length: numbers in a row.
            row: makes one of a frame, float32 ``(length,)``; None leaves the frame out.
            advance: told the share done.

        Returns:
            Id of each video that has rows to these, float32 ``(rows, length)``, mapped. Videos that
            cannot be decoded are warned of, and named in :attr:`left_out`.

        Raises:
            CannotWriteError: no space on the disk.
        """
        found = {}
        for number, video in enumerate(videos):
            path = self.folder / kind / f"{number}.npy"
            if read_kept(path, np.dtype(np.float32), (length,)) is None:
                try:
                    with kept_writer(path, (length,), np.dtype(np.float32)) as writer:
                        for made in self._made(video, row):
                            writer.write(made)
                except CannotWriteError:
                    raise
                except OddframeError as error:
                    self.left_out[video.id] = str(error)
                    warnings.warn(f"{video.id}: left out ({error})", OddframeWarning, stacklevel=3)
            rows = read_kept(path, np.dtype(np.float32), (length,))
            if rows is not None and len(rows):
                found[video.id] = rows
            advance((number + 1) / len(videos))
        return found

    def _made(
        self, video: Video, row: Callable[[Video, Frame], np.ndarray | None]
    ) -> Iterator[np.ndarray]:
        with open_footage(self.manifest, video) as reader:
            for frame in reader:
                made = row(video, frame)
                if made is not None:
                    yield made
