"""A verb in a process of its own, which wants less of the machine than whoever begins it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from oddframe.console.progress import Done, read_progress

NICE = 15
"""How much less of a processor it wants; 19 is the most."""
PATIENCE = 10.0
"""Seconds until what was asked to end is told to, and then killed."""
_LOG_BYTES = 8192


class Aside:
    """A process that was begun aside; it ends with the process that began it, however that ends.

    Args:
        process: it, in a session of its own.
        log: file to whose end it writes.
        begins: bytes of the log before it.
        progress: file of how far it is; None of none.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], log: Path, begins: int, progress: Path | None
    ) -> None:
        self._process, self._log, self._begins = process, log, begins
        self._progress = progress

    @property
    def goes_on(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def done(self) -> Done | None:
        """How far it is; None where it does not say."""
        return None if self._progress is None else read_progress(self._progress)

    def said(self) -> list[str]:
        """The lines that it said, those that are empty left out."""
        return _lines(self._log, self._begins)

    def wait(self, seconds: float) -> int | None:
        """Wait for its end; its exit status once it has ended, None before."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """End it: as Ctrl-C does, and if that is of no use, more firmly."""
        for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
            with suppress(OSError):
                if hasattr(os, "killpg"):
                    os.killpg(self._process.pid, number)
                else:
                    self._process.send_signal(signal.SIGTERM)
            if self.wait(PATIENCE) is not None:
                return


def begin_aside(
    words: Sequence[str],
    log: Path,
    *,
    progress: Path | None = None,
    most_bytes: int | None = None,
) -> Aside:
    """Begin a verb in a process of its own, at low priority.

    Args:
        words: as after ``oddframe`` on the command line.
        log: file to whose end it writes what it says; it is made if it is missing.
        progress: file where it says how far it is, which is removed first.
        most_bytes: the most memory that it may have; None for no limit.

    Raises:
        OSError: the log cannot be written.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    if progress is not None:
        progress.unlink(missing_ok=True)
    limits = {
        "nice": NICE,
        "most_bytes": most_bytes,
        "progress": None if progress is None else str(progress.absolute()),
    }
    command = [sys.executable, "-m", "oddframe.processes.child", json.dumps(limits), *words]
    with log.open("ab") as output:
        begins = output.tell()
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # which closes when this process ends
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "NO_COLOR": "1"},  # what it says is read, and told again
        )
    return Aside(process, log, begins, progress)


def last_line(log: Path) -> str:
    """The last line that stands in a log; ``""`` of none."""
    lines = _lines(log, 0)
    return lines[-1] if lines else ""


def _lines(log: Path, begins: int) -> list[str]:
    if not log.is_file():  # a pipe would be waited for
        return []
    try:
        with log.open("rb") as stream:
            stream.seek(max(begins, log.stat().st_size - _LOG_BYTES))
            lines = stream.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [line.strip() for line in lines if line.strip()]
