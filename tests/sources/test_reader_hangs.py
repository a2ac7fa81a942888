"""A read that does not come back: it is left alone, another is begun, and not for ever."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from tests.sources.conftest import reading, wait_for

from oddframe.sources.reader import Reader
from oddframe.sources.source import source_of


def let_go(pipe: Path) -> None:
    """Whoever waits for somebody to write finds that he has come, and gone."""
    with suppress(OSError):  # nobody waits
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))


def test_a_read_that_hangs_is_abandoned_and_the_threads_are_bounded(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # opening it lasts until somebody writes: in the system, out of FFmpeg's reach
    before = set(threading.enumerate())  # some of other tests may end meanwhile

    def begun() -> int:
        threads = set(threading.enumerate()) - before
        return sum(thread.name.startswith("oddframe-read") for thread in threads)

    with reading(Reader(source_of(f"lavfi:movie={pipe}", timeout=0.05))) as reader:
        wait_for(lambda: reader.state.abandoned == 4)
        assert reader.state.reason == "hung"
        assert reader.state.reconnects == {"hung": 4}
        assert begun() == 1 + 4
        time.sleep(0.5)
        assert begun() == 1 + 4
    wait_for(lambda: let_go(pipe) or not begun())
