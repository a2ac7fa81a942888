"""The verb ``track``: what is in run folders goes to trackers, in place of what was sent before."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.reporting.wording import count
from oddframe.tracking import TRACKERS, Tracker, check_installed, chosen, load, without_password
from oddframe.tracking.pictures import with_drawn_pictures
from oddframe.tracking.record import RunRecord, check_run_folder, read_record
from oddframe.tracking.state import held
from oddframe.training.run_folder import CONFIG


@dataclass(frozen=True)
class Tracked:
    """What ``track`` sent.

    Attributes:
        where: run folder to a line for each tracker that says where to look.
    """

    where: dict[Path, tuple[str, ...]]

    def text(self) -> str:
        """Lines for a terminal."""
        lines = [f"{count(len(self.where), 'run')} tracked"]
        for folder, places in self.where.items():
            lines += [str(folder), *(f"  {place}" for place in places)]
        return "\n".join(lines)


def track(
    runs: list[Path], *, to: list[str] | None = None, experiment: str | None = None
) -> Tracked:
    """Send what is in run folders to trackers.

    What an earlier upload of the same run left is replaced, so it can be repeated at any time:
    after a failure, or when there are new scores and evaluations.

    Args:
        runs: run folders, and sweep folders for all their trials.
        to: the trackers: ``mlflow``, ``wandb``, ``tensorboard``, each also with a place:
            ``mlflow=URI``, ``wandb=PROJECT``, ``tensorboard=FOLDER``; by default those of the
            environment variable ``ODDFRAME_TRACK``, or MLflow.
        experiment: what the runs are filed under.

    Returns:
        Where to look.

    Raises:
        OddframeError: no run folder, no such tracker, one that is not installed; or some upload
            failed, after all others were made.
    """
    specs = chosen(to)
    if not specs and to is not None:
        raise OddframeError(f"track: no tracker to send to; give one of {', '.join(TRACKERS)}")
    if not specs:
        check_installed("mlflow")
        specs = ["mlflow"]
    folders = [folder for given in runs for folder in _run_folders(given)]
    trackers = {spec: load(spec, experiment) for spec in specs}
    where: dict[Path, tuple[str, ...]] = {}
    failed: list[tuple[str, str]] = []
    try:
        for folder in dict.fromkeys(folders):
            where[folder] = tuple(_track(folder, trackers, failed))
    finally:
        for tracker in trackers.values():
            tracker.close()
    if failed and len(folders) * len(specs) == 1:
        raise OddframeError(failed[0][1])
    if failed:
        for what, reason in failed:
            warnings.warn(f"{what}: {reason}", OddframeWarning, stacklevel=2)
        names = "; ".join(what for what, _ in failed)
        raise OddframeError(
            f"{count(len(failed), 'upload')} failed: {names}; all others are done, and the same "
            "command can be given again"
        )
    return Tracked(where)


def _run_folders(given: Path) -> list[Path]:
    """The folder itself, or the trials of a sweep that have begun."""
    if not (given / "sweep.json").is_file():
        return [given]
    found = sorted(path.parent for path in given.glob(f"trials/*/{CONFIG}"))
    if not found:
        raise OddframeError(f"{given}: no trial of this sweep has begun, so nothing to track")
    return found


def _track(folder: Path, trackers: dict[str, Tracker], failed: list[tuple[str, str]]) -> list[str]:
    """Send one run to all trackers; lines of those that took it."""
    try:
        check_run_folder(folder)
        with held(folder), with_drawn_pictures(read_record(folder)) as drawn:
            return [line for spec in trackers if (line := _send(drawn, spec, trackers, failed))]
    except OddframeError as error:
        failed.append((str(folder), str(error)))
        return []


def _send(
    record: RunRecord, spec: str, trackers: dict[str, Tracker], failed: list[tuple[str, str]]
) -> str:
    try:
        return trackers[spec].upload(record)
    except Exception as error:  # trackers and their networks raise a hundred kinds
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        failed.append((without_password(f"{record.folder} to {spec}"), without_password(reason)))
        return ""
