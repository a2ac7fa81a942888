"""Lines of scores over the annotated events of a video: a lane each, and the key of the lines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from oddframe.pages.colours import series_class
from oddframe.pages.figures import HEIGHT, Label, Lane, Lanes, Legend, Line, Mark, Span
from oddframe.reporting.drawing.score_axes import ScoreAxis, thin_series
from oddframe.reporting.times import axis_ticks
from oddframe.videos.video import Video

POINTS = 400_000
"""Bins of all lines together; each line has between 60 and 500, with two points per bin."""

MOST_OPEN = 6
"""So many videos without annotated events are seen at once; the others unfold."""


def series_key(names: Sequence[str], *, annotated: bool = False, threshold: bool = False) -> Legend:
    """The key of the lines' colours.

    Args:
        names: names of the lines, in their order.
        annotated: whether to name the shade of annotated events as well.
        threshold: whether to name the dashed line of the threshold as well.
    """
    marks = [Mark(series_class(place), name) for place, name in enumerate(names)]
    if threshold:
        marks.append(Mark("threshold", "threshold"))
    if annotated:
        marks.append(Mark("truth", "annotated"))
    return Legend(marks)


def bins_per_line(lines: int) -> int:
    """How finely each of so many lines is drawn, so that the page stays small."""
    return min(500, max(60, POINTS // lines))


def anomalous_first(
    videos: Sequence[Video], draw: Callable[[Video], Lane], detected: Collection[str] = ()
) -> Lanes:
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
    return Lanes([draw(video) for video in opened], [draw(video) for video in folded], label)


def lane(
    video: Video,
    series: Mapping[str, np.ndarray],
    axes: Mapping[str, ScoreAxis],
    bins: int,
    labels: Sequence[Label],
    threshold: float | None = None,
) -> Lane:
    """One video's lines over its annotated events; the first line lies on top.

    Args:
        video: gives length and events.
        series: name to ``(frames,)``; the classes ``series0``, ``series1``, ... in this order.
        axes: name to the axis of that line.
        bins: how finely to draw, see :func:`thin_series`.
        labels: labels of the score axis.
        threshold: threshold of the first line, drawn dashed.
    """
    lines = []
    for place, (name, values) in enumerate(series.items()):
        frames = thin_series(values, bins)
        levels = np.rint((1 - axes[name].height(values[frames])) * HEIGHT).astype(int)
        points = " ".join(f"{x},{y}" for x, y in zip(frames.tolist(), levels, strict=True))
        lines.append(Line(series_class(place), points))
    level = None
    if threshold is not None:
        level = round((1 - float(axes[next(iter(series))].height(threshold))) * HEIGHT)
    return Lane(
        title=video.id,
        said=f"Scores of {video.id}",
        width=video.frames,
        lines=lines[::-1],
        y=labels,
        x=time_labels(video),
        truth=[Span(event.start, event.end - event.start, event.name) for event in video.events],
        threshold=level,
    )


def time_labels(video: Video) -> list[Label]:
    """Times along a video's timeline."""
    ticks = axis_ticks(video.clock)
    return [Label(f"{100 * tick / video.frames:.3f}%", words) for tick, words in ticks]


def score_labels(axis: ScoreAxis, level: float | None) -> list[Label]:
    """Labels of the highest and the lowest score and of one level, where they do not collide.

    Args:
        axis: the drawing's axis.
        level: a score of its own, such as the threshold.
    """
    labels = {axis.high: 0.0, axis.low: 1.0}
    if level is not None:
        place = 1 - float(axis.height(level))
        labels = {value: at for value, at in labels.items() if abs(at - place) > 0.14}
        labels[level] = place
    return [Label(f"{100 * at:.1f}%", f"{value:.3g}") for value, at in labels.items()]
