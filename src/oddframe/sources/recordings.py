"""Sources that have an end: a video file, and pictures that a graph of filters makes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from oddframe.media.file_frame import FileFrame, shown_size
from oddframe.media.frames import VideoReader
from oddframe.media.opening import open_video
from oddframe.media.video_file import FileReader
from oddframe.sources.coded_film import CodedFilm
from oddframe.sources.feed import Filmed, FilmOf
from oddframe.sources.lost import Lost
from oddframe.sources.packet_ring import PacketRing
from oddframe.sources.source import Source
from oddframe.sources.still_coder import StillCoder


class Simulated:
    """The times of what was not filmed now: as if it were, from now on.

    Args:
        paced: whether frames are due when they would have been filmed, rather than at once.
    """

    def __init__(self, *, paced: bool) -> None:
        self._at = time.time()
        self._steady = time.monotonic() if paced else None

    def filmed(self, picture: Any, size: tuple[int, int], seconds: float) -> Filmed:
        """A frame so many seconds from the first."""
        due = None if self._steady is None else self._steady + seconds
        return Filmed(picture, size, seconds, self._at + seconds, due=due)


class FileFeed:
    """A video file, with the very frames and times that ``score`` finds in it."""

    def __init__(self, source: Source, ring: PacketRing | None) -> None:
        self._video = open_video(Path(source.address))
        self._times = Simulated(paced=not source.waits)
        self.codec = codec_of(self._video)
        self.fps: float | None = self._video.info.fps
        self.damaged = 0
        if ring is not None:
            keep_packets(self._video, ring, 0.0)

    def __iter__(self) -> Iterator[Filmed | None]:
        size = (self._video.info.width, self._video.info.height)
        for frame in self._video:
            yield self._times.filmed(frame, size, frame.seconds)

    def close(self) -> None:
        """Let go of the file."""
        self._video.__exit__(None, None, None)


def codec_of(video: VideoReader) -> str:
    """FFmpeg's name of the coding of a video; empty for pictures in a file of their own kind."""
    return video.codec if isinstance(video, FileReader) else ""


def keep_packets(video: VideoReader, ring: PacketRing, begin: float) -> None:
    """Put the packets of a file into a ring as it is read; those without a time cannot be kept.

    Args:
        video: open, and not read yet.
        ring: for clips.
        begin: where its first frame is on the axis of ``LiveFrame.seconds``.
    """
    if not isinstance(video, FileReader):
        return
    shift = begin - video.first_time
    known: list[Any] = []

    def keep(stream: Any, packet: Any) -> None:
        if known[-1:] != [stream]:
            known[:] = [stream]
            ring.begin(CodedFilm.of(stream))
        if packet.pts is not None and not packet.is_discard:
            ring.push(packet, float(packet.pts * packet.time_base) + shift)

    video.on_packet = keep


class MadeFeed:
    """Pictures that a graph of FFmpeg's filters makes, such as ``testsrc2=rate=15``."""

    def __init__(self, source: Source, ring: PacketRing | None) -> None:
        import av  # 0.1 s that `oddframe --help` should not pay

        self._container = av.open(source.address, format="lavfi")
        if not self._container.streams.video:
            raise Lost("no-video", "the graph makes no pictures")
        self._stream = self._container.streams.video[0]
        self._times = Simulated(paced=not source.waits)
        self._shown = source.shown
        self._stills = None if ring is None else StillCoder(ring)
        self.codec = "rawvideo"
        self.fps: float | None = float(self._stream.average_rate or 0) or None
        self.damaged = 0

    def __iter__(self) -> Iterator[Filmed | None]:
        first: float | None = None
        film: FilmOf | None = None
        for number, frame in enumerate(self._container.decode(self._stream)):
            seconds = float((frame.pts or 0) * (frame.time_base or 0))
            first = seconds if first is None else first
            size = shown_size(frame)
            if film is None or film.size != size:
                film = FilmOf(self._shown, size)
            if self._stills is not None:
                self._stills.push(frame, seconds - first)
            picture = FileFrame(number, seconds - first, frame, film)
            yield self._times.filmed(picture, size, seconds - first)

    def close(self) -> None:
        """End the graph."""
        self._container.close()
