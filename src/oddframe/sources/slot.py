"""Where a reader leaves frames, and an engine takes them."""

from __future__ import annotations

import threading
from collections import deque

from oddframe.sources.live_frame import LiveFrame

_QUEUE = 8
"""Frames that wait where none is dropped; decoded, 8 of 4K are 100 MB."""


class Slot:
    """One frame, the newest, or a short queue whose writer waits.

    Args:
        waits: whether :meth:`put` waits for room rather than dropping the frame that is there.

    Attributes:
        dropped: frames that nobody took.
    """

    def __init__(self, *, waits: bool) -> None:
        self.dropped = 0
        self._waits = waits
        self._frames: deque[LiveFrame] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, frame: LiveFrame) -> None:
        """Leave a frame; once the slot is closed it is gone."""
        with self._changed:
            if self._waits:
                self._changed.wait_for(lambda: len(self._frames) < _QUEUE or self._closed)
            elif self._frames and not self._closed:
                frame.takes_the_place_of(self._frames.popleft())
                self.dropped += 1
            if not self._closed:
                self._frames.append(frame)
            self._changed.notify_all()

    def take(self, wait: float) -> LiveFrame | None:
        """The frame that is there; None if none comes within ``wait`` seconds, or any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self._closed, wait)
            if not self._frames:
                return None
            frame = self._frames.popleft()
            self._changed.notify_all()
            return frame

    def close(self) -> None:
        """No more frames come; those that are there can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def is_over(self) -> bool:
        """Whether it is closed and empty."""
        with self._changed:
            return self._closed and not self._frames
