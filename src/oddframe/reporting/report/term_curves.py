"""What a score is made of: the terms that a detector combines, and their sum, over the truth."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from oddframe.errors import OddframeError
from oddframe.pages.figures import Lane, Lanes, Legend
from oddframe.reporting.drawing.plots import PROBABILITIES, write_timeline
from oddframe.reporting.drawing.score_axes import ScoreAxis, cut_note, score_axis
from oddframe.reporting.parts.lanes import (
    anomalous_first,
    bins_per_line,
    lane,
    score_labels,
    series_key,
)
from oddframe.scores.frame_scores import Scores
from oddframe.videos.video import Video

COMBINED = "combined score"
"""What the score is called beside its terms."""


@dataclass(frozen=True)
class TermCurves:
    """Terms and their sum over time.

    Attributes:
        unit: what a term of 1 means; empty where it is not known.
        per_video: whether that is another thing in each video.
        combination: how the terms were combined; may be empty.
        smoothing: over how long the sum was smoothed; may be empty.
        cut: what is said of a cut axis; may be empty.
        key: which line is which term's.
        lanes: one for each video.
    """

    template: ClassVar[str] = "report/terms.html"
    unit: str
    per_video: bool
    combination: str
    smoothing: str
    cut: str
    key: Legend
    lanes: Lanes


def terms_section(
    plots: Path | None,
    videos: Sequence[Video],
    scores: Scores,
    terms: Mapping[str, Mapping[str, np.ndarray]],
    detections: Mapping[str, Collection[object]] | None = None,
) -> TermCurves | None:
    """Write ``terms/<id>.png`` into the folder of plots and return the same as drawings for a page.

    Score and terms share one axis in all videos, so that it can be seen which of them made a peak.
    Nothing is smoothed for the drawing.

    Args:
        plots: that folder; None for no files.
        videos: those that have terms are drawn.
        scores: their anomaly scores; ``meta`` says on which scale the terms are
            (``normalisation``), how they were combined (``combination``) and how the sum was
            smoothed; the ``threshold`` is dashed.
        terms: video id to term to ``(frames,)``, higher = odder.
        detections: video id to detected events. Where no video is annotated, those with any come
            first.

    Raises:
        OddframeError: terms of another length than the video, or not the same ones in each.
    """
    shown = [video for video in videos if video.id in terms]
    if not shown:
        return None
    names = [COMBINED, *terms[shown[0].id]]
    series = {
        video.id: {COMBINED: scores[video.id], **_fitting(video, terms[video.id], names[1:])}
        for video in shown
    }
    values = [part for by_name in series.values() for part in by_name.values()]
    threshold = scores.threshold
    shares = all(part.min() >= 0 and part.max() <= 1 for part in values)
    shares = shares and (threshold is None or 0 <= threshold <= 1)
    axis = ScoreAxis(0.0, 1.0) if shares else score_axis(values, threshold)
    own = {video.id: axis.holding(series[video.id].values()) for video in shown}
    unit = scale_of_terms(scores.meta)
    scale = unit.replace("standard deviations", "σ")
    y_label = f"anomaly score, higher = odder\n{scale}".strip()
    if plots is not None:
        for video in shown:
            target = plots / "terms" / f"{video.id}.png"
            write_timeline(
                target,
                video,
                series[video.id],
                thresholds={COMBINED: threshold},
                axis=PROBABILITIES if shares else own[video.id],
                y_label=y_label,
            )
    bins = bins_per_line(len(shown) * len(names))
    zero = 0.0 if axis.low < 0 else None
    level = zero if threshold is None else threshold

    def draw(video: Video) -> Lane:
        axes = dict.fromkeys(names, own[video.id])
        labels = score_labels(own[video.id], level)
        return lane(video, series[video.id], axes, bins, labels, threshold)

    detected = {video_id for video_id, found in (detections or {}).items() if found}
    smoothing = scores.meta.get("smoothing_seconds")
    is_smoothed = isinstance(smoothing, float | int) and smoothing > 0
    return TermCurves(
        unit=unit,
        per_video="video" in unit,
        combination=str(scores.meta.get("combination") or ""),
        smoothing=f"{smoothing:g} s" if is_smoothed else "",
        cut=cut_note(axis, own.values()),
        key=series_key(
            names,
            annotated=any(video.events for video in shown),
            threshold=threshold is not None,
        ),
        lanes=anomalous_first(shown, draw, detected),
    )


def scale_of_terms(meta: Mapping[str, Any]) -> str:
    """What a term of 1 means, from the ``normalisation`` of the scores; empty if it is unknown."""
    normalisation = str(meta.get("normalisation", "")).lower()
    if "video" in normalisation:
        return "0 to 1 within each video"
    if "deviation" in normalisation:
        return "standard deviations above normal footage"
    return ""


def _fitting(
    video: Video, terms: Mapping[str, np.ndarray], names: Sequence[str]
) -> Mapping[str, np.ndarray]:
    if list(terms) != names:
        raise OddframeError(
            f"terms of '{video.id}': expected {', '.join(names)}, as in the first video, found "
            f"{', '.join(terms) or 'none'}; score all videos again"
        )
    for name, values in terms.items():
        if len(values) != video.frames:
            raise OddframeError(
                f"terms of '{video.id}': expected {video.frames} of '{name}', one per frame, found "
                f"{len(values)}; score the video again"
            )
    return terms
