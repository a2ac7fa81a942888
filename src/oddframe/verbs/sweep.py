"""The verb ``sweep``: many trainings of one detector, on one machine or a cluster."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from oddframe.cluster.connection import check_ray
from oddframe.console.characters import made_visible
from oddframe.console.words import count, shown_path
from oddframe.errors import OddframeError
from oddframe.files.paths import text_paths
from oddframe.runs.run_folder import SWEEP
from oddframe.sweeps.folder import TRIALS, SweepFolder, TrialRecord
from oddframe.sweeps.plan import Sweep
from oddframe.sweeps.status import status_table
from oddframe.sweeps.summary import summarise
from oddframe.sweeps.sweep_file import read_sweep
from oddframe.sweeps.trial_job import OUTPUT


@dataclass(frozen=True)
class SweepResult:
    """A sweep that has ended, or what there is of one that runs.

    Attributes:
        sweep: what was asked for.
        failed: the trials that failed for good.
    """

    sweep: Sweep
    failed: tuple[TrialRecord, ...]

    def text(self) -> str:
        """Trials, configurations over their seeds, the chosen one; where failures are explained."""
        folder = SweepFolder(self.sweep.folder)
        lines = [status_table(self.sweep)]
        for record in self.failed:
            output = folder.trial_folder(record.trial.id) / OUTPUT
            lines.append(f"failed: {record.trial.words}, seed {record.trial.seed}: see {output}")
        return "\n".join([*lines, *_next(self.sweep, folder)])


@text_paths
def sweep(
    file: Path,
    *,
    out: Path | None = None,
    status: bool = False,
    ray: str | None = None,
    workers: int | None = None,
    limit: int = 200,
) -> SweepResult:
    """Train a detector many times: each combination of a grid, a list, draws; each seed.

    The same command goes on with a sweep that was killed, tries failed trials again, and runs
    those that were added to the file.

    Args:
        file: the sweep file, YAML.
        out: folder of the sweep; by default what the file says, or ``sweeps/NAME``.
        status: only show how far it is, also while it runs.
        ray: address of a Ray cluster, ``HOST:PORT`` or ``auto``; by default this machine alone.
        workers: trials at a time; by default as many as there is room for.
        limit: refuse to begin more trials than this.

    Returns:
        The sweep; its text is the table of trials and configurations.

    Raises:
        OddframeError: a mistake in the file, too many trials, the folder in use, Ray missing or
            out of reach, or no trial succeeded.
    """
    if workers is not None and workers < 1:
        raise OddframeError(f"--workers: expected at least 1, found {workers}")
    if not status:
        check_ray()  # before the file, since checking its settings imports PyTorch
    planned = read_sweep(file, out, check=not status)
    if not status:
        _check_count(planned, limit)
        from oddframe.sweeps.tuning import run_sweep

        run_sweep(planned, address=ray, workers=workers, limit=limit, say=_say)
    folder = SweepFolder(planned.folder)
    failed = tuple(record for record in folder.records() if record.state == "failed")
    if failed and not status and not any(record.done for record in folder.records()):
        attempts = failed[0].attempts
        output = folder.trial_folder(failed[0].trial.id) / OUTPUT
        reason = attempts[-1].error if attempts else "unknown"
        raise OddframeError(
            f"all {count(len(failed), 'trial')} failed; the first: {reason}; its output is in "
            f"{output}"
        )
    return SweepResult(planned, failed)


def _next(sweep: Sweep, folder: SweepFolder) -> list[str]:
    """What to do with the result, once there is one and nothing is left to run."""
    if not (folder.path / SWEEP).exists() or folder.is_held():
        return []
    progress, chosen = folder.progress(), summarise(folder).chosen
    appended = {trial.id for trial in sweep.trials()} - {r.trial.id for r in folder.records()}
    if chosen is None or appended or progress.done + progress.failed < progress.total:
        return []
    trials = ", ".join(f"{TRIALS}/{id}" for id in chosen.values)
    command = f"next: oddframe compare {shown_path(folder.path)} OTHER --out comparison; "
    return [f"{command if chosen.test else ''}the chosen trials: {trials}"]


def _check_count(planned: Sweep, limit: int) -> None:
    if planned.count > limit:
        configurations = count(planned.count // len(planned.seeds), "configuration")
        each = f" ({configurations}, {count(len(planned.seeds), 'seed')})"
        raise OddframeError(
            f"{planned.file}: these are {count(planned.count, 'trial')}{each}, more than "
            f"--limit {limit}; shorten the grid, or begin them all with --limit {planned.count}"
        )


def _say(line: str) -> None:
    print(made_visible(line), file=sys.stderr, flush=True)
