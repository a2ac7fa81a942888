"""Progress on standard error: a bar with the time left, or lines where there is no terminal.

Where another process began this one and asks for it, progress is in a file as well.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_OFTEN = 0.5
"""Seconds between two lines in the file."""


@dataclass(frozen=True)
class Done:
    """How far something is.

    Attributes:
        doing: what is being done.
        share: of it that is done, 0 to 1; None where nobody knows.
    """

    doing: str
    share: float | None

    @property
    def words(self) -> str:
        """For a person."""
        return self.doing if self.share is None else f"{self.doing}: {100 * self.share:.0f} %"


class _File:
    """Where progress is written as well, if anywhere."""

    path: Path | None = None
    written = 0.0


def write_progress_to(path: Path) -> None:
    """Write all progress of this process to a file too, for :func:`read_progress`."""
    _File.path = path


def read_progress(path: Path) -> Done | None:
    """What another process wrote; None where it wrote nothing, or writes just now."""
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        share = row["share"]
        return Done(str(row["doing"]), None if share is None else min(1.0, max(0.0, float(share))))
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Progress:
    """One bar that can change what it says."""

    def __init__(self, bar: Any, task: Any) -> None:
        self._bar = bar
        self._task = task

    def say(self, line: str) -> None:
        """A line that stays, above the bar; in a log file as well."""
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=sys.stderr, flush=True)

    def share(self, doing: str, done: float) -> None:
        """Show what is being done and the share done, 0 to 1."""
        _write(doing, done)
        if self._bar is not None:
            self._bar.update(self._task, description=doing, total=1.0, completed=done)

    def count(self, doing: str, done: int, total: int | None) -> None:
        """Show what is being done and how many of how many; None if nobody knows."""
        _write(doing, done / total if total else None)
        if self._bar is not None:
            self._bar.update(self._task, description=doing, total=total, completed=done)

    def counter(self, doing: str, total: int) -> Callable[[int], None]:
        """A function that adds to a count from zero and shows it."""
        done = 0

        def advance(more: int) -> None:
            nonlocal done
            done += more
            self.count(doing, done, total)

        return advance


def _write(doing: str, share: float | None) -> None:
    now = time.monotonic()
    if _File.path is None or now - _File.written < _OFTEN:
        return
    _File.written = now
    with suppress(OSError):  # who looks is told nothing then, and the work goes on
        _File.path.write_text(json.dumps(asdict(Done(doing, share))), encoding="utf-8")


@contextmanager
def progress() -> Generator[Progress]:
    """A progress bar for the block; it vanishes at the end."""
    if not sys.stderr.isatty():
        yield Progress(None, None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),  # a name may hold brackets
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Progress(bar, bar.add_task("", total=None))


@contextmanager
def says_how_to_go_on() -> Generator[None]:
    """For a block that keeps what it has done: Ctrl-C says that nothing is lost.

    Raises:
        KeyboardInterrupt: with that sentence.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            "stopped; the same command goes on after the videos that are done"
        ) from None
