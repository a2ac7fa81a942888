"""Which feed reads which kind of source, and what is remembered from one opening to the next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from oddframe.sources.camera import CameraFeed
from oddframe.sources.feed import Feed
from oddframe.sources.folder import FolderFeed, Seen
from oddframe.sources.growing import GrowingFile
from oddframe.sources.packet_ring import PacketRing
from oddframe.sources.recordings import FileFeed, MadeFeed
from oddframe.sources.source import Source
from oddframe.sources.wall_clock import WallClock


class Opener:
    """Opens one source, again and again.

    Args:
        source: what to open.
        clock: of the reader.
        ring: takes the packets, for clips.
        seen: file that keeps which recordings of a folder were read.
    """

    def __init__(
        self, source: Source, clock: WallClock, ring: PacketRing | None, seen: Path | None
    ) -> None:
        self._source = source
        self._clock = clock
        self._ring = ring
        self._growing = GrowingFile(source.address) if source.kind == "growing" else None
        self._folder = FolderFeed(source, ring, Seen(seen)) if source.kind == "folder" else None

    def open(self, wanted: Callable[[], bool]) -> Feed:
        """Open it.

        Args:
            wanted: whether anybody still waits for what it gives; one that hung and comes back
                must not disturb the one that took its place.

        Raises:
            Lost, OddframeError, OSError, ValueError: it gives nothing; PyAV's are among these.
        """
        if self._source.kind == "file":
            return FileFeed(self._source, self._ring)
        if self._source.kind == "lavfi":
            return MadeFeed(self._source, self._ring)
        if self._folder is not None:
            return self._folder
        return CameraFeed(self._source, self._clock, self._ring, self._growing, wanted)
