"""What happens in a sweep, told to a person and kept in the records of trials."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from oddframe.console.words import duration
from oddframe.errors import nearest
from oddframe.runs import run_folder
from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.plan import Sweep, Trial
from oddframe.sweeps.search import Queue
from oddframe.sweeps.trial_job import OUTPUT, TrialJob
from oddframe.sweeps.trial_record import Attempt, TrialRecord, now

LOG = "sweep.log"
_LOST = "the Ray worker or its machine is gone"


class Journal:
    """Follows the trials of one invocation.

    Args:
        sweep: the sweep.
        folder: its folder.
        queue: told which trials have ended.
        say: given a line per event; the same lines go to ``sweep.log``.
    """

    def __init__(
        self, sweep: Sweep, folder: SweepFolder, queue: Queue, say: Callable[[str], None]
    ) -> None:
        self._sweep, self._folder, self._queue = sweep, folder, queue
        self._say_aloud = say
        self._began = time.monotonic()
        self._ended = 0
        self._attempts: dict[str, int] = {}
        listed = {trial.id for trial in sweep.trials()}
        done = {record.trial.id for record in folder.records() if record.done}
        # Of what was taken out of the file nothing is left to do, nor is it counted.
        self._done = len(done & listed if listed else done)

    @property
    def done(self) -> int:
        """Number of trials that are finished, stopped, or failed for good."""
        return self._done

    def say(self, line: str) -> None:
        """A line for the person and for ``sweep.log``."""
        self._say_aloud(line)
        log(self._folder, line)

    def given(self, trial: Trial) -> None:
        """A trial is about to run: what its process shall do is written down."""
        record = self._folder.read(trial.id) or TrialRecord(trial)
        self._attempts[trial.id] = len(record.attempts)
        self._folder.write(replace(record, trial=trial, state="waiting", stopped_at=None))
        TrialJob.of(self._sweep, trial).write(self._folder.trial_folder(trial.id))

    def started(self, trial_id: str) -> None:
        """A worker has taken a trial."""
        words = "goes on" if self._attempts[trial_id] else "running"
        self.say(f"{self._name(trial_id)}: {words}")

    def completed(self, trial_id: str, step: int | None) -> None:
        """A trial came to its end, or was ended early at a step."""
        record = self._read(trial_id)
        words = "finished"
        if record.state != "finished":
            record = replace(self._closed(record, ""), state="stopped", stopped_at=step)
            self._folder.write(record)
            words = f"stopped at step {step}"
        self._end(record, words)

    def failed(self, trial_id: str, reason: str, *, again: bool) -> None:
        """An attempt failed.

        Args:
            trial_id: the trial.
            reason: what Ray says, for a failure that its process could not write down.
            again: whether the trial is begun again.
        """
        record = self._read(trial_id)
        if record.state == "running":
            record = replace(self._closed(record, _LOST), state="failed")
        elif len(record.attempts) == self._attempts.get(trial_id):
            attempt = Attempt(now(), ended=now(), error=reason)
            record = replace(record, state="failed", attempts=(*record.attempts, attempt))
        self._folder.write(record)
        self._attempts[trial_id] = len(record.attempts)
        last = record.attempts[-1]
        output = self._folder.trial_folder(trial_id) / OUTPUT
        words = f"failed ({last.error}), see {output}"
        if again:
            self.say(f"{self._name(trial_id)}: {words}; it is tried again")
        else:
            self._end(record, words)

    def _end(self, record: TrialRecord, words: str) -> None:
        self._done += 1
        self._ended += 1
        self._queue.ended(record.trial)
        best = self._folder.best(record.trial.id, self._sweep.metric, self._sweep.mode)
        if best is not None:
            words += f", {self._sweep.metric} {best[1]:.4g} at step {best[0]}"
        elif record.state == "finished":
            words += f", without {self._sweep.metric}: {self._instead(record.trial.id)}"
        left = max(self._queue.total - self._done, 0)
        count = f"{self._done} of {self._done + left} done"
        if left:
            pace = (time.monotonic() - self._began) / self._ended
            count += f", about {duration(pace * left)} left"
        self.say(f"{self._name(record.trial.id)}: {words}; {count}")

    def _instead(self, trial_id: str) -> str:
        names = self._folder.metrics(trial_id)
        close = nearest(self._sweep.metric, names)
        return f"{close}its validation metrics are {', '.join(names)}" if names else "it has none"

    def _name(self, trial_id: str) -> str:
        trial = self._read(trial_id).trial
        return f"{trial_id}  {trial.words}, seed {trial.seed}"

    def _read(self, trial_id: str) -> TrialRecord:
        record = self._folder.read(trial_id)
        assert record is not None, trial_id  # given() wrote it
        return record

    def _closed(self, record: TrialRecord, error: str) -> TrialRecord:
        *earlier, last = record.attempts or (Attempt(now()),)
        return replace(record, attempts=(*earlier, replace(last, ended=now(), error=error)))


def log(folder: SweepFolder, line: str) -> None:
    """A line for ``sweep.log`` alone."""
    run_folder.log(folder.path, line, LOG)


def mark_interrupted(folder: SweepFolder) -> None:
    """Trials that a killed sweep left running wait again; call it while the folder is held."""
    for record in folder.records():
        if record.state == "running":
            *earlier, last = record.attempts
            last = replace(last, error="interrupted, with the whole sweep")
            folder.write(replace(record, state="waiting", attempts=(*earlier, last)))
