"""What a sweep consists of: its trials, or the distributions that they are drawn from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal

Mode = Literal["max", "min"]
Kind = Literal["uniform", "log_uniform", "integer", "choice"]
_DIGITS = 10


@dataclass(frozen=True)
class Trial:
    """One training of a sweep.

    Attributes:
        id: ten hexadecimal digits that follow from detector, settings and seed alone, so that a
            trial is known again wherever it stands in the sweep file.
        configuration: digits that follow from detector and settings, so equal for all seeds.
        settings: everything that is passed to the training.
        varied: the part of the settings that is not the same in every trial.
        seed: fixes every random choice of the training.
    """

    id: str
    configuration: str
    settings: dict[str, Any]
    varied: dict[str, Any]
    seed: int

    @property
    def words(self) -> str:
        """What varies, for a person: ``dropout 0.7, widths [64, 128]``; a dash if nothing does."""
        return ", ".join(f"{name} {value}" for name, value in self.varied.items()) or "-"


@dataclass(frozen=True)
class Stopping:
    """Early stopping by successive halving (ASHA).

    Attributes:
        grace: training steps that every trial gets.
        reduction: only the best of so many go on, at ``grace``, ``grace * reduction``, ... steps.
    """

    grace: int
    reduction: int = 3


@dataclass(frozen=True)
class Distribution:
    """What a setting is drawn from.

    Attributes:
        kind: ``uniform`` or ``log_uniform`` between two numbers, ``integer`` from the first to the
            last, both included, or one of the values of a ``choice``.
        values: the two ends, or the values to choose from.
    """

    kind: Kind
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Sweep:
    """A sweep, as :func:`oddframe.sweeps.sweep_file.read_sweep` reads it.

    Attributes:
        file: the sweep file.
        folder: where its trials are; absolute, like every path here.
        detector: name of the detector.
        manifest: the data set.
        features: folder of features, for detectors that are trained on them.
        root: folder that the manifest's paths are relative to, if the data moved.
        settings: shared by all trials.
        grid: setting to its values; every combination is a trial, the last name varies fastest.
        runs: settings of single trials.
        distributions: setting to what it is drawn from; then there is neither grid nor runs.
        samples: configurations that are drawn.
        seeds: every configuration is trained with each.
        metric: by which configurations are chosen, ``val/NAME``.
        mode: whether a high or a low metric is good.
        search: how configurations are drawn.
        stopping: when to give up a trial; None trains all to the end.
        retries: how often a failed trial is begun again.
        cpus, gpus: how many a trial needs; fractions let trials share.
        device, precision: those of ``oddframe train``.
        oracle: also keep the checkpoint that is best on the test videos, labelled oracle.
        score: score and evaluate the test videos after the training.
        track: trackers to send runs to; None leaves it to the default.
    """

    file: Path
    folder: Path
    detector: str
    manifest: Path
    features: Path | None
    root: Path | None
    settings: dict[str, Any]
    grid: dict[str, tuple[Any, ...]]
    runs: tuple[dict[str, Any], ...]
    distributions: dict[str, Distribution]
    samples: int
    seeds: tuple[int, ...]
    metric: str
    mode: Mode
    search: Literal["random", "optuna"]
    stopping: Stopping | None
    retries: int
    cpus: float
    gpus: float
    device: str
    precision: str
    oracle: bool
    score: bool
    track: list[str] | None

    @property
    def name(self) -> str:
        """What it is called: the name of its folder."""
        return self.folder.name

    @property
    def count(self) -> int:
        """Number of trials: those that are listed, or those that are to be drawn."""
        return self.samples * len(self.seeds) if self.distributions else len(self.trials())

    def configurations(self) -> list[dict[str, Any]]:
        """What varies, of each configuration of the grid and then of the runs."""
        names = list(self.grid)
        found = [dict(zip(names, values, strict=True)) for values in product(*self.grid.values())]
        return [*(found if names else []), *self.runs]

    def trials(self) -> tuple[Trial, ...]:
        """The trials of grid and runs in the order of the file, seeds innermost, none twice.

        Distributions have no trials before they are drawn; the result is empty for them.
        """
        all_ = (self.trial(varied, seed) for varied in self.configurations() for seed in self.seeds)
        found: dict[str, Trial] = {}
        for trial in all_:
            found.setdefault(trial.id, trial)
        return tuple(found.values())

    def trial(self, varied: Mapping[str, Any], seed: int) -> Trial:
        """The trial with these settings beside the shared ones."""
        settings = {**self.settings, **varied}
        configuration = _digest({"detector": self.detector, "settings": settings})
        whole = _digest({"detector": self.detector, "settings": settings, "seed": seed})
        return Trial(whole, configuration, settings, dict(varied), seed)

    def steps(self, settings: Mapping[str, Any]) -> int:
        """Training steps of a trial; 0 for a detector that is fitted in one go."""
        if "steps" in settings:
            return int(settings["steps"])
        from oddframe.detectors import load

        module = load(self.detector)
        return module.CONFIG.steps if module.DETECTOR.traits.trained == "in steps" else 0


def _digest(value: dict[str, Any]) -> str:
    text = json.dumps(_canonical(value), sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _canonical(value: Any) -> Any:
    """Settings in one spelling: 100 for 100.0, a list for a tuple, since they train the same."""
    if isinstance(value, Mapping):
        return {str(key): _canonical(part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_canonical(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
