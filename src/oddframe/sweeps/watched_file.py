"""A sweep file that may grow while its sweep runs."""

from __future__ import annotations

from collections.abc import Callable

from oddframe.console.words import count
from oddframe.errors import OddframeError
from oddframe.files.regular_files import Stamp, stamp_of
from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.plan import Sweep
from oddframe.sweeps.sweep_file import read_sweep


class WatchedFile:
    """The sweep as its file says now.

    Args:
        sweep: as it was read at the start.
        limit: largest number of trials.
        say: told in one line what a new version adds, or why it is not taken.
    """

    def __init__(self, sweep: Sweep, limit: int, say: Callable[[str], None]) -> None:
        self.sweep = sweep
        self._limit, self._say = limit, say
        self._seen = self._version()

    def refresh(self) -> bool:
        """Read the file again if it was written to; whether there is a new version.

        A file in the middle of an edit, or one that is another sweep, changes nothing.
        """
        version = self._version()
        if version is None or version == self._seen:
            return False
        self._seen = version
        try:
            found = read_sweep(self.sweep.file, self.sweep.folder)
            if found.count > self._limit:
                raise OddframeError(f"{found.file}: {found.count} trials, more than {self._limit}")
            before = self.sweep
            if before.distributions and (found.distributions, found.settings) != (
                before.distributions,
                before.settings,
            ):
                raise OddframeError(
                    f"{found.file}: settings and distributions cannot change during a search; "
                    "'samples' and 'seeds' can"
                )
            SweepFolder(found.folder).begin(found)
        except OddframeError as error:
            self._say(f"the sweep file was changed, and is not taken as it is now: {error}")
            return False
        self.sweep = found
        if change := _change(before, found):
            self._say(f"{found.file.name} changed: {change}")
        return True

    def _version(self) -> Stamp | None:
        return stamp_of(self.sweep.file)


def _change(before: Sweep, now: Sweep) -> str:
    """How many trials came and went, in words; empty if none did."""
    if now.distributions:
        more, fewer = max(now.count - before.count, 0), max(before.count - now.count, 0)
    else:
        was, is_ = ({trial.id for trial in sweep.trials()} for sweep in (before, now))
        more, fewer = len(is_ - was), len(was - is_)
    parts = [f"{count(many, 'trial')} {word}" for many, word in ((more, "more"), (fewer, "fewer"))]
    return ", ".join(part for part, many in zip(parts, (more, fewer), strict=True) if many)
