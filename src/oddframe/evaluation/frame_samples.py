"""The frame metrics of one set of scores on all resamples: what an evaluation is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from oddframe.evaluation.bootstrap import divide, ratio, weighted
from oddframe.evaluation.intervals import Counted
from oddframe.evaluation.metric_samples import MetricSamples
from oddframe.evaluation.metrics.class_metrics import ClassFrames, class_frames
from oddframe.evaluation.metrics.early_credits import early_credits
from oddframe.evaluation.metrics.event_metrics import OVERLAPS, EventCounts, count_events
from oddframe.evaluation.metrics.event_ranking import average_precisions
from oddframe.evaluation.metrics.false_alarms import false_alarm_steps, just_below
from oddframe.evaluation.metrics.persistence import count_at_peaks
from oddframe.evaluation.metrics.ranking import RankedFrames, pairs_in_order
from oddframe.evaluation.metrics.ranking_metrics import ranking_metrics
from oddframe.scores.detections import EventRule
from oddframe.scores.frame_scores import Scores
from oddframe.videos.video import Video

RECALLS = (0.5, 0.8)
"""Shares of the anomalous frames at which false alarms are counted."""


@dataclass(frozen=True)
class Truth:
    """Labels of all frames of some videos, end to end, and what follows from them.

    Attributes:
        videos: in order.
        labels: ``(frames,)`` bool over all videos.
        anomalous: ``(videos,)`` bool, by the video's label.
        lengths: ``(videos,)`` frame counts.
        positive: ``(videos,)`` anomalous frames.
        normal_hours: ``(videos,)`` hours watched, of frames that are not anomalous.
    """

    videos: tuple[Video, ...]
    labels: np.ndarray
    anomalous: np.ndarray
    lengths: np.ndarray
    positive: np.ndarray
    normal_hours: np.ndarray

    @classmethod
    def of(cls, videos: Sequence[Video]) -> Truth:
        """The truth of these videos."""
        labels = [video.frame_labels() for video in videos]
        lengths = np.array([video.frames for video in videos])
        positive = np.array([part.sum() for part in labels])
        pairs = zip(videos, labels, strict=True)
        hours = [video.clock.watched_in(~part) / 3600 for video, part in pairs]
        return cls(
            videos=tuple(videos),
            labels=np.concatenate(labels),
            anomalous=np.array([video.label == "anomalous" for video in videos]),
            lengths=lengths,
            positive=positive,
            normal_hours=np.array(hours),
        )

    def each(self) -> list[np.ndarray]:
        """The labels of each video, as parts of ``labels``."""
        return np.split(self.labels, np.cumsum(self.lengths)[:-1])


def frame_samples(
    scores: Scores, truth: Truth, weights: np.ndarray, classes: Sequence[str] = ()
) -> MetricSamples:
    """Every frame metric on every resample.

    Args:
        scores: aligned to the truth's videos.
        truth: the labels.
        weights: ``(1 + resamples, videos)``, from the bootstrap's ``draw_videos``.
        classes: names of classes to measure apart: each against the frames of all normal videos,
            and within its own videos.
    """
    arrays = [scores[video.id] for video in truth.videos]
    groups = [_among_anomalous(truth.videos, name) for name in classes]
    credits = [
        early_credits(part, labels, video.clock)
        for part, labels, video in zip(arrays, truth.each(), truth.videos, strict=True)
    ]
    frames = RankedFrames.of(
        *(arrays, truth.labels, truth.anomalous, groups), np.concatenate(credits)
    )
    ranked = ranking_metrics(frames, weights, RECALLS)
    positive, negative = frames.positive_frames, frames.negative_frames
    del frames, groups, credits  # before the classes' own are made
    ordered = np.array(list(map(pairs_in_order, arrays, truth.each())))
    metrics = {
        "micro_auc": ranked.auc,
        "macro_auc": _mean_of_defined(weights, divide(ordered, positive * negative)),
        "macro_auc_padded": ratio(
            weights,
            # One normal frame below and one anomalous frame above all others of the video.
            (ordered + positive + negative + 1) / ((positive + 1) * (negative + 1)),
            np.ones(len(arrays)),
        ),
        "average_precision": ranked.average_precision,
        "pr_auc_trapezoid": ranked.trapezoid,
        "latency_aware_ap": ranked.precision_of_credits,
        "equal_error_rate": ranked.equal_error_rate,
        "anomalous_auc": ranked.auc_inside,
        "anomalous_ap": ranked.precision_inside,
    }
    alarms = _false_alarms(arrays, truth, weights, ranked.recall_thresholds)
    hours, normal = weighted(weights, truth.normal_hours), weighted(weights, negative)
    counted = {}
    for index, recall in enumerate(RECALLS):
        name = f"at_recall_{recall:g}"
        metrics[f"false_alarms_per_hour_{name}"] = divide(alarms[index], hours)
        counted[f"false_alarms_per_hour_{name}"] = Counted(alarms[index][0], hours[0], hours=True)
        metrics[f"false_positive_rate_{name}"] = divide(ranked.recall_alarms[index], normal)
    by_class = {}
    for index, name in enumerate(classes):
        own = ClassFrames.of(truth.videos, name)
        within = ranking_metrics(own.ranked(scores), weights[:, own.places])
        by_class[name] = {
            "auc": ranked.group_auc[index],
            "average_precision": ranked.group_precision[index],
            "auc_within": own.varying(within.auc),
            "average_precision_within": own.varying(within.average_precision),
            "pr_auc_within": own.varying(within.trapezoid),
        }
    return MetricSamples(metrics, by_class, counted)


def threshold_samples(
    scores: Scores, truth: Truth, weights: np.ndarray, rule: EventRule
) -> MetricSamples:
    """Metrics of the decision "score > threshold": false alarms, delay, events.

    Args:
        scores: aligned to the truth's videos.
        truth: the labels.
        weights: ``(1 + resamples, videos)``, from the bootstrap's ``draw_videos``.
        rule: the threshold, and which frames above it are an event.
    """
    counts = [count_events(scores[video.id], video, rule) for video in truth.videos]
    above = [scores[video.id] > rule.threshold for video in truth.videos]
    labels = truth.each()
    true = np.array([(odd & part).sum() for odd, part in zip(above, labels, strict=True)])
    false = np.array([part.sum() for part in above]) - true
    normal = ~truth.anomalous

    def share(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
        return ratio(weights, top, bottom)

    events, alarmed = _field(counts, "events"), _field(counts, "alarmed")
    found, running = _field(counts, "detections"), _field(counts, "running")
    samples = {
        "far_normal_videos": share(false * normal, truth.lengths * normal),
        "far_normal_frames": share(false, truth.lengths - truth.positive),
        "frame_recall": share(true, truth.positive),
        "false_alarms_per_hour": share(_field(counts, "false_alarms"), truth.normal_hours),
        "events_alarmed": share(alarmed, events),
        "events_under_a_running_alarm": share(running, events),
        "detection_delay_seconds": share(_field(counts, "delay_seconds"), alarmed - running),
    }
    counted = {
        "false_alarms_per_hour": Counted(
            _field(counts, "false_alarms").sum(), truth.normal_hours.sum(), hours=True
        ),
        "events_alarmed": Counted(alarmed.sum(), events.sum()),
        "events_under_a_running_alarm": Counted(running.sum(), events.sum()),
    }
    matched = np.array([count.matched for count in counts])
    for index, overlap in enumerate(OVERLAPS):
        hits = matched[:, index]
        samples[f"event_f1_{overlap:g}"] = _where_separable(
            share(2 * hits, found + events), weighted(weights, events)
        )
        samples[f"event_precision_{overlap:g}"] = share(hits, found)
        samples[f"event_recall_{overlap:g}"] = share(hits, events)
        counted[f"event_precision_{overlap:g}"] = Counted(hits.sum(), found.sum())
        counted[f"event_recall_{overlap:g}"] = Counted(hits.sum(), events.sum())
    ranked = average_precisions(
        np.concatenate([count.confidences for count in counts]),
        np.concatenate([np.array(count.ranked, dtype=bool) for count in counts], axis=1),
        np.repeat(np.arange(len(counts)), found.astype(int)),
        *(events, weights),
    )
    for overlap, values in zip(OVERLAPS, ranked, strict=True):
        samples[f"event_ap_{overlap:g}"] = values
    samples["event_map"] = ranked.mean(axis=0)
    return MetricSamples(samples, counted=counted)


def peak_samples(scores: Scores, truth: Truth, weights: np.ndarray, level: float) -> MetricSamples:
    """Events and false alarms at the peaks of the scores.

    Args:
        scores: aligned to the truth's videos.
        truth: the labels.
        weights: ``(1 + resamples, videos)``, from the bootstrap's ``draw_videos``.
        level: see :func:`oddframe.evaluation.metrics.persistence.count_at_peaks`.
    """
    counts = [count_at_peaks(scores[video.id], video, level) for video in truth.videos]
    events, found, false = (
        np.array([getattr(count, name) for count in counts], dtype=float)
        for name in ("events", "found", "false")
    )
    samples = {
        "events_at_peaks": ratio(weights, found, events),
        "false_alarms_at_peaks": weighted(weights, false),
    }
    return MetricSamples(samples, counted={"events_at_peaks": Counted(found.sum(), events.sum())})


def _false_alarms(
    arrays: Sequence[np.ndarray], truth: Truth, weights: np.ndarray, thresholds: np.ndarray
) -> np.ndarray:
    """Weighted false alarms ``(recalls, resamples)``, each at its own resample's threshold."""
    defined = np.isfinite(thresholds)
    strict = just_below(thresholds)
    total = np.where(defined, 0.0, np.nan)
    for video, scores, labels, drawn in zip(
        truth.videos, arrays, truth.each(), weights.T, strict=True
    ):
        total += drawn * false_alarm_steps(scores, labels, video.clock).count(strict)
    return total


def _among_anomalous(videos: Sequence[Video], name: str) -> np.ndarray:
    """Whether each anomalous frame, of all videos end to end, is of this class."""
    return np.concatenate([class_frames(video, name)[video.frame_labels()] for video in videos])


def _mean_of_defined(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    defined = np.isfinite(values)
    return ratio(weights, np.where(defined, values, 0.0), defined)


def _where_separable(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Values where there is something to separate from, else NaN."""
    return np.where(others > 0, values, np.nan)


def _field(counts: Sequence[EventCounts], name: str) -> np.ndarray:
    return np.array([getattr(count, name) for count in counts], dtype=float)
