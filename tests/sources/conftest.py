"""What the tests of readers share: a reader that reads, and waiting for what it does."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager

from oddframe.sources.live_frame import LiveFrame
from oddframe.sources.reader import Reader


@contextmanager
def reading(reader: Reader) -> Generator[Reader]:
    reader.start()
    try:
        yield reader
    finally:
        reader.stop()


def next_frame(reader: Reader, within: float = 20.0) -> LiveFrame:
    """The next frame, which must come."""
    frame = reader.take(within)
    assert frame is not None, reader.state
    return frame


def wait_for(what, within: float = 20.0):
    """What a function returns, as soon as that is true."""
    until = time.monotonic() + within
    while not (found := what()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)
    return found
