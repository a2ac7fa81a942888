"""A file that somebody is writing: where it was read to, over several openings."""

from __future__ import annotations

import os
from typing import Any

from oddframe.sources.lost import Lost


class GrowingFile:
    """What is new in a file: at first what is written from now on, later what was not read yet.

    Args:
        path: of MPEG-TS, Matroska or FLV; others cannot be read before they are finished.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._inode = -1
        self._read = 0  # position of what is new
        self._waits_for_key = False

    def begin(self) -> None:
        """It is about to be opened.

        Raises:
            Lost: it is as it was when it was left, so that there is nothing to read.
            OSError: it is not there.
        """
        status = os.stat(self._path)  # noqa: PTH116 -- an address, which need not be there
        if self._inode < 0:
            self._read = status.st_size
        elif status.st_ino != self._inode or status.st_size < self._read:
            self._read = 0  # another recording, or the same one begun anew
        elif status.st_size == self._read:
            raise Lost("silent", "the file does not grow")
        self._inode = status.st_ino
        self._waits_for_key = self._read > 0

    def is_known(self, packet: Any) -> bool:
        """Whether a packet is no news, or builds on one that is none."""
        if packet.pos is not None and packet.pos < self._read:
            return True
        self._waits_for_key &= not packet.is_keyframe
        if packet.pos is not None:
            self._read = max(self._read, packet.pos + packet.size)
        return self._waits_for_key
