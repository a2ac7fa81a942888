"""Metrics on every resample, and the numbers with intervals that they come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from oddframe.evaluation.intervals import Counted, Draws, summarise
from oddframe.evaluation.metric_names import LOCALISATION
from oddframe.evaluation.metrics.class_metrics import WITHIN, class_members
from oddframe.evaluation.result import Measured
from oddframe.videos.video import Video

_BOTH = "needs anomalous and normal frames"
_INSIDE = "needs anomalous videos with normal frames too"
UNDEFINED = {
    "micro_auc": _BOTH,
    "macro_auc": "no video has both anomalous and normal frames",
    "average_precision": _BOTH,
    "pr_auc_trapezoid": _BOTH,
    "latency_aware_ap": _BOTH,
    "equal_error_rate": _BOTH,
    "anomalous_auc": _INSIDE,
    "anomalous_ap": _INSIDE,
    "auc": "needs anomalous frames of the class and frames of normal videos",
    "auc_within": WITHIN,
    "average_precision_within": WITHIN,
    "pr_auc_within": WITHIN,
    "far_normal_videos": "needs normal videos",
    "far_normal_frames": "needs normal frames",
    "detection_delay_seconds": "no alarm began for an event",
    "event_precision": "nothing was detected",
    **dict.fromkeys(LOCALISATION, "no score maps of it, or none with what they are compared to"),
}
"""Why a metric has no value, by the metric's name or the beginning of it."""


@dataclass(frozen=True)
class MetricSamples:
    """Metrics on every resample: ``(1 + resamples,)`` each, NaN where undefined.

    Attributes:
        metrics: metric name to values; the first value is the data's own.
        classes: class name to the metrics of that class; only the first value where a single video
            cannot vary.
        counted: metric name to what it counts, of the metrics that count something.
    """

    metrics: dict[str, np.ndarray]
    classes: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    counted: dict[str, Counted] = field(default_factory=dict)

    @classmethod
    def mean_of(cls, several: Sequence[MetricSamples]) -> MetricSamples:
        """The means of repeats, which have the same metrics, on each resample."""
        first = several[0]
        hits = {
            name: mean_of_repeats([np.array(part.counted[name].hits) for part in several])
            for name in first.counted
        }
        return cls(
            _means([part.metrics for part in several]),
            {name: _means([part.classes[name] for part in several]) for name in first.classes},
            {name: replace(part, hits=float(hits[name])) for name, part in first.counted.items()},
        )

    def summary(self, draws: Draws) -> dict[str, Measured]:
        """Each metric's number with its interval, or None and why."""
        return summarise(self.metrics, draws, why_undefined, self.counted)

    def class_summaries(
        self, draws: Draws, videos: Sequence[Video]
    ) -> dict[str, dict[str, Measured]]:
        """Metrics of each class with their intervals: its videos against the normal ones."""
        return {
            name: summarise(part, draws.of_class(class_members(videos, name)), why_undefined)
            for name, part in self.classes.items()
        }


def why_undefined(name: str) -> str:
    """The usual reason why a metric has no value."""
    if name in UNDEFINED:
        return UNDEFINED[name]
    return next(
        (why for start, why in UNDEFINED.items() if name.startswith(start)),
        "needs anomalous frames and normal ones"
        if name.startswith("false_alarms")
        else "needs anomalous frames",
    )


def mean_of_repeats(values: Sequence[np.ndarray]) -> np.ndarray:
    """Element-wise mean; NaN where any is. Exact for equal arrays, whatever their order.

    Args:
        values: one array per repeat, all of one shape.
    """
    ordered = np.sort(np.stack(values), axis=0)
    return ordered[0] + (ordered - ordered[0]).mean(axis=0)


def _means(several: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    names = several[0]
    return {name: mean_of_repeats([metrics[name] for metrics in several]) for name in names}
