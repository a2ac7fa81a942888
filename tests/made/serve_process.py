"""``oddframe serve`` as a process of its own, with a port that is free."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.serving.conftest import Browser


def until(true: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


class Process:
    """A server; whoever makes it kills it."""

    def __init__(self, folder: Path, *words: object) -> None:
        self.log = folder / "log.txt"
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
