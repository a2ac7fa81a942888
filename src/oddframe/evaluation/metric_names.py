"""Names and meanings of metrics and baselines, for people."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class MetricName:
    """How a metric is shown.

    Attributes:
        label: a few words.
        meaning: one line for somebody who does not know it.
        lower_is_better: whether smaller values are better.
        share: whether values lie between 0 and 1 by nature, and so are drawn on that scale.
        per_hour: whether it is a rate, which says little without the hours that it was counted in.
    """

    label: str
    meaning: str = ""
    lower_is_better: bool = False
    share: bool = True
    per_hour: bool = False


_METRICS = {
    "micro_auc": MetricName(
        "Micro AUC",
        "chance that an anomalous frame scores above a normal one, all videos together",
    ),
    "macro_auc": MetricName("Macro AUC", "the same inside each video, then averaged"),
    "macro_auc_padded": MetricName(
        "Macro AUC, padded", "as in much of the literature; flatters: see the constant score"
    ),
    "average_precision": MetricName(
        "Average precision", "area under precision over recall; chance is the share of odd frames"
    ),
    "pr_auc_trapezoid": MetricName(
        "PR-AUC, trapezoid",
        "the area by straight lines, as some papers report; not comparable with average precision",
    ),
    "latency_aware_ap": MetricName(
        "Latency-aware AP",
        "precision over a recall in which an event counts for less the later it is found",
    ),
    "equal_error_rate": MetricName(
        "Equal error rate", "where false alarms and misses are equally frequent", True
    ),
    "anomalous_auc": MetricName(
        "AUC, anomalous videos only", "how well the place in time is found, given the video"
    ),
    "video_auc": MetricName(
        "Video AUC", "chance that an anomalous video scores above a normal one as a whole"
    ),
    "anomalous_ap": MetricName("Average precision, anomalous videos only"),
    "false_alarms_per_hour_at_recall": MetricName(
        "False alarms per hour at recall",
        "when this share of anomalous frames is found; counted as at the threshold",
        True,
        share=False,
        per_hour=True,
    ),
    "false_positive_rate_at_recall": MetricName(
        "False-positive rate at recall",
        "share of normal frames alarmed, when this share of anomalous ones is",
        True,
    ),
    "far_normal_videos": MetricName(
        "False-alarm rate, normal videos", "share of their frames above the threshold", True
    ),
    "far_normal_frames": MetricName(
        "False-alarm rate, normal frames", "share of them above the threshold", True
    ),
    "frame_recall": MetricName("Frame recall", "share of anomalous frames above the threshold"),
    "false_alarms_per_hour": MetricName(
        "False alarms per hour",
        "alarms that touch nothing odd, and what of the others lies seconds beyond",
        True,
        share=False,
        per_hour=True,
    ),
    "events_alarmed": MetricName("Events alarmed", "share of annotated events with an alarm"),
    "events_under_a_running_alarm": MetricName(
        "Events under a running alarm",
        "share of annotated events whose alarm had begun long before: nobody was called for them",
        True,
    ),
    "detection_delay_seconds": MetricName(
        "Detection delay in seconds",
        "from the start of an event to an alarm that begins for it, if one does",
        True,
        share=False,
    ),
    "events_at_peaks": MetricName(
        "Events at peaks", "share of annotated events near a peak of the scores that persists"
    ),
    "false_alarms_at_peaks": MetricName(
        "False alarms at peaks", "persisting peaks that are near no event", True, share=False
    ),
    "event_f1": MetricName("F1"),
    "event_precision": MetricName("Precision"),
    "event_recall": MetricName("Recall"),
    "event_ap": MetricName("AP"),
    "event_map": MetricName(
        "Mean AP of events",
        "detected events ranked by their highest score; mean over overlaps of 0.1 to 0.5",
    ),
    "pixel_auc": MetricName(
        "Pixel AUC", "chance that an anomalous pixel scores above a normal one"
    ),
    "pixel_level_auc": MetricName(
        "Pixel-level AUC",
        "the literature's: a frame is found when 40 % of its anomalous pixels are",
    ),
    "pixel_level_equal_error_rate": MetricName(
        "Pixel-level equal error rate",
        "of the same ROC over frames; 1 minus it is the rate of detection (RD)",
        True,
    ),
    "rbdc": MetricName("RBDC", "region-based detection (Ramachandra and Jones, 2020)"),
    "tbdc": MetricName("TBDC", "track-based detection (Ramachandra and Jones, 2020)"),
    "auc": MetricName("AUC", "against the frames of normal videos"),
    "auc_within": MetricName("AUC in its videos", "against the normal frames of its own videos"),
    "average_precision_within": MetricName("Average precision in its videos"),
    "pr_auc_within": MetricName("PR-AUC (trapezoid) in its videos"),
    "f1": MetricName("F1", "of the anomalous frames"),
    "macro_f1": MetricName("Macro F1", "mean of the F1 of anomalous and of normal frames"),
    "accuracy": MetricName("Accuracy", "share of frames called right"),
    "precision": MetricName("Precision", "share of alarmed frames that are anomalous"),
    "recall": MetricName("Recall", "share of anomalous frames that are alarmed"),
    "false_discovery_rate": MetricName(
        "False discovery rate", "share of alarmed frames that are normal", True
    ),
}

LOCALISATION = (
    "pixel_auc",
    "pixel_level_auc",
    "pixel_level_equal_error_rate",
    "rbdc",
    "tbdc",
)
"""The metrics of score maps."""

HEADLINES = (
    "micro_auc",
    "macro_auc",
    "anomalous_auc",
    "average_precision",
    "equal_error_rate",
    *LOCALISATION,
)
"""The metrics that are shown where there is no room for all, the main one first."""

ALARMS = (
    "false_alarms_per_hour_at_recall_0.5",
    "false_alarms_per_hour",
    "events_alarmed",
    "events_under_a_running_alarm",
    "detection_delay_seconds",
    "events_at_peaks",
    "false_alarms_at_peaks",
)
"""What somebody with a camera asks: false alarms an hour and events found, at a fixed recall and
at the threshold that the scores carry; and at persisting peaks, where these were asked for."""

_BASELINES = {
    "constant": "constant",
    "random": "random",
    "video_oracle": "right video, no time",
    "centre_prior": "middle of the clip",
    "oracle_centre_prior": "right video, middle",
}


_DECISIONS = {
    "fixed_0.5": "0.5",
    "run": "of the run",
    "val_g_mean": "validation, G-mean",
    "val_f1": "validation, F1",
    "oracle_g_mean": "oracle, G-mean",
    "oracle_f1": "oracle, F1",
    "oracle_checkpoint_fixed_0.5": "oracle checkpoint, 0.5",
    "oracle_checkpoint_g_mean": "oracle checkpoint and G-mean",
    "oracle_checkpoint_f1": "oracle checkpoint and F1",
}


def metric_name(name: str) -> MetricName:
    """How to show a metric; ``name_0.5`` is ``name`` with a number, an unknown name is a label."""
    if name in _METRICS:
        return _METRICS[name]
    base, _, number = name.rpartition("_")
    if base in _METRICS:
        known = _METRICS[base]
        return replace(known, label=f"{known.label} {number}")
    return MetricName(name.replace("_", " "))


def is_share(name: str) -> bool:
    """Whether a metric is known to lie between 0 and 1; not so a loss or an error in dB.

    Args:
        name: as in an evaluation, or with its split as in a curve: ``val/video_auc``.
    """
    name = name.rpartition("/")[2]
    base, _, number = name.rpartition("_")
    known = _METRICS.get(name) or (_METRICS.get(base) if number[:1].isdigit() else None)
    return known is not None and known.share


def decision_name(name: str) -> str:
    """Label of a threshold."""
    return _DECISIONS.get(name, name.replace("_", " "))


def baseline_name(name: str) -> str:
    """Label of a trivial baseline."""
    return _BASELINES.get(name, name.replace("_", " "))
