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


class WatchedVideo:
    """An open video whose breaks are known by the time that their frame comes out, and marked.

    Frames come out as they come in, but for one that may be a break: it and those after it are
    held back until that is decided, five frames at most.

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
        self.breaks.clear()
        finder = BreakFinder()
        held: deque[Frame] = deque()
        out = 0
        for frame in self._frames:
            finder.see(frame.seconds, frame.grey(_SAMPLED, "bilinear"))
            held.append(frame)
            while out < finder.settled:
                yield self._known(held.popleft(), finder, out)
                out += 1
        finder.end()
        for number, frame in enumerate(held, start=out):
            yield self._known(frame, finder, number)

    def _known(self, frame: Frame, finder: BreakFinder, number: int) -> Frame:
        frame.anew = number in finder.breaks
        if frame.anew:
            self.breaks[frame.index] = finder.breaks[number]
        return frame

    def __enter__(self) -> WatchedVideo:
        return self

    def __exit__(self, *exception: object) -> None:
        self._video.__exit__(*exception)


def watched(video: VideoReader) -> WatchedVideo:
    """The video with its breaks found; the very same if they are already."""
    return video if isinstance(video, WatchedVideo) else WatchedVideo(video)
