"""Clips: the packets of a source, from before an event on, as an MP4 that can be read at any time.

Packets are copied where browsers play them (H.264, H.265, AV1, VP9), else coded again as H.264,
while the clip is written and only then. The file is in fragments of half a second, each of which
goes to the disk at once: whatever ends the process, what was written plays. A clip is the one thing
that is not written whole or not at all: half of it is worth having.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from oddframe.files.atomic import cannot_write
from oddframe.sources.coded_film import TICK, CodedFilm
from oddframe.sources.lost import lost_by
from oddframe.sources.packet_ring import KeptPacket, PacketRing

_OPTIONS = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    "frag_duration": "500000",
    "flush_packets": "1",
}
_A_MOMENT = 0.25
"""Seconds between two looks at whether the clip is to end."""
_GRACE = 2.0
"""Seconds that a packet may be late before a clip ends without it."""
_ENCODERS = ("libx264", "libopenh264", "mpeg4")
"""The first that this FFmpeg has; the last plays in players and not in browsers."""
LONGEST = 600.0
"""Seconds of a clip, if nobody ends it before."""


class ClipWriter:
    """Writes a clip in a thread of its own, so that a slow disk delays neither reader nor engine.

    Where the size or the coding changes, the file ends, and another, ``NAME-2.mp4``, begins. Where
    the camera was away, the last picture stands still for as long.

    Args:
        ring: of the reader.
        path: the file, with the suffix ``.mp4``; its folder is made.
        since: where it begins, on the axis of ``LiveFrame.seconds``: event less pre-roll.
        longest: seconds after which it ends by itself.

    Attributes:
        parts: the files, complete but for the last while it is written.
        seconds: how much there is in them.
        first: the first picture of the first of them, on the axis of ``LiveFrame.seconds``; None
            while there is none.
        missed: packets that were too much for the disk.
        failure: one line on what could not be written; ``""`` while all goes well.
    """

    def __init__(
        self, ring: PacketRing, path: Path, since: float, longest: float = LONGEST
    ) -> None:
        self.path = path
        self.parts: list[Path] = []
        self.seconds = 0.0
        self.first: float | None = None
        self.missed = 0
        self.failure = ""
        self._ring = ring
        self._follower = ring.follow(since)
        self._longest = longest
        self._until: float | None = None
        self._deadline = 0.0
        self._begin: float | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="oddframe-clip", daemon=True)
        self._thread.start()

    def finish(self, until: float) -> None:
        """End it with the last packet before ``until``, or soon if the camera sends no more.

        Args:
            until: on the axis of ``LiveFrame.seconds``: end of the event and post-roll.
        """
        span = self._ring.span
        ahead = max(until - span[1], 0.0) if span else 0.0
        self._deadline = time.monotonic() + ahead + _GRACE
        self._until = until

    def wait(self, seconds: float) -> bool:
        """Wait until it is closed; whether it is."""
        return self._done.wait(seconds)

    @property
    def is_done(self) -> bool:
        """Whether it is closed."""
        return self._done.is_set()

    @property
    def bytes(self) -> int:
        """How large the files are by now."""
        return sum(part.stat().st_size for part in self.parts if part.exists())

    def _run(self) -> None:
        part: _Part | None = None
        try:
            for kept in self._packets():
                if part is not None and part.film != kept.film:
                    part.close()
                    part = None
                if part is None:
                    if not kept.packet.is_keyframe:
                        continue
                    part = _Part(self._next_path(), kept)
                    self.parts.append(part.path)
                    if self.first is None:
                        self.first = kept.seconds
                part.write(kept)
                self.seconds = kept.seconds - (self._begin or 0.0)
            if part is not None:
                part.close()
        except OSError as error:
            self.failure = str(cannot_write(self.path, error))
        except Exception as error:  # PyAV's, of packets that no file takes
            self.failure = f"{self.path}: the clip ends early: {lost_by(error)}"
        finally:
            self._follower.close()
            if part is not None:
                with suppress(Exception):  # what went wrong has been said
                    part.close()
            self._done.set()

    def _packets(self) -> Iterator[KeptPacket]:
        while True:
            new = self._follower.take(_A_MOMENT)
            self.missed = self._follower.missed
            if new is None:
                return
            for kept in new:
                if self._begin is None:
                    self._begin = kept.seconds
                if self._until is not None and kept.decoded > self._until:
                    return
                if kept.seconds - self._begin > self._longest:
                    return
                yield kept
            if self._until is not None and time.monotonic() > self._deadline:
                return

    def _next_path(self) -> Path:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.parts:
            return self.path
        return self.path.with_stem(f"{self.path.stem}-{len(self.parts) + 1}")


class _Part:
    """One file of a clip, for packets of one coding."""

    def __init__(self, path: Path, first: KeptPacket) -> None:
        import av  # 0.1 s that `oddframe --help` should not pay

        self.path = path
        self.film: CodedFilm = first.film
        self._begin = first.seconds
        self._last = -1  # time stamp
        self._closed = False
        self._stream: Any
        self._output: Any = av.open(str(path), "w", format="mp4", options=_OPTIONS)
        self._decoder: Any = None
        if self.film.is_copied:
            self._stream = self.film.add_to(self._output)
        else:
            self._decoder = av.CodecContext.create(self.film.codec, "r")
            self._decoder.extradata = self.film.extradata or None
            self._stream = self._output.add_stream(_encoder(), rate=25)
            self._stream.width, self._stream.height = (side // 2 * 2 for side in self.film.size)
            self._stream.pix_fmt = "yuv420p"
            self._stream.codec_context.time_base = TICK
            self._stream.codec_context.thread_count = 1
            self._stream.codec_context.gop_size = 50
            self._stream.options = {"preset": "veryfast", "tune": "zerolatency"}

    def write(self, kept: KeptPacket) -> None:
        """Write a packet, on the disk as soon as half a second is together."""
        if kept.seconds < self._begin:
            return  # leads up to the first key frame, and builds on what is not there
        if self._decoder is None:
            self._output.mux(self._copy(kept))
            return
        for frame in self._decoder.decode(kept.packet):
            frame = frame.reformat(*self.film.size, "yuv420p")
            frame.pts, frame.time_base = self._later(self._ticks(kept.seconds)), TICK
            self._output.mux(self._stream.encode(frame))

    def _copy(self, kept: KeptPacket) -> Any:
        import av

        packet = av.Packet(bytes(kept.packet))
        packet.dts = self._later(self._ticks(kept.decoded))
        packet.pts = max(self._ticks(kept.seconds), packet.dts)
        packet.time_base = TICK
        packet.is_keyframe = kept.packet.is_keyframe
        packet.stream = self._stream
        return packet

    def _ticks(self, seconds: float) -> int:
        return round((seconds - self._begin) / TICK)

    def _later(self, ticks: int) -> int:
        """The time stamp, or the next after the last: an MP4 takes none twice."""
        self._last = max(ticks, self._last + 1)
        return self._last

    def close(self) -> None:
        """Write what is left; a second time does nothing."""
        if self._closed:
            return
        self._closed = True
        if self._decoder is not None:
            self._output.mux(self._stream.encode(None))
        self._output.close()


def _encoder() -> str:
    import av

    return next(name for name in _ENCODERS if name in av.codec.codecs_available)
