"""Several sets of scores on the same videos: their metrics and paired differences."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from oddframe.atomic import write_json
from oddframe.errors import OddframeError
from oddframe.evaluation.bootstrap import RESAMPLES, difference, draw_videos
from oddframe.evaluation.class_metrics import class_counts, class_names
from oddframe.evaluation.evaluate import (
    chosen_on_validation,
    labelled_videos,
    own_threshold,
    scores_of_split,
)
from oddframe.evaluation.frame_samples import Truth, frame_samples, summarise, why_undefined
from oddframe.evaluation.result import Decision, Measured
from oddframe.evaluation.thresholds import decisions
from oddframe.scores import Scores
from oddframe.videos import Manifest

FORMAT = "oddframe-comparison/1"


@dataclass(frozen=True)
class PairedDifference:
    """First minus second in one metric, over the same resamples.

    Attributes:
        first, second: names of the score sets.
        metric: name of the metric.
        value: the difference with its 95 % interval.
        words: the same as a sentence, which says whether the interval excludes zero.
    """

    first: str
    second: str
    metric: str
    value: Measured
    words: str


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
        try:
            row = json.loads(path.read_text(encoding="utf-8"))
            if row.pop("format", None) != FORMAT:
                raise ValueError(f"another format than '{FORMAT}'")
            row["models"] = {
                name: {metric: Measured(**value) for metric, value in metrics.items()}
                for name, metrics in row["models"].items()
            }
            row["classes"] = {
                name: {
                    title: {metric: Measured(**value) for metric, value in metrics.items()}
                    for title, metrics in classes.items()
                }
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
        except FileNotFoundError:
            raise OddframeError(f"{path}: no such file; make it with 'oddframe compare'") from None
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise OddframeError(f"{path}: expected a comparison, found {error}") from error


def compare_scores(
    named: Mapping[str, Scores],
    manifest: Manifest,
    *,
    split: str = "test",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Metrics of several score sets, and paired differences of their frame metrics.

    All sets are resampled alike, so what two of them have in common (easy and hard videos)
    cancels, and a difference can be certain where the two intervals overlap.

    Args:
        named: name to scores; at least two.
        manifest: the truth.
        split: the split to evaluate. A set that covers the validation videos too gets thresholds
            chosen on them.
        resamples: bootstrap resamples.
        seed: of the bootstrap; the same as in the evaluations gives the same intervals.

    Raises:
        OddframeError: fewer than two score sets, or some that do not fit the videos.
    """
    if len(named) < 2:
        raise OddframeError(f"compare: expected at least two sets of scores, found {len(named)}")
    truth = Truth.of(labelled_videos(manifest, split))
    weights = draw_videos(truth.anomalous, resamples, seed)
    names = class_names(truth.videos)
    samples, classes, decided = {}, {}, {}
    for name, scores in named.items():
        try:
            aligned = scores_of_split(scores, manifest, split)
            chosen = chosen_on_validation(scores, manifest, split)
        except OddframeError as error:
            raise OddframeError(f"'{name}': {error}") from None
        found = frame_samples(aligned, truth, weights, names)
        samples[name] = found.metrics
        classes[name] = {title: summarise(part) for title, part in found.classes.items()}
        chosen = own_threshold(aligned) | chosen
        decided[name] = decisions(aligned, truth, weights, classes=names, chosen=chosen)
    differences = []
    for first, second in itertools.combinations(samples, 2):
        for metric, values in samples[first].items():
            gap = difference(values, samples[second][metric], why_undefined(metric))
            words = in_words(first, second, metric, gap)
            differences.append(PairedDifference(first, second, metric, gap, words))
    return Comparison(
        dataset=manifest.dataset,
        split=split,
        videos=len(truth.videos),
        resamples=len(weights) - 1,
        seed=seed,
        models={name: summarise(values) for name, values in samples.items()},
        differences=differences,
        classes=classes if names else {},
        class_counts={title: class_counts(truth.videos, title) for title in names},
        decisions=decided,
    )


def in_words(first: str, second: str, metric: str, gap: Measured) -> str:
    """A paired difference as one sentence."""
    if gap.value is None:
        return f"{metric} of {first} and {second} cannot be compared: {gap.note}."
    if gap.value == 0:
        claim = f"{metric} of {first} equals that of {second}"
    else:
        side = "higher" if gap.value > 0 else "lower"
        claim = f"{metric} of {first} is {side} than that of {second} by {abs(gap.value):.4g}"
    if gap.low is None or gap.high is None:
        return f"{claim}; {gap.note}."
    interval = f"95 % interval of the difference {gap.low:.4g} to {gap.high:.4g}"
    if gap.low > 0 or gap.high < 0:
        return (
            f"{claim} ({interval}): it excludes zero, so the difference is unlikely to be chance."
        )
    return f"{claim} ({interval}): it includes zero, so it may be chance."
