"""``oddframe serve`` as a process of its own, with a port that is free."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.made.page_visitor import Browser
from tests.made.waiting import until


class Process:
    """A server; whoever makes it kills it."""

    def __init__(self, folder: Path, *words: object) -> None:
        self.folder, self.log = folder, folder / "log.txt"
        command = [sys.executable, "-m", "oddframe", "serve", *map(str, words), "--port", "0"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        end = time.monotonic() + 120
        while not (found := re.search(r"the page is at (\S+)", self.said)):
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, self.said
            time.sleep(0.05)
        self.browser = Browser(found.group(1))

    @property
    def said(self) -> str:
        return self.log.read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@contextmanager
def serve_process(folder: Path, ready: str, password: str = "") -> Generator[Process]:
    """A server of ``cameras.yaml`` in a folder, from when an address answers; it has to end well.

    Args:
        folder: where; the state folder is in it.
        ready: the address.
        password: to log in with; ``""`` of none.
    """
    served = Process(folder, "cameras.yaml", "--state", "state")
    try:
        if password:
            served.browser.log_in(password)
        until(lambda: served.browser.get(ready).status == 200)
        yield served
        assert served.end() == 0
    finally:
        served.process.kill()
    assert "Traceback" not in served.said
