"""Decisions at a threshold: fixed, chosen on validation, or (an oracle) chosen on the test.

A frame is called anomalous if its score is strictly greater than the threshold, here as anywhere
in oddframe; a score of exactly 0.5 at the threshold 0.5 is normal, as ``numpy.rint`` has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from oddframe.errors import OddframeError
from oddframe.evaluation.bootstrap import divide, measured
from oddframe.evaluation.class_metrics import WITHIN, ClassFrames
from oddframe.evaluation.false_alarms import just_below
from oddframe.evaluation.frame_metrics import counts_by_threshold
from oddframe.evaluation.frame_samples import Truth
from oddframe.evaluation.result import Decision, Measured
from oddframe.scores import Scores
from oddframe.videos import Manifest, Video
from oddframe.words import count

FIXED = 0.5
"""The threshold of the literature for scores that are probabilities."""

OWN = "own"
"""The rule of a threshold that travels with the scores."""

RULES = ("g_mean", "f1")
"""``g_mean`` maximises sqrt(TPR x (1 - FPR)), ``f1`` the F1 of the anomalous label."""

_ONE_LABEL = "all labels have one value: all normal or all anomalous"
_NOTHING = "no score is above the threshold"


@dataclass(frozen=True)
class Threshold:
    """A threshold and where it comes from.

    Attributes:
        value: scores strictly above it are called anomalous.
        rule: ``fixed``, ``OWN``, or one of ``RULES``.
        chosen_on: in words.
        oracle: whether it was chosen on the data that it is evaluated on.
    """

    value: float
    rule: str
    chosen_on: str
    oracle: bool = False


def best_threshold(labels: np.ndarray, scores: np.ndarray, rule: str) -> float:
    """The threshold that is best by a rule; among equally good ones the highest.

    Args:
        labels: ``(n,)``, true where anomalous.
        scores: ``(n,)`` float32 or float64.
        rule: one of ``RULES``.

    Returns:
        The number of their type just below the lowest score that is called anomalous, so that
        "score > threshold" is that decision on these data.

    Raises:
        OddframeError: the labels have one value only.
    """
    levels, true, false = counts_by_threshold(labels, scores)
    if not len(levels) or true[-1] == 0 or false[-1] == 0:
        raise OddframeError(
            "a threshold cannot be chosen: expected anomalous and normal labels, found "
            f"{0 if not len(levels) else int(true[-1])} anomalous of {len(scores)}; choose it on "
            "a split with both"
        )
    # Monotone in the G-mean, and whole numbers, so that equal ones are equal.
    g_mean = true * (false[-1] - false)
    f1 = 2 * true / (true[-1] + true + false)
    lowest = levels[int(np.argmax(g_mean if rule == "g_mean" else f1))]
    return float(just_below(lowest.astype(scores.dtype)))


def validation_thresholds(scores: Scores, videos: Sequence[Video]) -> dict[str, Threshold]:
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
            f"val_{rule}": Threshold(best_threshold(labels, values, rule), rule, how)
            for rule in RULES
        }
    except OddframeError as error:
        raise OddframeError(f"validation split: {error}") from None


def validation_part(scores: Scores, manifest: Manifest) -> Scores | None:
    """The validation videos' scores, where a scores file holds all of them and both labels."""
    videos = manifest.split("val")
    labels = {video.label for video in videos}
    if labels != {"normal", "anomalous"} or not all(v.id in scores.values for v in videos):
        return None
    return Scores({video.id: scores[video.id] for video in videos}).align(videos)


def thresholds(
    scores: Scores, labels: np.ndarray, chosen: Mapping[str, Threshold]
) -> dict[str, Threshold]:
    """Every threshold to decide at.

    Args:
        scores: of the evaluated videos, in their order.
        labels: bool over all their frames, end to end.
        chosen: those that were chosen elsewhere, such as :func:`validation_thresholds`.

    Returns:
        ``fixed_0.5`` where all scores lie between 0 and 1 (elsewhere 0.5 means nothing); those
        chosen elsewhere, but not the scores' own if it is this 0.5; ``oracle_g_mean`` and
        ``oracle_f1``, chosen on these very videos.
    """
    values = np.concatenate(list(scores.values.values()))
    found = {}
    if are_probabilities([scores]):
        found["fixed_0.5"] = Threshold(FIXED, "fixed", "nowhere: 0.5 by convention")
    found |= {
        name: part
        for name, part in chosen.items()
        if not (part.rule == OWN and part.value == FIXED and found)
    }
    if 0 < labels.sum() < len(labels):
        for rule in RULES:
            value = best_threshold(labels, values, rule)
            found[f"oracle_{rule}"] = Threshold(
                value, rule, "the evaluated videos themselves", True
            )
    return found


def are_probabilities(several: Sequence[Scores]) -> bool:
    """Whether all scores of all sets lie between 0 and 1, so that one axis serves them."""
    arrays = [array for scores in several for array in scores.values.values()]
    return all(float(part.min()) >= 0 and float(part.max()) <= 1 for part in arrays)


@dataclass(frozen=True)
class LabelledFrames:
    """Frames of some videos, end to end, for counting decisions.

    Attributes:
        scores, labels: ``(frames,)``.
        owner: ``(frames,)``, index of the frame's video.
        videos: how many videos.
    """

    scores: np.ndarray
    labels: np.ndarray
    owner: np.ndarray
    videos: int

    @classmethod
    def of(cls, scores: Sequence[np.ndarray], labels: np.ndarray) -> LabelledFrames:
        """From one score array per video, and the labels of all, end to end."""
        owner = np.repeat(np.arange(len(scores)), [len(part) for part in scores])
        return cls(np.concatenate(scores), np.asarray(labels), owner, len(scores))

    def total(self, chosen: np.ndarray) -> np.ndarray:
        """``(videos,)``: how many of the chosen frames each video has."""
        return np.bincount(self.owner[chosen], minlength=self.videos)

    def samples(self, threshold: float, weights: np.ndarray) -> dict[str, np.ndarray]:
        """The decision metrics on every resample, ``(1 + resamples,)``, NaN where undefined.

        All are undefined where the labels have one value only: F1 and accuracy would be numbers
        there, but say something else. Precision and false discovery rate also need an alarm.
        """
        alarmed = self.scores > threshold
        true, false, missed, passed = (
            weights @ self.total(chosen)
            for chosen in (
                alarmed & self.labels,
                alarmed & ~self.labels,
                ~alarmed & self.labels,
                ~alarmed & ~self.labels,
            )
        )
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


def decide(
    threshold: Threshold,
    frames: LabelledFrames,
    anomalous: np.ndarray,
    weights: np.ndarray,
    classes: Mapping[str, tuple[ClassFrames, LabelledFrames]],
) -> Decision:
    """The metrics of one decision, over all frames and per class under the class mask.

    The threshold stays the same in every resample, so an interval holds the chance in the test
    videos and not that in the choice of the threshold.

    Args:
        threshold: to decide at.
        frames: all frames.
        anomalous: ``(videos,)`` bool, by the video's label.
        weights: ``(1 + resamples, videos)``.
        classes: class name to its mask and the frames under it.
    """
    samples = frames.samples(threshold.value, weights)
    both = bool(frames.labels.any() and not frames.labels.all())
    metrics = _summary(samples, _NOTHING if both else _ONE_LABEL)
    alarms = frames.total((frames.scores > threshold.value) & ~frames.labels)
    everything = frames.total(np.ones(len(frames.labels), dtype=bool))
    far = divide(weights @ (alarms * ~anomalous), weights @ (everything * ~anomalous))
    metrics["far_normal_videos"] = measured(far, "needs normal videos")
    by_class = {}
    for name, (mask, own) in classes.items():
        one_label = own.labels.all() or not own.labels.any()
        drawn = mask.varying(weights[:, mask.places])
        by_class[name] = _summary(
            own.samples(threshold.value, drawn), WITHIN if one_label else _NOTHING
        )
    return Decision(
        threshold=threshold.value,
        rule=threshold.rule,
        chosen_on=threshold.chosen_on,
        oracle=threshold.oracle,
        metrics=metrics,
        classes=by_class,
    )


def decisions(
    scores: Scores,
    truth: Truth,
    weights: np.ndarray,
    *,
    classes: Sequence[str] = (),
    chosen: Mapping[str, Threshold] | None = None,
) -> dict[str, Decision]:
    """The metrics at every threshold, by the threshold's name (see :func:`thresholds`).

    Args:
        scores: aligned to the truth's videos.
        truth: the labels.
        weights: ``(1 + resamples, videos)``.
        classes: names of the classes to measure apart.
        chosen: thresholds chosen elsewhere, by name.
    """
    frames = LabelledFrames.of([scores[video.id] for video in truth.videos], truth.labels)
    masks = {}
    for name in classes:
        own = ClassFrames.of(truth.videos, name)
        masks[name] = own, LabelledFrames.of(own.scores(scores), np.concatenate(own.labels))
    return {
        name: decide(threshold, frames, truth.anomalous, weights, masks)
        for name, threshold in thresholds(scores, truth.labels, chosen or {}).items()
    }


def _summary(samples: Mapping[str, np.ndarray], undefined: str) -> dict[str, Measured]:
    return {name: measured(values, undefined) for name, values in samples.items()}
