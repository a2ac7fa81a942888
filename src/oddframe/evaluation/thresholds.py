"""Decisions at a threshold: fixed, chosen on validation, or (an oracle) chosen on the test.

A frame is called anomalous if its score is strictly greater than the threshold, here as anywhere
in oddframe; a score of exactly 0.5 at the threshold 0.5 is normal, as ``numpy.rint`` has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from oddframe.console.words import count
from oddframe.errors import OddframeError
from oddframe.evaluation.bootstrap import divide, ratio, weighted
from oddframe.evaluation.frame_samples import Truth
from oddframe.evaluation.intervals import Draws, summarise
from oddframe.evaluation.metrics.class_metrics import WITHIN, ClassFrames
from oddframe.evaluation.metrics.false_alarms import just_below
from oddframe.evaluation.metrics.frame_metrics import counts_by_threshold
from oddframe.evaluation.result import Decision, Measured
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

FIXED = 0.5
"""The threshold of the literature for scores that are probabilities."""

OWN = "own"
"""The rule of a threshold that travels with the scores."""

RULES = ("g_mean", "f1")
"""``g_mean`` maximises sqrt(TPR x (1 - FPR)), ``f1`` the F1 of the anomalous label."""

_ONE_LABEL = "all labels have one value: all normal or all anomalous"
_NOTHING = "no score is above the threshold"


@dataclass(frozen=True)
class DecisionThreshold:
    """A threshold that frames are decided at, and where it comes from.

    Attributes:
        value: scores strictly above it are called anomalous.
        rule: ``fixed``, ``OWN``, or one of ``RULES``.
        chosen_on: where it was chosen, in words.
        oracle: whether it was chosen on the data that it is evaluated on.
    """

    value: float
    rule: str
    chosen_on: str
    oracle: bool = False


def best_thresholds(labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """The threshold that is best by each of :data:`RULES`; among equally good ones the highest.

    Args:
        labels: ``(n,)``, true where anomalous.
        scores: ``(n,)`` float32 or float64.

    Returns:
        By rule the number of their type just below the lowest score that is called anomalous, so
        that "score > threshold" is that decision on these data.

    Raises:
        OddframeError: the labels have one value only.
    """
    levels, true, false = counts_by_threshold(labels, scores)
    anomalous, normal = (float(counts[-1]) if len(counts) else 0.0 for counts in (true, false))
    if anomalous == 0 or normal == 0:
        raise OddframeError(
            "a threshold cannot be chosen: expected anomalous and normal labels, found "
            f"{int(anomalous)} anomalous of {len(scores)}; choose it on a split with both"
        )
    # More normal frames alone make neither better: best is a score of an anomalous frame, or the
    # highest where all are as bad.
    rising = np.flatnonzero(np.diff(true, prepend=true.dtype.type(0)))
    places = np.union1d(0, rising)
    levels, true, false = levels[places], true[places].astype(float), false[places].astype(float)
    # Monotone in the G-mean, and whole numbers, so that equal ones are equal.
    best = {"g_mean": np.argmax(true * (normal - false))}
    best["f1"] = np.argmax(2 * true / (anomalous + true + false))
    return {rule: float(just_below(levels[int(place)])) for rule, place in best.items()}


def validation_thresholds(scores: Scores, videos: Sequence[Video]) -> dict[str, DecisionThreshold]:
    """Thresholds by each rule on validation scores.

    On frame labels if every anomalous video has events; else, since weakly labelled validation
    videos have none, on the videos' labels against the highest score of each.

    Args:
        scores: aligned to the videos.
        videos: those of the validation split, all labelled.

    Returns:
        ``val_g_mean`` and ``val_f1``.

    Raises:
        OddframeError: a video without a label, or one label value only.
    """
    for video in videos:
        if video.label is None:
            raise OddframeError(
                f"validation video '{video.id}' has no label, so no threshold can be chosen with "
                "it; label it normal or anomalous in the manifest"
            )
    if all(video.events for video in videos if video.label == "anomalous"):
        labels = np.concatenate([video.frame_labels() for video in videos])
        values = np.concatenate([scores[video.id] for video in videos])
        how = f"validation: frame labels of {count(len(videos), 'video')}"
    else:
        labels = np.array([video.label == "anomalous" for video in videos])
        values = np.array([scores[video.id].max() for video in videos])
        how = (
            f"validation: labels of {count(len(videos), 'video')} against the highest score of each"
        )
    try:
        return {
            f"val_{rule}": DecisionThreshold(value, rule, how)
            for rule, value in best_thresholds(labels, values).items()
        }
    except OddframeError as error:
        raise OddframeError(f"validation split: {error}") from None


def validation_part(scores: Scores, manifest: Manifest) -> Scores | None:
    """The validation videos' scores, where a scores file holds all of them and both labels."""
    videos = manifest.split("val")
    labels = {video.label for video in videos}
    if labels != {"normal", "anomalous"} or not all(v.id in scores.values for v in videos):
        return None
    return scores.align(videos, scores.values)


def thresholds(
    scores: Scores, labels: np.ndarray, chosen: Mapping[str, DecisionThreshold]
) -> dict[str, DecisionThreshold]:
    """Every threshold to decide at.

    Args:
        scores: anomaly scores of the evaluated videos, in their order.
        labels: bool over all their frames, end to end.
        chosen: those that were chosen elsewhere, such as :func:`validation_thresholds`.

    Returns:
        ``fixed_0.5`` where all scores lie between 0 and 1 (elsewhere 0.5 means nothing); those
        chosen elsewhere, but not the scores' own if it is this 0.5; ``oracle_g_mean`` and
        ``oracle_f1``, chosen on these very videos.
    """
    found = {}
    if are_probabilities([scores]):
        found["fixed_0.5"] = DecisionThreshold(FIXED, "fixed", "nowhere: 0.5 by convention")
    found |= {
        name: part
        for name, part in chosen.items()
        if not (part.rule == OWN and part.value == FIXED and found)
    }
    if 0 < labels.sum() < len(labels):
        values = np.concatenate(list(scores.values.values()))
        for rule, value in best_thresholds(labels, values).items():
            found[f"oracle_{rule}"] = DecisionThreshold(
                value, rule, "the evaluated videos themselves", True
            )
    return found


def are_probabilities(several: Sequence[Scores]) -> bool:
    """Whether all scores of all sets lie between 0 and 1, so that one axis serves them."""
    arrays = [array for scores in several for array in scores.values.values()]
    return all(float(part.min()) >= 0 and float(part.max()) <= 1 for part in arrays)


@dataclass(frozen=True)
class LabelledFrames:
    """Frames of some videos, for counting decisions.

    Attributes:
        scores, labels: per video ``(frames,)``.
    """

    scores: Sequence[np.ndarray]
    labels: Sequence[np.ndarray]

    @property
    def lengths(self) -> np.ndarray:
        """``(videos,)``: frames of each video."""
        return np.array([len(part) for part in self.labels])

    def calls(self, threshold: float) -> tuple[np.ndarray, np.ndarray]:
        """``(videos,)`` each: frames above the threshold that are anomalous, and that are not."""
        above = [part > threshold for part in self.scores]
        true = [(odd & part).sum() for odd, part in zip(above, self.labels, strict=True)]
        alarmed = np.array([part.sum() for part in above])
        return np.array(true), alarmed - np.array(true)

    def samples(self, threshold: float, weights: np.ndarray) -> dict[str, np.ndarray]:
        """The decision metrics on every resample, ``(1 + resamples,)``, NaN where undefined.

        All are undefined where the labels have one value only: F1 and accuracy would be numbers
        there, but say something else. Precision and false discovery rate also need an alarm.
        """
        hits, alarms = self.calls(threshold)
        anomalous = np.array([part.sum() for part in self.labels])
        counted = (hits, alarms, anomalous - hits, self.lengths - anomalous - alarms)
        true, false, missed, passed = (weighted(weights, part) for part in counted)
        odd, calm = true + missed, false + passed
        f1 = divide(2 * true, 2 * true + false + missed)
        f1_normal = divide(2 * passed, 2 * passed + false + missed)
        values = {
            "f1": f1,
            "macro_f1": (f1 + f1_normal) / 2,
            "accuracy": divide(true + passed, odd + calm),
            "precision": divide(true, true + false),
            "recall": divide(true, odd),
            "false_discovery_rate": divide(false, true + false),
        }
        both = (odd > 0) & (calm > 0)
        return {name: np.where(both, part, np.nan) for name, part in values.items()}


def decisions(
    scores: Scores,
    truth: Truth,
    draws: Draws,
    *,
    classes: Sequence[str] = (),
    chosen: Mapping[str, DecisionThreshold] | None = None,
) -> dict[str, Decision]:
    """The metrics at every threshold, by the threshold's name (see :func:`thresholds`).

    They are measured over all frames and per class under the class mask. A threshold stays the same
    in every resample, so an interval holds the chance in the test videos and not that in the choice
    of the threshold.

    Args:
        scores: aligned to the truth's videos.
        truth: the labels.
        draws: the resamples.
        classes: names of the classes to measure apart.
        chosen: thresholds chosen elsewhere, by name.
    """
    found = thresholds(scores, truth.labels, chosen or {})
    frames = LabelledFrames([scores[video.id] for video in truth.videos], truth.each())
    by_class: dict[str, dict[str, dict[str, Measured]]] = {name: {} for name in found}
    for title in classes:
        mask = ClassFrames.of(truth.videos, title)
        own = LabelledFrames(mask.scores(scores), mask.labels)
        drawn = draws.within(mask.places)
        undefined = _NOTHING if _both(np.concatenate(own.labels)) else WITHIN
        for name, threshold in found.items():
            samples = own.samples(threshold.value, drawn.weights)
            by_class[name][title] = summarise(samples, drawn, lambda _, why=undefined: why)
    return {
        name: Decision(
            threshold=threshold.value,
            rule=threshold.rule,
            chosen_on=threshold.chosen_on,
            oracle=threshold.oracle,
            metrics=_metrics(threshold.value, frames, truth, draws),
            classes=by_class[name],
        )
        for name, threshold in found.items()
    }


def _metrics(
    threshold: float, frames: LabelledFrames, truth: Truth, draws: Draws
) -> dict[str, Measured]:
    """The metrics of one decision over all frames."""
    undefined = _NOTHING if _both(truth.labels) else _ONE_LABEL
    samples = frames.samples(threshold, draws.weights)
    _, alarms = frames.calls(threshold)
    normal = ~truth.anomalous
    samples["far_normal_videos"] = ratio(draws.weights, alarms * normal, truth.lengths * normal)
    whys = {"far_normal_videos": "needs normal videos"}
    return summarise(samples, draws, lambda name: whys.get(name, undefined))


def _both(labels: np.ndarray) -> bool:
    return bool(labels.any() and not labels.all())
