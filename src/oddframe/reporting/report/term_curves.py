"""What a score is made of: the terms that a detector combines, and their sum, over the truth."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.reporting.drawing.plots import PROBABILITIES, write_timeline
from oddframe.reporting.drawing.score_axes import ScoreAxis, cut_note, score_axis
from oddframe.reporting.parts.model_timelines import (
    anomalous_first,
    bins_per_line,
    lane,
    series_key,
)
from oddframe.reporting.report.timelines import score_labels
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Video

COMBINED = "combined score"
"""What the score is called beside its terms."""


def terms_section(
    folder: Path,
    videos: Sequence[Video],
    scores: Scores,
    terms: Mapping[str, Mapping[str, np.ndarray]],
    detections: Mapping[str, Collection[object]] | None = None,
) -> str:
    """Write ``plots/terms/<id>.png`` into the folder and return the same as drawings for a page.

    Score and terms share one axis in all videos, so that it can be seen which of them made a peak.
    Nothing is smoothed for the drawing.

    Args:
        folder: of the report.
        videos: those that have terms are drawn.
        scores: of these videos; ``meta`` says on which scale the terms are (``normalisation``),
            how they were combined (``combination``) and how the sum was smoothed; the
            ``threshold`` is dashed.
        terms: video id to term to ``(frames,)``, higher = odder.
        detections: video id to detected events. Where no video is annotated, those with any come
            first.

    Raises:
        OddframeError: terms of another length than the video, or not the same ones in each.
    """
    shown = [video for video in videos if video.id in terms]
    if not shown:
        return ""
    names = [COMBINED, *terms[shown[0].id]]
    series = {
        video.id: {COMBINED: scores[video.id], **_fitting(video, terms[video.id], names[1:])}
        for video in shown
    }
    values = [part for by_name in series.values() for part in by_name.values()]
    threshold = scores.threshold
    unit = all(part.min() >= 0 and part.max() <= 1 for part in values)
    unit = unit and (threshold is None or 0 <= threshold <= 1)
    axis = ScoreAxis(0.0, 1.0) if unit else score_axis(values, threshold)
    own = {video.id: axis.holding(series[video.id].values()) for video in shown}
    scale = scale_of_terms(scores.meta).replace("standard deviations", "σ")
    y_label = f"anomaly score, higher = odder\n{scale}".strip()
    for video in shown:
        target = folder / "plots" / "terms" / f"{video.id}.png"
        write_timeline(
            target,
            video,
            series[video.id],
            thresholds={COMBINED: threshold},
            axis=PROBABILITIES if unit else own[video.id],
            y_label=y_label,
        )
    bins = bins_per_line(len(shown) * len(names))
    zero = 0.0 if axis.low < 0 else None
    level = zero if threshold is None else threshold

    def draw(video: Video) -> str:
        axes = dict.fromkeys(names, own[video.id])
        labels = score_labels(own[video.id], level)
        return lane(video, series[video.id], axes, bins, labels, threshold)

    detected = {video_id for video_id, found in (detections or {}).items() if found}
    drawn = anomalous_first(shown, draw, detected)
    annotated = any(video.events for video in shown)
    key = series_key(names, annotated=annotated, threshold=threshold is not None)
    cut = cut_note(axis, own.values())
    return f'<p class="hint">{_hint(scores.meta)} {cut}</p>{key}<div class="terms">{drawn}</div>'


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


def _hint(meta: Mapping[str, Any]) -> str:
    """What is drawn, on which scale, and what was done to it."""
    scale = scale_of_terms(meta)
    parts = [
        "All lines are anomaly scores, higher is odder, on one axis: the terms as the detector "
        "measured and scaled them, and the score that it made of them."
    ]
    if scale:
        # Whatever is scaled within its video is red, here as in every other place.
        red = ' class="suspect"' if "video" in scale else ""
        parts.append(f"A term's unit: <b{red}>{scale}</b>.")
    combination = meta.get("combination")
    formula = f" ({escape(str(combination))})" if combination else ""
    smoothing = meta.get("smoothing_seconds")
    smoothed = (
        f", smoothed over time with a deviation of {smoothing:g} s; the terms are not smoothed"
        if isinstance(smoothing, float | int) and smoothing > 0
        else ""
    )
    parts.append(f"The combined score comes from their weighted sum{formula}{smoothed}.")
    return " ".join(parts)
