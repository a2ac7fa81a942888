"""What signals ask of a process that watches: to end, or to read its cameras file again."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_TO_END = signal.SIGINT, signal.SIGTERM


class Signals:
    """What a signal asked for.

    Attributes:
        stop: set by Ctrl-C and SIGTERM. Whoever asks a second time does not want to wait for an
            orderly end: from then on these signals do what they did before.
        reload: set by SIGHUP, which ends nothing, however early or late it comes.
    """

    def __init__(self) -> None:
        self.stop, self.reload = threading.Event(), threading.Event()
        self._before: dict[int, Any] = {}

    @contextmanager
    def caught(self) -> Generator[None]:
        """Catch them; in another thread than the main one, where none come, do nothing."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._before = {number: signal.signal(number, self._end) for number in _TO_END}
        if hasattr(signal, "SIGHUP"):
            self._before[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._read_again)
        try:
            yield
        finally:
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self.stop.set()
        for number in _TO_END:
            signal.signal(number, self._before[number])

    def _read_again(self, _number: int, _frame: FrameType | None) -> None:
        self.reload.set()
