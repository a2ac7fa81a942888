"""Some frames of an open video, as if they were all of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from oddframe.media.frames import Frame, MediaInfo, Resampling, VideoReader


class PartOfVideo:
    """The frames ``[first, end)`` of a video, numbered and timed from the first of them.

    The frames before are decoded, and nobody is shown them; those after are not read.

    Args:
        video: the video.
        first: frame that becomes frame 0.
        end: None for all there are.
    """

    def __init__(self, video: VideoReader, first: int, end: int | None) -> None:
        self.path: Path = video.path
        self.info: MediaInfo = video.info
        self._video, self._first, self._end = video, first, end

    def __iter__(self) -> Iterator[Frame]:
        begin: float | None = None
        for frame in self._video:
            if frame.index < self._first:
                continue
            begin = frame.seconds if begin is None else begin
            yield _LaterFrame(frame, self._first, begin)
            if frame.index + 1 == self._end:
                return

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._video.__exit__(*exception)


class _LaterFrame:
    """A frame with another number and time."""

    def __init__(self, frame: Frame, first: int, begin: float) -> None:
        self.index = frame.index - first
        self.seconds = frame.seconds - begin
        self.anew = frame.anew
        self._frame = frame

    def rgb(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """As :meth:`oddframe.media.frames.Frame.rgb`."""
        return self._frame.rgb(size, how)

    def grey(self, size: tuple[int, int] | None = None, how: Resampling = "area") -> np.ndarray:
        """As :meth:`oddframe.media.frames.Frame.grey`."""
        return self._frame.grey(size, how)
