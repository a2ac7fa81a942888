"""Records what a camera films for some hours, so that it can be fitted from that."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from oddframe.errors import in_words
from oddframe.refitting.recordings import name_at, recordings_in
from oddframe.sources.clip_writer import ClipWriter
from oddframe.sources.packet_ring import PacketRing

PIECE_SECONDS = 600.0
"""A piece can be left out of a fit, or removed, for what happened in it."""
_LOOK = 0.5


class Recorder(threading.Thread):
    """Writes the packets of a camera as they come, in pieces, until a time or until it is full.

    Args:
        ring: gives the ring of the camera's reader now; None while it has none.
        folder: where pieces lie; it is made.
        until: Unix seconds.
        most_bytes: of all pieces in the folder.
        least_free: bytes of the disk that stay free.
        say: takes a line for a person.

    Attributes:
        until: as given.
        trouble: why it ended before that, a line; ``""`` if it did not.
        writing: names of the files that are being written.
    """

    def __init__(
        self,
        ring: Callable[[], PacketRing | None],
        folder: Path,
        until: float,
        most_bytes: int,
        least_free: int,
        say: Callable[[str], None],
    ) -> None:
        super().__init__(name="oddframe-record", daemon=True)
        self.until, self.trouble = until, ""
        self._ring, self._folder, self._say = ring, folder, say
        self._most_bytes, self._least_free = most_bytes, least_free
        self._writer: ClipWriter | None = None
        self._over = threading.Event()

    @property
    def writing(self) -> set[str]:
        """Names of the files that are being written."""
        writer = self._writer
        return set() if writer is None else {writer.path.stem, *(p.stem for p in writer.parts)}

    def stop(self, patience: float = 5.0) -> None:
        """End: what is written by then is a piece."""
        self._over.set()
        self.join(patience)

    def run(self) -> None:
        """Record; for the thread."""
        try:
            self._record()
        except Exception as error:  # whatever a disk may do, watching goes on
            self.trouble = in_words(error)
        if self.trouble:
            self._say(f"recording ended: {self.trouble}")

    def _record(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        while self._goes_on():
            ring = self._ring()
            span = None if ring is None else ring.span
            if ring is None or span is None:  # it is down, or begins
                self._over.wait(_LOOK)
                continue
            path = self._folder / f"{name_at(time.time())}.mp4"
            if path.exists():  # no two begin in one second
                self._over.wait(_LOOK)
                continue
            self._writer = writer = ClipWriter(ring, path, span[1], PIECE_SECONDS)
            while not writer.wait(_LOOK) and self._goes_on():
                pass
            now = ring.span
            writer.finish(now[1] if now else span[1])
            writer.wait(_LOOK * 10)
            self._writer = None
            if writer.failure:
                self.trouble = writer.failure
                return

    def _goes_on(self) -> bool:
        if self._over.is_set() or time.time() >= self.until or self.trouble:
            return False
        kept = sum(piece.bytes for piece in recordings_in(self._folder))
        if kept >= self._most_bytes:
            self.trouble = f"{self._folder}: {self._most_bytes / 1e9:g} GB are recorded"
        elif shutil.disk_usage(self._folder).free < self._least_free:
            self.trouble = (
                f"{self._folder}: less than {self._least_free / 1e9:g} GB of its disk are free"
            )
        return not self.trouble
