"""An open video whose breaks are found on the way."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from oddframe.media.continuity import BreakFinder, Kind
from oddframe.media.frames import Frame, MediaInfo, VideoReader

_SAMPLED = (256, 192)
"""Width and height of what is looked at. The sketches are means of 16 of its pixels each: means of
all pixels of a large frame take 5 ms."""


class BreakMarker:
    """Frames of one video or camera in, in order, and out, each marked if it is a break.

    Frames come out as they come in, but for one that may be a break: it and those after it are
    held back until that is decided, five frames at most.

    Attributes:
        breaks: frame to kind, of all frames that came out.
    """

    def __init__(self) -> None:
        self.breaks: dict[int, Kind] = {}
        self._finder = BreakFinder()
        self._held: deque[Frame] = deque()
        self._out = 0

    def push(self, frame: Frame) -> list[Frame]:
        """Take the next frame; those that are decided by now. A mark that it has already stays."""
        self._finder.see(frame.seconds, frame.grey(_SAMPLED, "bilinear"))
        self._held.append(frame)
        return self._decided()

    def finish(self) -> list[Frame]:
        """There are no more frames: those that are left."""
        self._finder.end()
        return self._decided()

    def _decided(self) -> list[Frame]:
        found = []
        while self._out < self._finder.settled:
            frame = self._held.popleft()
            kind = self._finder.breaks.pop(self._out, None)
            if kind is not None:
                frame.anew = True
                self.breaks[frame.index] = kind
            found.append(frame)
            self._out += 1
        return found


class WatchedVideo:
    """An open video whose breaks are known by the time that their frame comes out, and marked.

    Args:
        video: the video.
        frames: those of its frames to look at, in order; all by default.

    Attributes:
        path, info: the video's file, and what is known of it.
        breaks: frame to kind, of all frames that came out.
    """

    def __init__(self, video: VideoReader, frames: Iterable[Frame] | None = None) -> None:
        self.path: Path = video.path
        self.info: MediaInfo = video.info
        self.breaks: dict[int, Kind] = {}
        self._video = video
        self._frames = video if frames is None else frames

    def __iter__(self) -> Iterator[Frame]:
        marker = BreakMarker()
        # The same mapping as before: who asked for it early sees them come.
        self.breaks.clear()
        marker.breaks = self.breaks
        for frame in self._frames:
            yield from marker.push(frame)
        yield from marker.finish()

    def __enter__(self) -> WatchedVideo:
        return self

    def __exit__(self, *exception: object) -> None:
        self._video.__exit__(*exception)


def watched(video: VideoReader) -> WatchedVideo:
    """The video with its breaks found; the very same if they are already."""
    return video if isinstance(video, WatchedVideo) else WatchedVideo(video)
