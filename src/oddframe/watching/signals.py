"""What signals ask of a process that watches: to end, or to read its cameras file again."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

A_MOMENT = 1.0
"""Seconds within which a signal is the same request again: a terminal sends it, and what was
started there passes it on."""
_TO_END = signal.SIGINT, signal.SIGTERM


class Signals:
    """What a signal asked for.

    Attributes:
        stop: set by Ctrl-C and SIGTERM. Whoever asks again after a moment does not want to wait for
            an orderly end: then these signals do what they did before.
        reload: set by SIGHUP, which ends nothing, however early or late it comes.
    """

    def __init__(self) -> None:
        self.stop, self.reload = threading.Event(), threading.Event()
        self._before: dict[int, Any] = {}
        self._asked: float | None = None

    @contextmanager
    def caught(self) -> Generator[None]:
        """Catch them, from before anything slow; in another thread than the main one do nothing."""
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

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self.stop.set()
        now = time.monotonic()
        if self._asked is None:
            self._asked = now
        elif now - self._asked > A_MOMENT:
            signal.signal(number, self._before[number])
            os.kill(os.getpid(), number)

    def _read_again(self, _number: int, _frame: FrameType | None) -> None:
        self.reload.set()
