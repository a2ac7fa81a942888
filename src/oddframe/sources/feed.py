"""What reads a source for a reader: frames in order, each with its time, until it is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from oddframe.media.frames import Frame, MediaInfo
from oddframe.media.grey_levels import Levels
from oddframe.media.shrinking import Shrinker


@dataclass(frozen=True)
class Filmed:
    """A frame with its times, as a feed gives it.

    Attributes:
        picture: what converts.
        size: width and height, in pixels.
        seconds, at, lag: as in :class:`~oddframe.sources.live_frame.LiveFrame`.
        due: the steady time (``time.monotonic``) before which it should not be shown, where the
            source has no pace of its own.
    """

    picture: Frame
    size: tuple[int, int]
    seconds: float
    at: float
    lag: float = 0.0
    due: float | None = None


class Feed(Protocol):
    """One opening of a source. It is made, iterated and closed in one thread.

    Attributes:
        codec: FFmpeg's name of what comes, such as ``h264``.
        fps: frames per second as the source claims, where that can be believed; else None.
        damaged: frames left out since packets before them were lost.
    """

    codec: str
    fps: float | None
    damaged: int

    def __iter__(self) -> Iterator[Filmed | None]:
        """Frames; None says only that nothing came, and that the feed is alive.

        Raises:
            Lost: no more will come; also at the end of what has none.
        """
        ...

    def close(self) -> None:
        """Let go of the source."""
        ...


class FilmOf:
    """What a decoded frame has to know of where it comes from, to convert.

    Attributes:
        path: for messages.
        size: width and height that pictures are brought to: their own.
        info: the same.
        shrinker: shared by all frames of a feed.
        levels: none; live pictures of more than 8 bits keep the upper ones.
    """

    levels: Levels | None = None

    def __init__(self, shown: str, size: tuple[int, int]) -> None:
        self.path: Any = Path(shown)
        self.size = size
        self.info = MediaInfo(0, 0.0, *size)
        self.shrinker = Shrinker()
