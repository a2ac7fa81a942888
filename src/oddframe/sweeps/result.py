"""What there is of a sweep, for a person: its trials, what failed, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from oddframe.console.words import count, shown_path
from oddframe.errors import OddframeError
from oddframe.runs.run_folder import SWEEP
from oddframe.sweeps.folder import TRIALS, SweepFolder
from oddframe.sweeps.plan import Sweep
from oddframe.sweeps.status import status_table
from oddframe.sweeps.summary import summarise
from oddframe.sweeps.trial_job import OUTPUT
from oddframe.sweeps.trial_record import TrialRecord


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

    @classmethod
    def of(cls, sweep: Sweep, *, ended: bool) -> SweepResult:
        """Read it from the sweep's folder.

        Args:
            sweep: what was asked for.
            ended: whether nothing more will come.

        Raises:
            OddframeError: it has ended and no trial succeeded.
        """
        folder = SweepFolder(sweep.folder)
        records = folder.records()
        failed = tuple(record for record in records if record.state == "failed")
        if failed and ended and not any(record.done for record in records):
            first = failed[0]
            raise OddframeError(
                f"all {count(len(failed), 'trial')} failed; the first: {first.attempts[-1].error}; "
                f"its output is in {folder.trial_folder(first.trial.id) / OUTPUT}"
            )
        return cls(sweep, failed)


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
