"""Which trial comes next: what is left of the sweep file, or what an Optuna study asks for.

Neither knows Ray. Both start from the records on disk, so a sweep that was killed goes on as if
it had not been.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from oddframe.console.installation import how_to_install
from oddframe.errors import OddframeError
from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.plan import Distribution, Sweep, Trial
from oddframe.sweeps.watched_file import WatchedFile

if TYPE_CHECKING:
    import optuna

_DRAWS = 100
"""Draws in a row that give nothing new before the distributions count as used up."""


class Queue(Protocol):
    """Trials to run."""

    def next(self) -> Trial | None:
        """The trial to run next; None if there is none now."""
        ...

    def ended(self, trial: Trial) -> None:
        """Take note of a trial that is finished, stopped, or failed for good."""
        ...

    @property
    def over(self) -> bool:
        """Whether nothing runs, so that no more will come where ``next`` gives none."""
        ...

    @property
    def total(self) -> int:
        """Number of trials of the whole sweep, as known now."""
        ...


def queue_of(file: WatchedFile, folder: SweepFolder) -> Queue:
    """The trials of a sweep that are still to be run.

    Raises:
        OddframeError: distributions, and Optuna is not installed.
    """
    kind = DrawnTrials if file.sweep.distributions else ListedTrials
    return kind(file, folder)


class ListedTrials:
    """The trials of a grid or a list, in the order of the file.

    Those that are finished or stopped are done; failed and interrupted ones are tried again, once
    in an invocation. When nothing is left the file is looked at for more.
    """

    def __init__(self, file: WatchedFile, folder: SweepFolder) -> None:
        self._file, self._folder = file, folder
        self._trials = file.sweep.trials()
        self._settled: set[str] = set()
        self._running: set[str] = set()

    def next(self) -> Trial | None:
        """The first trial that is neither done nor given out; None if there is none now."""
        if self._file.refresh():
            self._trials = self._file.sweep.trials()
        for trial in self._trials:
            if trial.id in self._settled:
                continue
            self._settled.add(trial.id)
            if not _done(self._folder, trial.id):
                self._running.add(trial.id)
                return trial
        return None

    def ended(self, trial: Trial) -> None:
        """Take note of a trial that has ended."""
        self._running.discard(trial.id)

    @property
    def over(self) -> bool:
        """Whether nothing runs."""
        return not self._running

    @property
    def total(self) -> int:
        """Number of trials in the file."""
        return len(self._trials)


class DrawnTrials:
    """Configurations that are drawn from distributions, each repeated over all seeds.

    The study of Optuna is made anew from the records: the mean over seeds of each configuration's
    best validation. What the k-th draw gives follows from k and from what the study knows, so a
    resumed search neither repeats its draws nor forgets what it has seen.

    Raises:
        OddframeError: Optuna is not installed.
    """

    def __init__(self, file: WatchedFile, folder: SweepFolder) -> None:
        if find_spec("optuna") is None:
            raise OddframeError(
                "distributions need Optuna, which is not installed; install it with: "
                f"{how_to_install('ray')}"
            )
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._file, self._folder = file, folder
        sweep = file.sweep
        self._study = optuna.create_study(
            direction="maximize" if sweep.mode == "max" else "minimize"
        )
        self._space = {name: _space(part) for name, part in sweep.distributions.items()}
        self._asked: dict[str, optuna.trial.Trial] = {}
        self._begun: dict[str, dict[str, Any]] = {}
        self._given: set[str] = set()
        self._running: set[str] = set()
        for record in folder.records():
            trial = record.trial
            ours = sweep.trial(trial.varied, trial.seed).id == trial.id
            if ours and _within(trial.varied, sweep.distributions):
                self._begun.setdefault(trial.configuration, trial.varied)
        # Failed and interrupted trials are tried again, so only whole configurations are told.
        for configuration, varied in self._begun.items():
            self._study.enqueue_trial(varied)
            self._asked[configuration] = self._study.ask(self._space)
            if all(_done(folder, trial.id) for trial in self._repeats(varied)):
                self._tell(configuration)

    def next(self) -> Trial | None:
        """A repeat of a configuration that was begun, or else of a new one; None if all ran."""
        self._file.refresh()
        while True:
            for varied in self._begun.values():
                for trial in self._repeats(varied):
                    if trial.id not in self._given and not _done(self._folder, trial.id):
                        self._given.add(trial.id)
                        self._running.add(trial.id)
                        return trial
            if not self._draw():
                return None

    def ended(self, trial: Trial) -> None:
        """Take note of a trial; with the last seed of a configuration the study is told."""
        self._running.discard(trial.id)
        ids = {part.id for part in self._repeats(trial.varied)}
        over = all(id in self._given or _done(self._folder, id) for id in ids)
        if over and not ids & self._running:
            self._tell(trial.configuration)

    @property
    def over(self) -> bool:
        """Whether nothing runs."""
        return not self._running

    @property
    def total(self) -> int:
        """Number of trials that the file asks for."""
        return self._file.sweep.count

    def _repeats(self, varied: dict[str, Any]) -> list[Trial]:
        sweep = self._file.sweep
        return [sweep.trial(varied, seed) for seed in sweep.seeds]

    def _draw(self) -> bool:
        """Ask for a configuration that was not there before; False if there shall be no more."""
        if len(self._begun) >= self._file.sweep.samples:
            return False
        import optuna

        for again in range(_DRAWS):
            self._study.sampler = _sampler(self._file.sweep, len(self._begun), again)
            asked = self._study.ask(self._space)
            trial = self._file.sweep.trial(asked.params, self._file.sweep.seeds[0])
            if trial.configuration not in self._begun:
                self._begun[trial.configuration] = dict(asked.params)
                self._asked[trial.configuration] = asked
                return True
            self._study.tell(asked, state=optuna.trial.TrialState.FAIL)
        return False

    def _tell(self, configuration: str) -> None:
        """Tell the study the mean over seeds, or that the configuration failed."""
        import optuna

        asked = self._asked.pop(configuration, None)
        if asked is None:
            return
        values = []
        for trial in self._repeats(self._begun[configuration]):
            value = self._value(trial) if _done(self._folder, trial.id) else None
            if value is None:
                self._study.tell(asked, state=optuna.trial.TrialState.FAIL)
                return
            values.append(value)
        self._study.tell(asked, float(np.mean(values)))

    def _value(self, trial: Trial) -> float | None:
        """The metric of the checkpoint that was kept, or the best so far of a stopped trial."""
        sweep = self._file.sweep
        kept = self._folder.selected(trial.id, sweep.metric)
        best = self._folder.best(trial.id, sweep.metric, sweep.mode)
        return best[1] if kept is None and best else kept


def _done(folder: SweepFolder, trial_id: str) -> bool:
    record = folder.read(trial_id)
    return record is not None and record.done


def _within(varied: dict[str, Any], distributions: dict[str, Distribution]) -> bool:
    """Whether these values can have been drawn from these distributions."""
    return set(varied) == set(distributions) and all(
        varied[name] in part.values
        if part.kind == "choice"
        else part.values[0] <= varied[name] <= part.values[1]
        for name, part in distributions.items()
    )


def _space(part: Distribution) -> optuna.distributions.BaseDistribution:
    from optuna import distributions

    match part.kind:
        case "choice":
            with warnings.catch_warnings():
                # A choice of lists could not be kept in a database, and is not.
                warnings.simplefilter("ignore", UserWarning)
                return distributions.CategoricalDistribution(part.values)
        case "integer":
            return distributions.IntDistribution(*part.values)
        case "uniform":
            return distributions.FloatDistribution(*part.values)
    return distributions.FloatDistribution(*part.values, log=True)


def _sampler(sweep: Sweep, drawn: int, again: int) -> optuna.samplers.BaseSampler:
    """A sampler whose choice follows from the number of earlier draws."""
    from optuna import samplers

    seed = int(np.random.SeedSequence((drawn, again)).generate_state(1)[0])
    if sweep.search == "optuna":
        return samplers.TPESampler(seed=seed)
    return samplers.RandomSampler(seed=seed)
