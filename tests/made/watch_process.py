"""``oddframe watch`` as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

PATIENCE = 240.0


def wait_until(found):
    """Ask until something is found, and give it: what a process says it need not have done yet."""
    until = time.monotonic() + PATIENCE
    while not (answer := found()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)
    return answer


class Process:
    """A watch of its own, whose standard error is read as it comes."""

    def __init__(self, folder, *arguments, **environment):
        self.log = folder / "log.txt"
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "oddframe", "watch", *map(str, arguments)],
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                env={**os.environ, **environment},
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()
        self.popen.stdout.close()

    def wait_for(self, words, times=1):
        until = time.monotonic() + PATIENCE
        while self.log.read_text().count(words) < times:
            assert time.monotonic() < until, f"no '{words}' in:\n{self.log.read_text()}"
            assert self.popen.poll() is None or words in self.log.read_text(), self.log.read_text()
            time.sleep(0.1)

    def stop(self, number=signal.SIGTERM):
        self.popen.send_signal(number)
        out, _ = self.popen.communicate(timeout=PATIENCE)
        return self.popen.returncode, out.decode()
