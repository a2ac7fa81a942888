"""What signals ask of a process that watches: to end, or to read its cameras file again."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from types import FrameType


class Signals:
    """What a signal asked for.

    Attributes:
        stop: set by Ctrl-C and SIGTERM.
        reload: set by SIGHUP.
    """

    def __init__(self) -> None:
        self.stop, self.reload = threading.Event(), threading.Event()

    @contextmanager
    def caught(self) -> Generator[None]:
        """Catch them; in another thread than the main one, where none come, do nothing."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        wanted = {signal.SIGINT: self.stop, signal.SIGTERM: self.stop}
        if hasattr(signal, "SIGHUP"):
            wanted[signal.SIGHUP] = self.reload
        before = {
            number: signal.signal(number, partial(_set, event)) for number, event in wanted.items()
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _set(event: threading.Event, _number: int, _frame: FrameType | None) -> None:
    event.set()
