"""A folder that receives finished recordings: each is read once, as soon as it is whole."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from oddframe.errors import OddframeError
from oddframe.files.atomic import atomic_path
from oddframe.media.containers import VIDEO_SUFFIXES
from oddframe.media.frames import VideoReader
from oddframe.media.image_series import natural_key
from oddframe.media.opening import open_video
from oddframe.media.video_file import FileReader
from oddframe.sources.feed import Filmed
from oddframe.sources.lost import Lost
from oddframe.sources.packet_ring import PacketRing
from oddframe.sources.recordings import codec_of, keep_packets
from oddframe.sources.source import Source

_LOOK = 1.0
"""Seconds between two looks; shares of other machines tell nobody of new files."""
_SAME_TIME = 1.0
"""Names of recordings have whole seconds: a recording that begins so soon after another, or before
its end, goes on with it."""


@dataclass(frozen=True)
class _Recording:
    """A file as it was when it was looked at."""

    path: str
    size: int
    modified: int  # nanoseconds

    @property
    def line(self) -> str:
        return json.dumps([self.path, self.size, self.modified]) + "\n"


class Seen:
    """Which recordings were read: by path, size and time, so that a name may be used again.

    Args:
        file: keeps them over a restart; without one, all that is there is read again.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lines: set[str] = set()
        if file is not None and file.exists():
            self._lines = set(file.read_text(encoding="utf-8", errors="replace").splitlines(True))

    def __contains__(self, recording: _Recording) -> bool:
        return recording.line in self._lines

    def add(self, recording: _Recording) -> None:
        """A recording was read to its end, or cannot be read."""
        self._lines.add(recording.line)
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as stream:
                stream.write(recording.line)

    def keep_only(self, there: set[str]) -> None:
        """Forget what is no longer there, where that is half of it."""
        gone = self._lines - there
        if len(gone) <= len(self._lines) / 2 or self._file is None:
            return
        self._lines -= gone
        with atomic_path(self._file) as temporary:
            temporary.write_text("".join(sorted(self._lines)), encoding="utf-8")


class FolderFeed:
    """The recordings of a folder and of those in it, in the order in which they were finished.

    A recording is whole when its size and time have not changed for as long as a read may take.
    One that cannot be read then is left out, with a loss that says so; iterating once more goes on
    behind it.
    """

    def __init__(self, source: Source, ring: PacketRing | None, seen: Seen) -> None:
        self._folder = Path(source.address)
        self._settles = source.timeout
        self._ring = ring
        self._seen = seen
        self._since: dict[str, tuple[_Recording, float]] = {}  # by path, as it is, since when
        self._end: tuple[float, float] | None = None  # seconds, at: where the next frame would be
        self.codec = ""
        self.fps: float | None = None
        self.damaged = 0

    def __iter__(self) -> Iterator[Filmed | None]:
        while True:
            next(self._folder.iterdir(), None)  # raises what is wrong with it; os.walk does not
            for recording in self._whole():
                yield from self._read(recording)
                self._seen.add(recording)
            yield None
            time.sleep(min(_LOOK, self._settles))

    def close(self) -> None:
        """Nothing is open between two recordings."""

    def _whole(self) -> list[_Recording]:
        now = time.monotonic()
        there: dict[str, tuple[_Recording, float]] = {}
        for folder, folders, names in os.walk(self._folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                path = os.path.join(folder, name)  # noqa: PTH118 -- thousands of them a second
                suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122
                if name.startswith(".") or suffix not in VIDEO_SUFFIXES:
                    continue
                try:
                    status = os.stat(path)  # noqa: PTH116
                except OSError:
                    continue  # taken away meanwhile
                recording = _Recording(path, status.st_size, status.st_mtime_ns)
                before = self._since.get(path)
                same = before is not None and before[0] == recording
                there[path] = before if before is not None and same else (recording, now)
        self._since = there
        self._seen.keep_only({recording.line for recording, _ in there.values()})
        ready = [
            recording
            for recording, since in there.values()
            if now - since >= self._settles and recording not in self._seen
        ]
        return sorted(ready, key=lambda one: (one.modified, natural_key(Path(one.path).name)))

    def _read(self, recording: _Recording) -> Iterator[Filmed]:
        path = Path(recording.path)
        try:
            video = open_video(path)
        except OddframeError as error:
            self._seen.add(recording)
            raise Lost("unreadable", str(error)) from None
        with video:
            begin, at = self._begins(video, recording)
            if self._ring is not None:
                keep_packets(video, self._ring, begin)
            self.codec, self.fps = codec_of(video), video.info.fps
            size = (video.info.width, video.info.height)
            step = last = 0.0
            for frame in video:
                step, last = frame.seconds - last or 1 / video.info.fps, frame.seconds
                yield Filmed(frame, size, begin + last, at + last)
            self._end = begin + last + step, at + last + step

    def _begins(self, video: VideoReader, recording: _Recording) -> tuple[float, float]:
        """Where its first frame is on the reader's axis, and in Unix seconds."""
        known = video.info.start
        length = video.claimed_length if isinstance(video, FileReader) else 0.0
        at = recording.modified / 1e9 - length if known is None else known.timestamp()
        if self._end is None:
            return 0.0, at
        seconds, expected = self._end
        if abs(at - expected) <= _SAME_TIME:
            return seconds, expected
        # What was filmed before the last one, or beside it, is not a piece with it either.
        return seconds + max(at - expected, 2 * _SAME_TIME), at
