"""Progress on standard error: a bar with the time left, or lines where there is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any


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
        if self._bar is not None:
            self._bar.update(self._task, description=doing, total=1.0, completed=done)

    def count(self, doing: str, done: int, total: int | None) -> None:
        """Show what is being done and how many of how many; None if nobody knows."""
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
