"""Timelines with the scores of several models over one ground truth, drawn inside a page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from html import escape

import numpy as np

from oddframe.evaluation.thresholds import are_probabilities
from oddframe.pages.colours import series_class
from oddframe.reporting.drawing.score_axes import ScoreAxis, score_axis, thin_series
from oddframe.reporting.report.shown_videos import MOST_DRAWN, SAMPLE, evenly
from oddframe.reporting.times import axis_ticks
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Video

HEIGHT = 1000
"""Height of a timeline's own coordinates; its width is the video's frame count."""

POINTS = 400_000
"""Bins of all lines together; each line has between 60 and 500, with two points per bin."""


MOST_OPEN = 6
"""Of videos without any annotated events, so many are seen at once, the others unfold."""


def some_videos(videos: Sequence[Video]) -> list[Video]:
    """All videos, or of many some, in their order: evenly, as many with events as possible."""
    if len(videos) <= MOST_DRAWN:
        return list(videos)
    annotated = [video for video in videos if video.events]
    others = [video for video in videos if not video.events]
    odd = evenly(annotated, max(MOST_DRAWN - SAMPLE, MOST_DRAWN - len(others)))
    kept = {video.id for video in [*odd, *evenly(others, MOST_DRAWN - len(odd))]}
    return [video for video in videos if video.id in kept]


def model_timelines(videos: Sequence[Video], models: Mapping[str, Scores], total: int = 0) -> str:
    """One drawing per video, anomalous videos first; lines have the colours of the page's key.

    Args:
        videos: to draw.
        models: model name to scores of at least these videos.
        total: of how many videos they are some.
    """
    common = are_probabilities(list(models.values()))
    axes = {
        name: ScoreAxis(0.0, 1.0) if common else score_axis(scores.values.values(), None)
        for name, scores in models.items()
    }
    bins = bins_per_line(len(videos) * len(models))
    scale = (
        "All scores lie between 0 and 1 and share one axis."
        if common
        else "The models have no common scale: each is drawn from its lowest to its highest score "
        "over all videos."
    )
    foot, top = ("0", "1") if common else ("low", "high")
    labels = f'<span style="top:0">{top}</span><span style="top:100%">{foot}</span>'

    def draw(video: Video) -> str:
        return lane(video, {k: v[video.id] for k, v in models.items()}, axes, bins, labels)

    part = f" {len(videos)} of {total:,} videos are drawn." if total > len(videos) else ""
    hint = f'<p class="hint">{scale} Annotated events are shaded.{part}</p>'
    return hint + anomalous_first(videos, draw)


def series_key(names: Sequence[str], *, annotated: bool = False, threshold: bool = False) -> str:
    """The key of the lines' colours.

    Args:
        names: of the lines, in their order.
        annotated: whether to name the shade of annotated events as well.
        threshold: whether to name the dashed line of the threshold as well.
    """
    marks = [
        f'<li><i class="{series_class(place)}"></i>{escape(name)}</li>'
        for place, name in enumerate(names)
    ]
    if threshold:
        marks.append('<li><i class="threshold"></i>threshold</li>')
    if annotated:
        marks.append('<li><i class="truth"></i>annotated</li>')
    return f'<ul class="legend">{"".join(marks)}</ul>'


def bins_per_line(lines: int) -> int:
    """How finely each of so many lines is drawn, so that the page stays small."""
    return min(500, max(60, POINTS // lines))


def anomalous_first(
    videos: Sequence[Video], draw: Callable[[Video], str], detected: Collection[str] = ()
) -> str:
    """The drawings of videos with annotated events, and the others folded away below.

    Where none has any, those with detections come first, and only what comes after the first
    ``MOST_OPEN`` is folded away.

    Args:
        videos: to draw.
        draw: gives a video's drawing.
        detected: ids of the videos with detections.
    """
    opened = [video for video in videos if video.events]
    folded = [video for video in videos if not video.events]
    label = f"{len(folded)} without annotated events"
    if not opened:
        folded.sort(key=lambda video: video.id not in detected)
        opened, folded = folded[:MOST_OPEN], folded[MOST_OPEN:]
        label = f"{len(folded)} more"
    drawn = "".join(map(draw, opened))
    if folded:
        lanes = "".join(map(draw, folded))
        drawn += f"<details><summary>{label}</summary>{lanes}</details>"
    return drawn


def lane(
    video: Video,
    series: Mapping[str, np.ndarray],
    axes: Mapping[str, ScoreAxis],
    bins: int,
    labels: str,
    threshold: float | None = None,
) -> str:
    """One video's lines over its annotated events; the first line lies on top.

    Args:
        video: gives length and events.
        series: name to ``(frames,)``; the classes ``series0``, ``series1``, ... in this order.
        axes: name to the axis of that line.
        bins: how finely to draw, see :func:`thin_series`.
        labels: HTML of the score axis.
        threshold: of the first line, drawn dashed.
    """
    shapes = [
        f'<rect class="truth" x="{event.start}" width="{event.end - event.start}" y="0" '
        f'height="{HEIGHT}"><title>{escape(event.name)}</title></rect>'
        for event in video.events
    ]
    if threshold is not None:
        level = float(axes[next(iter(series))].height(threshold))
        y = round((1 - level) * HEIGHT)
        shapes.append(f'<line class="threshold" x1="0" x2="{video.frames}" y1="{y}" y2="{y}"/>')
    lines = []
    for place, (name, values) in enumerate(series.items()):
        frames = thin_series(values, bins)
        levels = np.rint((1 - axes[name].height(values[frames])) * HEIGHT).astype(int)
        points = " ".join(f"{x},{y}" for x, y in zip(frames.tolist(), levels, strict=True))
        lines.append(f'<polyline class="{series_class(place)}" points="{points}"/>')
    shapes += reversed(lines)
    ticks = "".join(
        f'<span style="left:{100 * tick / video.frames:.3f}%">{label}</span>'
        for tick, label in axis_ticks(video.clock)
    )
    return (
        f'<figure class="lane"><figcaption>{escape(video.id)}</figcaption><div class="plot">'
        f'<div class="y" aria-hidden="true">{labels}</div><div class="track">'
        f'<svg viewBox="0 0 {video.frames} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="Scores of {escape(video.id)}">{"".join(shapes)}</svg></div>'
        f'<div class="x" aria-hidden="true">{ticks}</div></div></figure>'
    )
