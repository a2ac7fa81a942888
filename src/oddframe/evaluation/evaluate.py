"""Evaluate any scores against a manifest."""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

import oddframe
from oddframe.console.words import FOOTAGE, count
from oddframe.errors import OddframeError
from oddframe.evaluation import beginnings
from oddframe.evaluation.alarm_curves import alarm_curves
from oddframe.evaluation.baselines import measured_baselines
from oddframe.evaluation.beginnings import scores_without_first, without_first
from oddframe.evaluation.bootstrap import RESAMPLES
from oddframe.evaluation.frame_samples import (
    Truth,
    frame_samples,
    peak_samples,
    threshold_samples,
)
from oddframe.evaluation.intervals import Draws, summarise
from oddframe.evaluation.map_samples import map_samples
from oddframe.evaluation.metric_samples import MetricSamples
from oddframe.evaluation.metrics.class_metrics import class_counts, class_names
from oddframe.evaluation.metrics.false_alarms import BORDER_SECONDS
from oddframe.evaluation.metrics.frame_metrics import drawn_curves
from oddframe.evaluation.metrics.persistence import REACH
from oddframe.evaluation.result import Decision, Evaluation
from oddframe.evaluation.surprise_curve import are_surprises, surprise_curve
from oddframe.evaluation.thresholds import (
    OWN,
    DecisionThreshold,
    decisions,
    validation_part,
    validation_thresholds,
)
from oddframe.scores.detections import EventRule
from oddframe.scores.frame_scores import Scores, is_per_video
from oddframe.videos.frame_truth import labelled_videos
from oddframe.videos.manifest import Manifest

PER_VIDEO_WARNING = (
    "the scores are normalised per video, which needs the whole test video and hides that "
    "videos are not comparable; do not set these numbers beside others"
)


def evaluate_scores(
    scores: Scores,
    manifest: Manifest,
    *,
    split: str = "test",
    validation: Scores | None = None,
    oracle: Scores | None = None,
    maps: Mapping[str, np.ndarray] | None = None,
    simple_rules: Mapping[str, Scores] | None = None,
    skip_first: int = 0,
    persistence: float | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Evaluation:
    """Every metric that the scores and the annotation allow, with intervals and baselines.

    Args:
        scores: one score per frame of each video of the split. Those of all validation videos, if
            they are there too, serve to choose thresholds; scores of other splits are ignored.
        manifest: the truth.
        split: the split to evaluate.
        validation: scores of the ``val`` split by the same model, to choose thresholds on; where
            not given, those in ``scores``.
        oracle: scores of the split by a checkpoint that was selected on the split; its numbers
            become a second column under the name oracle.
        maps: video id to score maps ``(frames, h, w)``, for the localisation metrics.
        simple_rules: by name scores of the split by rules that see what the detector saw; they
            stand among the trivial baselines.
        skip_first: frames at the beginning of each video that do not count, as in papers on
            prediction; they do count in localisation, and where thresholds are chosen.
        persistence: also count events at the peaks of the scores that persist by more than this
            (see :mod:`oddframe.evaluation.metrics.persistence`).
        resamples: bootstrap resamples; 0 for numbers without intervals.
        seed: fixes the resamples of the bootstrap, and the random baseline.

    Returns:
        Every number; AUC and the like from 0 to 1, times in seconds.

    Raises:
        OddframeError: scores that do not fit the videos, or videos without frame labels.
    """
    videos = labelled_videos(manifest, split)
    chosen = chosen_on_validation(scores, manifest, split, validation)
    scores = scores.of_split(manifest, split)
    digest = _digest(scores)
    every_frame = Truth.of(videos)
    videos = without_first(videos, skip_first)
    scores = scores_without_first(scores, skip_first)
    truth = Truth.of(videos)
    draws = Draws.of(truth.anomalous, resamples, seed)
    weights = draws.weights
    classes = class_names(videos)
    samples = frame_samples(scores, truth, weights, classes)
    alarming = scores.alarming
    simple = {
        name: scores_without_first(part.of_split(manifest, split), skip_first)
        for name, part in (simple_rules or {}).items()
    }
    metrics = samples.summary(draws)
    rule = EventRule.of(scores.meta)
    decided = decisions(
        *(alarming, truth, draws),
        classes=classes,
        chosen=own_threshold(scores) | chosen,
    )
    best = {}
    if oracle is not None:
        try:
            oracle = oracle.of_split(manifest, split)
            oracle = scores_without_first(oracle, skip_first)
        except OddframeError as error:
            raise OddframeError(f"oracle scores: {error}") from None
        best = frame_samples(oracle, truth, weights).summary(draws)
        decided |= _of_oracle(decisions(oracle.alarming, truth, draws))
    if rule is not None:
        metrics |= threshold_samples(alarming, truth, weights, rule).summary(draws)
    at_peaks = (
        peak_samples(alarming, truth, weights, persistence) if persistence is not None else None
    )
    if at_peaks is not None:
        metrics |= at_peaks.summary(draws)
    localisation = "no score maps were given"
    if maps is not None:
        located, localisation = map_samples(maps, every_frame, manifest.root, weights)
        metrics |= summarise(located, draws, lambda _: localisation)
    if maps is not None and skip_first:
        localisation += "; over every frame"
    return Evaluation(
        dataset=manifest.dataset,
        split=split,
        videos=len(videos),
        anomalous_videos=int(truth.anomalous.sum()),
        frames=int(truth.lengths.sum()),
        anomalous_frames=int(truth.positive.sum()),
        metrics=metrics,
        baselines=measured_baselines(truth, draws, seed, simple),
        classes=samples.class_summaries(draws, videos),
        class_counts={name: class_counts(videos, name) for name in classes},
        decisions=decided,
        oracle=best,
        curves=drawn_curves(truth.labels, np.concatenate([scores[video.id] for video in videos]))
        | alarm_curves(alarming, truth, draws, rule)
        | surprise_curve(scores, truth, draws),
        normal_hours=float(truth.normal_hours.sum()),
        protocol={
            **_protocol(scores, manifest, rule, chosen, skip_first),
            "bootstrap": _bootstrap_note(truth, resamples, len(weights) - 1, seed),
            "localisation": localisation,
            **({} if at_peaks is None else _peaks_note(at_peaks, persistence)),
            **({"oracle_meta": dict(oracle.meta)} if oracle is not None else {}),
        },
        versions=_versions(),
        hashes={**manifest.annotations, "scores": digest},
    )


def chosen_on_validation(
    scores: Scores, manifest: Manifest, split: str, validation: Scores | None = None
) -> dict[str, DecisionThreshold]:
    """Thresholds chosen on validation, by name; none without validation scores.

    Args:
        scores: the model's scores; used where they cover the whole ``val`` split.
        manifest: the truth.
        split: the split to evaluate. On ``val`` itself nothing can be chosen honestly.
        validation: the model's scores of the ``val`` split, in a file of their own.

    Raises:
        OddframeError: validation scores that do not fit, or labels that allow no choice.
    """
    videos = manifest.split("val")
    if split == "val" or validation is None:
        part = None if split == "val" else validation_part(scores, manifest)
        return {} if part is None else validation_thresholds(part.alarming, videos)
    if not videos:
        raise OddframeError(
            f"manifest of {manifest.dataset}: validation scores were given, but it has no split "
            "'val'; prepare it with a validation split"
        )
    try:
        part = validation.of_split(manifest, "val")
    except OddframeError as error:
        raise OddframeError(f"validation scores: {error}") from None
    return validation_thresholds(part.alarming, videos)


def _of_oracle(decided: Mapping[str, Decision]) -> dict[str, Decision]:
    """Decisions with the scores of a test-selected checkpoint, named so that nobody errs."""
    where = "{}; the checkpoint was selected on the evaluated videos"
    return {
        f"oracle_checkpoint_{name.removeprefix('oracle_')}": replace(
            part, oracle=True, chosen_on=where.format(part.chosen_on)
        )
        for name, part in decided.items()
    }


def own_threshold(scores: Scores) -> dict[str, DecisionThreshold]:
    """The threshold that travels with the scores, under the name ``run``; none if there is none."""
    value = scores.threshold
    if value is None:
        return {}
    source = str(scores.meta.get("threshold_source") or "a source that is not stated")
    source = re.sub(r"^threshold [^:]*: ", "", source)  # the number is told apart
    footage = next((words for words in FOOTAGE if words in source), source)
    return {"run": DecisionThreshold(value, OWN, footage)}


def _protocol(
    scores: Scores,
    manifest: Manifest,
    rule: EventRule | None,
    chosen: Mapping[str, DecisionThreshold],
    skip_first: int,
) -> dict[str, Any]:
    meta = scores.meta
    usual = EventRule(0.0)
    merged = (rule or usual).words
    if merged != usual.words:  # detectors are compared by one rule
        merged += f" (at a fixed recall: {usual.words})"
    scaled, cut = is_per_video(meta), skip_first > 0
    return {
        "warnings": [PER_VIDEO_WARNING] * scaled + [beginnings.warning(skip_first)] * cut,
        "detector": meta.get("detector", "not stated"),
        "causal": meta.get("causal", "not stated"),
        "smoothing_seconds": meta.get("smoothing_seconds", "not stated"),
        "normalisation": meta.get("normalisation", "not stated"),
        "threshold": None if rule is None else rule.threshold,
        "scores_meta": dict(meta),
        "source": manifest.source,
        "label_rule": manifest.label_rule,
        "skip_first": skip_first,
        "frames": f"every frame of every video{f' from frame {skip_first} on' * cut} counts once; "
        "scores as given, not rescaled",
        "macro_auc": "mean over the videos that have both anomalous and normal frames",
        "macro_auc_padded": "as in much of the literature: every video gets a normal frame below "
        "and an anomalous frame above all its scores; flatters",
        "alarms": f"runs of frames above the threshold, {merged}; "
        "false if they touch no anomalous frame, as is what of one is above the threshold further "
        f"from every event than {BORDER_SECONDS:g} s, or than the merged gap if that is less; per "
        "hour of frames that are not anomalous",
        "calibration": "normal frames that score as high, over those that the scores promise"
        if are_surprises(meta)
        else "left out: the scores do not say how rare they are in normal footage",
        "decisions": "frames above a threshold are anomalous; fixed in the resamples; "
        + (
            next(iter(chosen.values())).chosen_on
            if chosen
            else "none chosen on validation: no scores of validation videos with both labels"
        ),
        "threshold_metrics": "at the threshold that travels with the scores"
        if rule is not None
        else "left out: the scores carry no threshold (false alarms at fixed recall need none)",
    }


def _peaks_note(samples: MetricSamples, level: float | None) -> dict[str, Any]:
    """How events were counted at peaks, and the counts as papers print them."""
    false = samples.metrics["false_alarms_at_peaks"][0]
    return {
        "persistence": level,
        "peaks": f"at peaks of the scores that persist by more than {level:g}: "
        f"{samples.counted['events_at_peaks'].words} events and {count(int(false), 'false alarm')} "
        f"(peaks closer than {REACH} frames are one, detected is what is within {REACH} of them)",
    }


def _bootstrap_note(truth: Truth, wanted: int, drawn: int, seed: int) -> str:
    anomalous, videos = int(truth.anomalous.sum()), len(truth.videos)
    if wanted == 0:
        return "no intervals, except of counted alarms and events: no resamples were asked for"
    if drawn == 0:
        return (
            "no intervals, except of counted alarms and events: they take two videos of a kind, "
            "anomalous or normal, to draw from"
        )
    return (
        f"95 % intervals by Student's t from {drawn} resamples of whole videos, {anomalous} "
        f"anomalous and {videos - anomalous} normal ones drawn separately, seed {seed}; exact "
        "bounds where few alarms or events are counted"
    )


def _versions() -> dict[str, str]:
    versions = {"oddframe": oddframe.__version__, "python": platform.python_version()}
    for package in ("numpy", "opencv-python-headless"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def _digest(scores: Scores) -> str:
    """SHA-256 over the ids and the values as they are ranked, in order."""
    digest = hashlib.sha256()
    for key in scores:
        digest.update(key.encode() + b"\0")
        digest.update(np.ascontiguousarray(scores[key]).tobytes())
    return digest.hexdigest()
