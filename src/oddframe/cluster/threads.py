"""One thread each for NumPy's matrix products and OpenCV's optical flow, while somebody wants that.

They are small and many here; handed to several threads, on cores that the network keeps busy, they
slow scoring down several times over.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager

import cv2

_lock = threading.RLock()  # a stream that is dropped may end in the middle of it
_limits = ExitStack()
_holders = 0
"""How many threads there are is said for the whole process. So the first who wants one each sets
that, and the last who wanted it puts back what was before, whoever began first."""


@contextmanager
def one_thread_each() -> Generator[None]:
    """Keep these computations in the thread that calls them, as long as anybody is in here."""
    global _holders
    with _lock:
        if not _holders:
            _set_limits()
        _holders += 1
    try:
        yield
    finally:
        with _lock:
            _holders -= 1
            if not _holders:
                _limits.close()


def _set_limits() -> None:
    from threadpoolctl import threadpool_limits

    _limits.callback(cv2.setNumThreads, cv2.getNumThreads())
    cv2.setNumThreads(1)
    _limits.enter_context(threadpool_limits(limits=1, user_api="blas"))
