"""Timelines with the scores of several models over one ground truth, drawn inside a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from oddframe.evaluation.thresholds import are_probabilities
from oddframe.reporting.colours import SERIES
from oddframe.reporting.score_axes import ScoreAxis, clock, score_axis, thin_series, time_ticks
from oddframe.scores import Scores
from oddframe.videos import Video

HEIGHT = 1000
"""Height of a timeline's own coordinates; its width is the video's frame count."""

POINTS = 400_000
"""Bins of all lines together; each line has between 60 and 500, with two points per bin."""


def model_timelines(videos: Sequence[Video], models: Mapping[str, Scores]) -> str:
    """One drawing per video, anomalous videos first; lines have the colours of the page's key.

    Args:
        videos: to draw.
        models: model name to scores of at least these videos.
    """
    common = are_probabilities(list(models.values()))
    axes = {
        name: ScoreAxis(0.0, 1.0) if common else score_axis(scores.values.values(), None)
        for name, scores in models.items()
    }
    bins = min(500, max(60, POINTS // (len(videos) * len(models))))
    scale = (
        "All scores lie between 0 and 1 and share one axis."
        if common
        else "The models have no common scale: each is drawn from its lowest to its highest score "
        "over all videos."
    )
    odd = [video for video in videos if video.events]
    calm = [video for video in videos if not video.events]
    parts = [f'<p class="hint">{scale} Annotated events are shaded.</p>']
    parts += [_lane(video, models, axes, bins, common) for video in odd]
    if calm:
        lanes = "".join(_lane(video, models, axes, bins, common) for video in calm)
        parts.append(
            f"<details><summary>{len(calm)} without annotated events</summary>{lanes}</details>"
        )
    return "".join(parts)


def _lane(
    video: Video,
    models: Mapping[str, Scores],
    axes: Mapping[str, ScoreAxis],
    bins: int,
    common: bool,
) -> str:
    shapes = [
        f'<rect class="truth" x="{event.start}" width="{event.end - event.start}" y="0" '
        f'height="{HEIGHT}"><title>{escape(event.name)}</title></rect>'
        for event in video.events
    ]
    for place, (name, scores) in enumerate(models.items()):
        values = scores[video.id]
        frames = thin_series(values, bins)
        levels = np.rint((1 - axes[name].height(values[frames])) * HEIGHT).astype(int)
        points = " ".join(f"{x},{y}" for x, y in zip(frames.tolist(), levels, strict=True))
        shapes.append(f'<polyline class="series{place % len(SERIES)}" points="{points}"/>')
    seconds = video.frames / video.fps
    ticks = "".join(
        f'<span style="left:{100 * tick / seconds:.3f}%">{clock(tick, precise=False)}</span>'
        for tick in time_ticks(seconds)
    )
    foot, top = ("0", "1") if common else ("low", "high")
    return (
        f'<figure class="lane"><figcaption>{escape(video.id)}</figcaption><div class="plot">'
        f'<div class="y" aria-hidden="true"><span style="top:0">{top}</span>'
        f'<span style="top:100%">{foot}</span></div><div class="track">'
        f'<svg viewBox="0 0 {video.frames} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="Scores of {escape(video.id)}">{"".join(shapes)}</svg></div>'
        f'<div class="x" aria-hidden="true">{ticks}</div></div></figure>'
    )
