"""Sending run folders to trackers, in place of what was sent of them before."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from oddframe.console.redaction import redacted
from oddframe.console.words import count
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.runs.run_folder import CONFIG, is_sweep
from oddframe.tracking import Tracker, load_tracker
from oddframe.tracking.pictures import with_drawn_pictures
from oddframe.tracking.record import RunRecord, check_run_folder, read_record
from oddframe.tracking.state import held


@dataclass(frozen=True)
class Tracked:
    """What ``track`` sent.

    Attributes:
        where: run folder to a line for each tracker that says where to look.
        sweeps: sweep folder to a line for each tracker that says where to look.
        viewers: how to start the trackers' pages.
    """

    where: dict[Path, tuple[str, ...]]
    sweeps: dict[Path, tuple[str, ...]]
    viewers: tuple[str, ...]

    def text(self) -> str:
        """Lines for a terminal; a sweep is one entry, not one for each trial."""
        lines = [f"{count(len(self.where), 'run')} tracked"]
        runs = {run: x for run, x in self.where.items() if run.parent.parent not in self.sweeps}
        for folder, places in {**self.sweeps, **runs}.items():
            lines += [str(folder), *(f"  {place}" for place in places)]
        return "\n".join([*lines, *self.viewers])


@dataclass(frozen=True)
class _Failure:
    """An upload that was not made.

    Attributes:
        what: the folder, and the tracker where it is the tracker's fault.
        reason: in one line.
        again: whether the same command may help.
    """

    what: str
    reason: str
    again: bool

    def text(self) -> str:
        begins = (self.what, str(Path(self.what).resolve()))
        return self.reason if self.reason.startswith(begins) else f"{self.what}: {self.reason}"


def send_runs(runs: Sequence[Path], specs: Sequence[str], experiment: str | None) -> Tracked:
    """Send what is in run folders to trackers.

    Args:
        runs: run folders, and sweep folders for all their trials.
        specs: the trackers, as :func:`oddframe.tracking.load_tracker` takes them.
        experiment: what the runs are filed under.

    Raises:
        OddframeError: no run folder; or some upload failed, after all others were made.
    """
    folders = [folder for given in runs for folder in _run_folders(given)]
    trackers = {spec: load_tracker(spec, experiment) for spec in specs}
    where: dict[Path, tuple[str, ...]] = {}
    sweeps: dict[Path, tuple[str, ...]] = {}
    failed: list[_Failure] = []
    try:
        for folder in dict.fromkeys(folders):
            where[folder] = tuple(_track(folder, trackers, failed))
        if not failed:
            for given in filter(is_sweep, runs):
                sweeps[given] = tuple(t.overview(given.resolve()) for t in trackers.values())
    finally:
        for tracker in trackers.values():
            tracker.close()
    if failed:
        raise _error(failed, any(where.values()))
    viewers = dict.fromkeys(filter(None, (tracker.viewer() for tracker in trackers.values())))
    return Tracked(where, sweeps, tuple(viewers))


def _error(failed: list[_Failure], some_sent: bool) -> OddframeError:
    """The error that ends the command; of several failures, each is a warning before."""
    if len(failed) == 1 and not some_sent:
        return OddframeError(failed[0].reason)
    for failure in failed:
        warnings.warn(failure.text(), OddframeWarning, stacklevel=3)
    names = "; ".join(failure.what for failure in failed)
    rest = "all others are done" if some_sent else "nothing was sent"
    again = any(failure.again for failure in failed)
    last = ", and the same command can be given again" if again else ""
    return OddframeError(f"{len(failed)} failed: {names}; {rest}{last}")


def _run_folders(given: Path) -> list[Path]:
    """The folder itself, or the trials of a sweep that have begun."""
    if not is_sweep(given):
        return [given]
    found = sorted(path.parent for path in given.glob(f"trials/*/{CONFIG}"))
    if not found:
        raise OddframeError(f"{given}: no trial of this sweep has begun, so nothing to track")
    return found


def _track(folder: Path, trackers: Mapping[str, Tracker], failed: list[_Failure]) -> list[str]:
    """Send one run to all trackers; lines of those that took it."""
    try:
        check_run_folder(folder)
        with held(folder), with_drawn_pictures(read_record(folder)) as drawn:
            return [line for spec in trackers if (line := _send(drawn, spec, trackers, failed))]
    except OddframeError as error:
        # It says itself what to do; as long as the folder is like that, no repetition helps.
        failed.append(_Failure(str(folder), str(error), again=False))
        return []


def _send(
    record: RunRecord, spec: str, trackers: Mapping[str, Tracker], failed: list[_Failure]
) -> str:
    try:
        return trackers[spec].upload(record)
    except Exception as error:  # trackers and their networks raise a hundred kinds
        reason = redacted(" ".join(str(error).split()))[:300] or type(error).__name__
        what = redacted(f"{record.folder} to {spec}")
        failed.append(_Failure(what, reason, again=True))
        return ""
