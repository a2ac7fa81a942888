"""Several sets of scores on the same videos: their metrics and paired differences."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from oddframe.comparison.paired_differences import paired_differences
from oddframe.comparison.result import Comparison
from oddframe.comparison.wording import caution
from oddframe.errors import OddframeError
from oddframe.evaluation.baselines import measured_baselines
from oddframe.evaluation.beginnings import scores_without_first, without_first
from oddframe.evaluation.bootstrap import RESAMPLES
from oddframe.evaluation.evaluate import chosen_on_validation, own_threshold
from oddframe.evaluation.frame_samples import Truth, frame_samples
from oddframe.evaluation.intervals import Draws, differences
from oddframe.evaluation.map_samples import map_samples
from oddframe.evaluation.metric_samples import MetricSamples, why_undefined
from oddframe.evaluation.metrics.class_metrics import class_counts, class_names
from oddframe.evaluation.thresholds import decisions
from oddframe.scores.frame_scores import Scores
from oddframe.videos.frame_truth import labelled_videos
from oddframe.videos.manifest import Manifest

PAIRS = ("all", "first")
"""Which pairs have a difference: every one, or the first name with each other one."""

_ALL_PAIRS_UP_TO = 5


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
                decided[name] = decisions(own.alarming, truth, draws, classes=names, chosen=chosen)
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
