"""Memory that nobody uses goes back to the system, so that months of watching take what hours do.

What is freed stays with the C library, in pieces and by thread, to be used again: frames, packets
and networks' answers of many threads and sizes leave more and more such pieces over hours, while
what is in use stays the same (``bench/results/live_memory.txt``).
"""

from __future__ import annotations

import ctypes
import time
from contextlib import suppress

EVERY = 600.0
"""Seconds from one time to the next."""


class SpareMemory:
    """Gives it back, now and then."""

    def __init__(self) -> None:
        self._next = time.monotonic() + EVERY

    def tend(self) -> bool:
        """To be called often; whether it was time, which takes some milliseconds then."""
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + EVERY
        give_back()
        return True


def give_back() -> None:
    """Give back whole pages that are free; nothing where the C library is not GNU's."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
