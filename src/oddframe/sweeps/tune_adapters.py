"""The queue, the journal and early stopping as Ray Tune calls them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ray import tune
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search import Searcher

from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.journal import Journal
from oddframe.sweeps.plan import Sweep, Trial
from oddframe.sweeps.search import Queue
from oddframe.sweeps.trainable import STEP

_SHOWN = 300
"""Characters of an error that are kept."""
_NEVER = 1 << 62
"""A step that no training reaches: ASHA would end a trial there."""


class QueueSearcher(Searcher):
    """Hands out the trials of a queue.

    Args:
        sweep: the sweep.
        queue: its trials.
        journal: told of each trial before it runs.
        first: a trial that was taken from the queue already.
    """

    def __init__(self, sweep: Sweep, queue: Queue, journal: Journal, first: Trial) -> None:
        super().__init__()
        self._sweep, self._queue, self._journal = sweep, queue, journal
        self._waiting = [first]

    def suggest(self, trial_id: str) -> Any:  # noqa: ARG002
        """What :class:`SweepTrial` is to do next; None: nothing now; FINISHED: nothing any more."""
        trial = self._waiting.pop() if self._waiting else self._queue.next()
        if trial is None:
            return Searcher.FINISHED if self._queue.over else None
        self._journal.given(trial)
        return {
            "sweep": str(self._sweep.folder),
            "trial": trial.id,
            "metric": self._sweep.metric,
            "steps": self._sweep.steps(trial.settings),
            "threads": max(1, int(self._sweep.cpus)),
            "gpu": self._sweep.gpus > 0,
        }

    def on_trial_complete(self, *_: Any, **__: Any) -> None:
        """Nothing: the journal tells the queue, when it has written the record."""

    def save(self, checkpoint_path: str) -> None:
        """Nothing: a queue is made anew from the records."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing, as above."""


class JournalCallback(tune.Callback):
    """Tells the journal what Tune does with the trials."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:  # noqa: ARG002
        """A worker begins with a trial."""
        self._journal.started(_id(trial))

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:  # noqa: ARG002
        """A trial is done, or early stopping has ended it."""
        # Tune may keep the actor for a trial that is to come, and its process would train on.
        if (actor := trial.temporary_state.ray_actor) is not None:
            actor.cleanup.remote()
        self._journal.completed(_id(trial), trial.last_result.get(STEP))

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:  # noqa: ARG002
        """An attempt failed, and another one follows."""
        self._journal.failed(_id(trial), _reason(trial), again=True)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:  # noqa: ARG002
        """The last attempt failed."""
        self._journal.failed(_id(trial), _reason(trial), again=False)


def _id(trial: Any) -> str:
    return trial.config["trial"]


def _reason(trial: Any) -> str:
    """The last line of what Tune knows of a failure."""
    lines = [line for line in str(trial.get_error() or "").splitlines() if line.strip()]
    return lines[-1].strip()[:_SHOWN] if lines else "Ray gives no reason"


def early_stopping(sweep: Sweep, folder: SweepFolder) -> ASHAScheduler | None:
    """ASHA, if the sweep stops early.

    It is shown the curves of the trials that are done, so that those of a resumed sweep are
    compared with them.
    """
    if sweep.stopping is None:
        return None
    scheduler = ASHAScheduler(
        time_attr=STEP,
        metric=sweep.metric,
        mode=sweep.mode,
        max_t=_NEVER,
        grace_period=sweep.stopping.grace,
        reduction_factor=sweep.stopping.reduction,
    )
    split, _, name = sweep.metric.partition("/")
    controller: Any = None
    for record in folder.records():
        if not record.done:
            continue
        known: Any = SimpleNamespace(trial_id=f"done-{record.trial.id}")
        scheduler.on_trial_add(controller, known)
        for line in folder.curve(record.trial.id):
            if line["split"] == split and name in line:
                found = {STEP: line[STEP], sweep.metric: line[name]}
                scheduler.on_trial_result(controller, known, found)
    return scheduler
