"""What a sweep found: each configuration over its seeds, and which one is chosen.

A configuration is chosen by the validation metric alone. The one that is best on the test videos
is named as well, because papers report it, and always as the oracle that it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from oddframe.evaluation.metric_names import is_share
from oddframe.evaluation.metrics.frame_metrics import headline_metric
from oddframe.evaluation.result import Evaluation, Measured
from oddframe.evaluation.seed_spread import SeedSpread
from oddframe.sweeps.folder import REPORT, SweepFolder
from oddframe.sweeps.plan import Mode
from oddframe.sweeps.trial_record import State, TrialRecord


@dataclass(frozen=True)
class ConfigurationResult:
    """One configuration over its seeds.

    Attributes:
        configuration: hash of its settings.
        records: its trials, in the order of their creation.
        values: finished trial to the sweep's metric of the checkpoint that it kept.
        validation: these values over the seeds; None before one is there.
        test: metric to its value on the test videos, of the same checkpoints.
        oracle: metric to its value on the test videos, of the checkpoints that are best there.
        headline: the test metric by which the data set is ranked; ``""`` without an evaluation.
    """

    configuration: str
    records: tuple[TrialRecord, ...]
    values: dict[str, float]
    validation: SeedSpread | None
    test: dict[str, SeedSpread] = field(default_factory=dict)
    oracle: dict[str, SeedSpread] = field(default_factory=dict)
    headline: str = ""

    @property
    def words(self) -> str:
        """What varies, for a person."""
        return self.records[0].trial.words

    def count(self, state: State) -> int:
        """Trials in a state."""
        return sum(record.state == state for record in self.records)


@dataclass(frozen=True)
class Summary:
    """What a sweep found.

    Attributes:
        metric, mode: by which configurations are chosen.
        configurations: in the order of their creation.
        chosen: the best by the mean of the metric, among those with the most finished seeds.
        oracle: the best by the mean of the headline metric on the test videos, among the same;
            to be shown as an oracle only.
    """

    metric: str
    mode: Mode
    configurations: tuple[ConfigurationResult, ...]
    chosen: ConfigurationResult | None
    oracle: ConfigurationResult | None


def summarise(folder: SweepFolder) -> Summary:
    """Read what a sweep found; a sweep that still runs is summarised as far as it has come.

    Raises:
        OddframeError: not the folder of a sweep, or a damaged file in it.
    """
    begun = folder.begun()
    metric, mode = begun["metric"], begun["mode"]
    together: dict[str, list[TrialRecord]] = {}
    for record in folder.records():
        together.setdefault(record.trial.configuration, []).append(record)
    found = tuple(_result(folder, records, metric) for records in together.values())
    return Summary(metric, mode, found, best(found, mode), _best_on_test(found))


def best(configurations: Sequence[ConfigurationResult], mode: Mode) -> ConfigurationResult | None:
    """The configuration with the best mean on validation; None if none has finished.

    Only those with the most finished seeds are compared, since the mean of a single lucky seed is
    high too easily. The first wins among equals.
    """
    sign = 1 if mode == "max" else -1
    return max(
        _comparable(configurations),
        key=lambda part: sign * part.validation.mean if part.validation else 0.0,
        default=None,
    )


def _best_on_test(configurations: Sequence[ConfigurationResult]) -> ConfigurationResult | None:
    tested = [part for part in _comparable(configurations) if part.headline in part.test]
    return max(tested, key=lambda part: part.test[part.headline].mean, default=None)


def _comparable(configurations: Sequence[ConfigurationResult]) -> list[ConfigurationResult]:
    seeds = [part.validation.n if part.validation else 0 for part in configurations]
    most = max(seeds, default=0)
    return [part for part, n in zip(configurations, seeds, strict=True) if n == most > 0]


def _result(
    folder: SweepFolder, records: Sequence[TrialRecord], metric: str
) -> ConfigurationResult:
    values: dict[str, float] = {}
    test: dict[str, list[float]] = {}
    oracle: dict[str, list[float]] = {}
    headline = ""
    for record in records:
        if record.state != "finished":
            continue
        value = folder.selected(record.trial.id, metric)
        if value is not None:
            values[record.trial.id] = value
        path = folder.trial_folder(record.trial.id) / REPORT
        if path.exists():
            evaluation = Evaluation.read(path)
            if evaluation.split != "test":  # there are no test videos
                continue
            headline = headline_metric(evaluation.dataset)
            _collect(test, evaluation.metrics)
            _collect(oracle, evaluation.oracle)
    return ConfigurationResult(
        records[0].trial.configuration,
        tuple(records),
        values,
        SeedSpread.of(list(values.values()), share=is_share(metric)) if values else None,
        _spreads(test),
        _spreads(oracle),
        headline,
    )


def _collect(values: dict[str, list[float]], metrics: Mapping[str, Measured]) -> None:
    for name, part in metrics.items():
        if part.value is not None:
            values.setdefault(name, []).append(part.value)


def _spreads(values: Mapping[str, list[float]]) -> dict[str, SeedSpread]:
    return {name: SeedSpread.of(part, share=is_share(name)) for name, part in values.items()}


def no_metric(folder: SweepFolder, summary: Summary) -> str:
    """Why nothing can be chosen although trials have finished, in a line; or ``""``."""
    done = [r for part in summary.configurations for r in part.records if r.state == "finished"]
    if summary.chosen is not None or not done:
        return ""
    there = ", ".join(folder.metrics(done[0].trial.id)) or "no validation metric at all"
    return f"nothing can be chosen by {summary.metric}: the trials have {there}"
