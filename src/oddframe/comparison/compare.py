"""Several sets of scores on the same videos: their metrics and paired differences."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from oddframe.comparison.paired_differences import (
    PairedDifference,
    paired_differences,
)
from oddframe.comparison.wording import caution, oracle_in_words
from oddframe.errors import OddframeError
from oddframe.evaluation.baselines import measured_baselines
from oddframe.evaluation.beginnings import scores_without_first, without_first
from oddframe.evaluation.bootstrap import RESAMPLES
from oddframe.evaluation.evaluate import chosen_on_validation, own_threshold
from oddframe.evaluation.frame_samples import Truth, frame_samples
from oddframe.evaluation.intervals import Draws, differences
from oddframe.evaluation.map_samples import map_samples
from oddframe.evaluation.metric_names import baseline_name, metric_name
from oddframe.evaluation.metric_samples import MetricSamples, why_undefined
from oddframe.evaluation.metrics.class_metrics import class_counts, class_names
from oddframe.evaluation.metrics.frame_metrics import headline_metric
from oddframe.evaluation.result import Decision, Measured, measured_metrics
from oddframe.evaluation.thresholds import decisions
from oddframe.files.atomic import write_json
from oddframe.files.text_files import read_json
from oddframe.scores.frame_scores import Scores
from oddframe.videos.frame_truth import labelled_videos
from oddframe.videos.manifest import Manifest

FORMAT = "oddframe-comparison/1"

PAIRS = ("all", "first")
"""Which pairs have a difference: every one, or the first name with each other one."""

_ALL_PAIRS_UP_TO = 5


@dataclass(frozen=True)
class Comparison:
    """What ``comparison.json`` holds.

    Attributes:
        dataset, split, videos, resamples, seed: what was compared, and how.
        models: name of a score set to its frame metrics.
        classes: name of a score set to class name to its metrics.
        class_counts: class name to its ``videos`` and ``frames`` (anomalous ones).
        decisions: name of a score set to name of a threshold to the metrics at it.
        differences: every pair in every metric.
        doubts: name of a score set to why its numbers must not be set beside honest ones.
        repeats: name of a model with several score sets (seeds) to metric to the value of each;
            ``models`` holds their mean, with an interval over videos.
        oracle: name to the frame metrics of its checkpoints that were selected on these videos.
        oracle_gaps: name to metric to oracle minus selected, paired: what selection on the test
            videos would have added (:func:`oddframe.comparison.wording.oracle_in_words`).
        origins: name to where its scores come from and how it was selected, in words.
        drawn: name of a model with repeats to which of them curves and timelines show, in words.
        caution: how many of the intervals of differences would exclude zero by chance alone;
            empty where there are few.
        baselines: name of a trivial baseline to the metrics that it reaches on these videos.
        normal_hours: hours watched of frames that are not anomalous, in which false alarms are
            counted; 0 if not known.
        skip_first: frames at the beginning of each video that did not count.
    """

    dataset: str
    split: str
    videos: int
    resamples: int
    seed: int
    models: dict[str, dict[str, Measured]]
    differences: list[PairedDifference]
    classes: dict[str, dict[str, dict[str, Measured]]] = field(default_factory=dict)
    class_counts: dict[str, dict[str, int]] = field(default_factory=dict)
    decisions: dict[str, dict[str, Decision]] = field(default_factory=dict)
    doubts: dict[str, list[str]] = field(default_factory=dict)
    repeats: dict[str, dict[str, list[float | None]]] = field(default_factory=dict)
    oracle: dict[str, dict[str, Measured]] = field(default_factory=dict)
    oracle_gaps: dict[str, dict[str, Measured]] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    drawn: dict[str, str] = field(default_factory=dict)
    caution: str = ""
    baselines: dict[str, dict[str, Measured]] = field(default_factory=dict)
    normal_hours: float = 0.0
    skip_first: int = 0

    def text(self) -> str:
        """What a terminal shows: the main metric in words, and what to bear in mind."""
        main = headline_metric(self.dataset)
        lines = [part.words for part in self.differences if part.metric == main]
        lines += [oracle_in_words(name, main, row[main]) for name, row in self.oracle_gaps.items()]
        lines += [self.caution] if self.caution else []
        lines += [f"{name}: {line}" for name in self.doubts for line in self.doubts[name]]
        beside = [
            f"{baseline_name(name)} {row[main].value:.3f}"
            for name, row in self.baselines.items()
            if main in row and row[main].value is not None
        ]
        if beside:
            label = metric_name(main).label
            lines.append(f"{label} without a look at a pixel: {'; '.join(beside)}")
        lines += [self.single] if self.single else []
        return "\n".join(lines)

    @property
    def single(self) -> str:
        """Which models are one training, and what that leaves open; empty without intervals."""
        names = [name for name in self.models if name not in self.repeats]
        if not names or not self.resamples:
            return ""
        which = f"{names[0]} is" if len(names) == 1 else f"{', '.join(names)} are"
        return (
            f"{which} one set of scores{' each' * (len(names) > 1)}, of one training (one seed) or "
            "not known: the intervals hold the chance in the choice of videos, not that of another "
            "seed."
        )

    def write(self, path: str | Path) -> Path:
        """Write the comparison as JSON, atomically."""
        return write_json(path, {"format": FORMAT, **asdict(self)})

    @classmethod
    def read(cls, path: str | Path) -> Comparison:
        """Read what :meth:`write` wrote.

        Raises:
            OddframeError: the file is missing or is not a comparison.
        """
        path = Path(path)
        row = read_json(path, "a comparison", advice="make it with 'oddframe compare'")
        try:
            if row.pop("format", None) != FORMAT:
                raise ValueError(f"another format than '{FORMAT}'")
            for key in ("models", "oracle", "oracle_gaps", "baselines"):
                rows = row["models"] if key == "models" else row.get(key, {})
                row[key] = {name: measured_metrics(metrics) for name, metrics in rows.items()}
            row["classes"] = {
                name: {title: measured_metrics(metrics) for title, metrics in classes.items()}
                for name, classes in row.get("classes", {}).items()
            }
            row["decisions"] = {
                name: {title: Decision.from_json(part) for title, part in decided.items()}
                for name, decided in row.get("decisions", {}).items()
            }
            row["differences"] = [
                PairedDifference(value=Measured(**part.pop("value")), **part)
                for part in row["differences"]
            ]
            return cls(**row)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise OddframeError(f"{path}: expected a comparison, found {error}") from error


def compare_scores(
    named: Mapping[str, Scores | Sequence[Scores]],
    manifest: Manifest,
    *,
    oracle: Mapping[str, Sequence[Scores]] | None = None,
    maps: Mapping[str, Sequence[Mapping[str, np.ndarray]]] | None = None,
    origins: Mapping[str, str] | None = None,
    split: str = "test",
    skip_first: int = 0,
    pairs: str | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Metrics of several score sets, and paired differences of their frame metrics.

    All sets are resampled alike, so what two of them have in common (easy and hard videos)
    cancels, and a difference can be certain where the two intervals overlap.

    Several score sets of one name are repeats of one training with other seeds: on each resample
    of the videos, the metric of that name is the mean of the repeats' metrics. So its interval
    covers the chance in the videos; that in the training shows in ``repeats``. What is decided at
    a threshold belongs to one score set, so names with repeats have no ``decisions``.

    Args:
        named: name to scores, or to the scores of its repeats; at least two names.
        manifest: the truth.
        oracle: name to scores of the checkpoints of the same trainings that were selected on
            these very videos, as many as ``named`` has of it.
        maps: name to the score maps of each of its sets, video id to ``(frames, h, w)``, for the
            localisation metrics; where a set has none, its model has no such numbers.
        origins: name to where its scores come from, in words.
        split: the split to evaluate. A set that covers the validation videos too gets thresholds
            chosen on them.
        skip_first: frames at the beginning of each video that do not count, as in papers on
            prediction; the same for all.
        pairs: ``all``, or ``first`` for the first name against each other one; by default all
            for up to five names.
        resamples: bootstrap resamples.
        seed: fixes the resamples of the bootstrap; that of the evaluations gives their intervals.

    Raises:
        OddframeError: fewer than two names, another number of oracle sets than of repeats, or
            scores that do not fit the videos.
    """
    if len(named) < 2:
        raise OddframeError(f"compare: expected at least two sets of scores, found {len(named)}")
    several = {name: _listed(name, scores) for name, scores in named.items()}
    best = {name: _listed(name, scores) for name, scores in (oracle or {}).items() if scores}
    _check_oracle(several, best)
    chosen_pairs = _pairs(list(several), pairs)
    every_frame = Truth.of(labelled_videos(manifest, split))
    truth = Truth.of(without_first(every_frame.videos, skip_first))

    def aligned(part: Scores) -> Scores:
        return scores_without_first(part.of_split(manifest, split), skip_first)

    draws = Draws.of(truth.anomalous, resamples, seed)
    weights = draws.weights
    names = class_names(truth.videos)
    maps = maps or {}
    in_place = any(video.mask or video.tracks for video in truth.videos) and any(
        part for parts in maps.values() for part in parts
    )
    samples: dict[str, MetricSamples] = {}
    decided, repeats = {}, {}
    for name, sets in several.items():
        with _named(name):
            found = [frame_samples(aligned(part), truth, weights, names) for part in sets]
            if in_place:
                beside = maps.get(name) or [{}] * len(sets)
                found = [
                    replace(part, metrics={**part.metrics, **located})
                    for part, own in zip(found, beside, strict=True)
                    for located, _ in [map_samples(own, every_frame, manifest.root, weights)]
                ]
            if len(sets) == 1:
                own = aligned(sets[0])
                chosen = own_threshold(own) | chosen_on_validation(sets[0], manifest, split)
                decided[name] = decisions(own, truth, draws, classes=names, chosen=chosen)
        samples[name] = MetricSamples.mean_of(found)
        if len(sets) > 1:
            repeats[name] = {
                metric: [_plain(part.metrics[metric][0]) for part in found]
                for metric in samples[name].metrics
            }
    best_samples: dict[str, MetricSamples] = {}
    for name, sets in best.items():
        with _named(f"{name}, oracle"):
            found = [frame_samples(aligned(part), truth, weights) for part in sets]
        best_samples[name] = MetricSamples.mean_of(found)
    metrics = {name: part.metrics for name, part in samples.items()}
    return Comparison(
        dataset=manifest.dataset,
        split=split,
        videos=len(truth.videos),
        resamples=len(weights) - 1,
        seed=seed,
        models={name: part.summary(draws) for name, part in samples.items()},
        differences=paired_differences(metrics, repeats, chosen_pairs, draws),
        classes={
            name: part.class_summaries(draws, truth.videos)
            for name, part in samples.items()
            if names
        },
        class_counts={title: class_counts(truth.videos, title) for title in names},
        decisions=decided,
        repeats=repeats,
        oracle={name: part.summary(draws) for name, part in best_samples.items()},
        oracle_gaps={
            name: differences(part.metrics, metrics[name], draws, why_undefined)
            for name, part in best_samples.items()
        },
        origins={name: words for name, words in (origins or {}).items() if name in several},
        drawn={
            name: f"curves and timelines show the first of {len(sets)} repeats"
            for name, sets in several.items()
            if len(sets) > 1
        },
        caution=caution(len(chosen_pairs)) if len(weights) > 1 else "",
        baselines=measured_baselines(truth, draws, seed),
        normal_hours=float(truth.normal_hours.sum()),
        skip_first=skip_first,
    )


def _listed(name: str, scores: Scores | Sequence[Scores]) -> tuple[Scores, ...]:
    sets = (scores,) if isinstance(scores, Scores) else tuple(scores)
    if not sets:
        raise OddframeError(f"compare: '{name}' has no scores; give at least one set")
    return sets


def _check_oracle(
    several: Mapping[str, Sequence[Scores]], best: Mapping[str, Sequence[Scores]]
) -> None:
    for name, sets in best.items():
        expected = len(several.get(name, ()))
        if len(sets) != expected:
            raise OddframeError(
                f"compare: '{name}' has {expected} sets of scores and {len(sets)} of its oracle; "
                "give one oracle set per repeat, or none"
            )


def _pairs(names: list[str], which: str | None) -> list[tuple[str, str]]:
    if which not in (None, *PAIRS):
        raise OddframeError(f"--pairs: expected {' or '.join(PAIRS)}, found '{which}'")
    if which == "all" or (which is None and len(names) <= _ALL_PAIRS_UP_TO):
        return list(itertools.combinations(names, 2))
    return [(names[0], other) for other in names[1:]]


@contextmanager
def _named(name: str) -> Generator[None]:
    """Says which score set it is that does not fit."""
    try:
        yield
    except OddframeError as error:
        raise OddframeError(f"'{name}': {error}") from None


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
