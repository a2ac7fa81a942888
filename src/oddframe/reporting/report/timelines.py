"""The report's timelines: each video's scores with truth, threshold, detections and frames."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

import numpy as np

from oddframe.console.words import count, duration
from oddframe.reporting.drawing.score_axes import ScoreAxis, cut_note, thin_series
from oddframe.reporting.drawing.thumbnails import Strip
from oddframe.reporting.report.shown_videos import ShownVideo, data_uri
from oddframe.reporting.times import axis_ticks, shown_cuts, shown_start, shown_time
from oddframe.reporting.wording import is_annotated, missed, number, overlapping
from oddframe.scores.detections import Detection
from oddframe.videos.manifest import Video

TIMELINE_HEIGHT = 1000
"""Height of a timeline's own coordinates; its width is the video's frame count."""

TIMELINE_BINS = 200_000
"""Bins of all timelines together; each has between 150 and 1000, with two points per bin."""


def timelines_section(shown: Sequence[ShownVideo], axis: ScoreAxis, threshold: float | None) -> str:
    """Every video's timeline with its pictures; the page's script makes them interactive."""
    marks = ['<li><i class="score"></i>score</li>']
    if threshold is not None:
        marks.append('<li><i class="threshold"></i>threshold</li>')
    if any(entry.detections for entry in shown):
        marks.append('<li><i class="detected"></i>detected</li>')
    if any(entry.video.events for entry in shown):
        marks.append('<li><i class="truth"></i>annotated</li>')
    if any(entry.video.clock.jumps for entry in shown):
        marks.append('<li><i class="gap"></i>not filmed</li>')
    cut = cut_note(axis, [axis.holding([entry.scores]) for entry in shown])
    cut = f" {cut}" if cut else ""
    bins = min(1000, max(150, TIMELINE_BINS // len(shown)))
    footage = any(entry.video.path for entry in shown)
    rows = "".join(_timeline(entry, axis, threshold, bins, footage) for entry in shown)
    pictured = any(entry.pictures.strip for entry in shown)
    sight = "the score and the nearest picture" if pictured else "the score"
    missing = "" if footage else " No pictures: only features of these videos are at hand."
    return (
        '<p class="hint"><span class="use">Move over a timeline (or focus it and use the arrow '
        f"keys) to see {sight}; click or press Enter to pin it, Escape "
        f'to let go.</span>{cut}{missing}</p><ul class="legend">{"".join(marks)}</ul>'
        f"{_filter(shown)}{rows}"
    )


def _filter(shown: Sequence[ShownVideo]) -> str:
    kinds = {kind for entry in shown for kind in _kinds(entry)}
    if len(shown) <= 12 or not kinds:
        return ""
    names = {
        "odd": "with odd moments",
        "missed": "with missed events",
        "false": "with detections that are not annotated",
    }
    options = "".join(f'<option value="{k}">{names[k]}</option>' for k in names if k in kinds)
    return (
        '<p class="filter"><label>Show <select><option value="">all videos</option>'
        f"{options}</select></label></p>"
    )


def _kinds(entry: ShownVideo) -> list[str]:
    kinds = ["odd"] if entry.detections else []
    if missed(entry.video, entry.detections):
        kinds.append("missed")
    if is_annotated(entry.video) and any(not overlapping(d, entry.video) for d in entry.detections):
        kinds.append("false")
    return kinds


def _timeline(
    entry: ShownVideo, axis: ScoreAxis, threshold: float | None, bins: int, footage: bool
) -> str:
    """One video; where no video has footage, the page has said so and it is not said again."""
    video, scores = entry.video, entry.scores
    axis = axis.holding([scores])
    peak = int(scores.argmax())
    facts = [duration(video.clock.length)]
    if video.start is not None:
        facts.append(f"from {shown_start(video.start)}")
    if video.clock.jumps:
        facts.append(f"{count(len(video.clock.jumps), 'gap')} in the recording")
    if video.cuts:
        facts.append(shown_cuts(video.clock))
    if threshold is not None:
        facts.append(count(len(entry.detections), "odd moment"))
    if is_annotated(video):
        facts.append(f"{count(len(video.events), 'annotated event')}")
    left = f"{100 * (peak + 0.5) / video.frames:.3f}%"
    top = f"{100 * max(0.0, 1 - float(axis.height(scores[peak]))):.2f}%"
    ticks = "".join(
        f'<span style="left:{100 * tick / video.frames:.3f}%">{label}</span>'
        for tick, label in axis_ticks(video.clock)
    )
    name = escape(video.id)
    at = shown_time(video.clock, peak)
    now = f"{at}, score {number(float(scores[peak]))}"
    return (
        f'<article class="video" id="v{entry.place}" data-kinds="{" ".join(_kinds(entry))}">'
        f"<header><h3>{name}</h3><p>{' · '.join(facts)}</p></header>"
        '<div class="plot"><div class="y" aria-hidden="true">'
        f"{score_labels(axis, threshold)}</div>"
        f'<div class="track" role="slider" tabindex="0" aria-label="Time in {name}" '
        f'aria-valuemin="0" aria-valuemax="{video.frames - 1}" aria-valuenow="{peak}" '
        f'aria-valuetext="{now}" data-frames="{video.frames}" {_times(video)}'
        f'data-low="{axis.low:g}" data-high="{axis.high:g}" data-rest="{peak}">'
        f"{_drawing(video, scores, axis, threshold, entry.detections, bins)}"
        f'<div class="cursor" style="left:{left}"></div>'
        f'<div class="dot" style="left:{left};top:{top}"></div></div>'
        f'<div class="x" aria-hidden="true">{ticks}</div></div>'
        f'<figure class="preview">{_frame(entry, peak) if footage else ""}'
        f"<figcaption>Highest score: <b>{at}</b> · score "
        f"{number(float(scores[peak]))}</figcaption></figure></article>"
    )


def _times(video: Video) -> str:
    """When frames are shown, for the script: knots, and the second of the day at the start."""
    clock = video.clock
    knots = [*(clock.knots or [(0, 0.0)]), (video.frames, round(clock.seconds(video.frames), 3))]
    start = clock.start
    day = 3600 * start.hour + 60 * start.minute + start.second if start is not None else ""
    return f'data-knots="{json.dumps(knots)}" data-start="{day}" '


def score_labels(axis: ScoreAxis, level: float | None) -> str:
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
    return "".join(
        f'<span style="top:{100 * at:.1f}%">{value:.3g}</span>' for value, at in labels.items()
    )


def _frame(entry: ShownVideo, frame: int) -> str:
    strip = entry.pictures.strip
    if strip is None:
        why = entry.trouble or "no frame could be decoded"
        return f'<p class="missing">No pictures: {escape(why)}</p>'
    nearest = int(np.abs(np.array(strip.frames) - frame).argmin())
    return (
        f'<div class="frame" style="aspect-ratio:{entry.video.width}/{entry.video.height}">'
        f'<img src="{data_uri(strip.jpeg)}" alt="Frame of {escape(entry.video.id)}" '
        f'data-columns="{strip.columns}" data-frames="{" ".join(map(str, strip.frames))}" '
        f'style="{_sprite_style(strip, nearest)}"></div>'
    )


def _sprite_style(strip: Strip, place: int) -> str:
    return (
        f"width:{100 * strip.columns}%;height:{100 * strip.rows}%;"
        f"left:{-100 * (place % strip.columns)}%;top:{-100 * (place // strip.columns)}%"
    )


def _drawing(
    video: Video,
    scores: np.ndarray,
    axis: ScoreAxis,
    threshold: float | None,
    detections: Sequence[Detection],
    bins: int,
) -> str:
    """One video's scores, stretched to whatever size the page gives.

    The page's script reads frames and scores back from the points of the line, so that the data
    is in the page once: ``x`` is the frame, ``y`` runs from ``axis.high`` at 0 to ``axis.low``
    at ``TIMELINE_HEIGHT``. Scores above a cut axis have a negative ``y``.
    """

    def level(values: np.ndarray | float) -> np.ndarray:
        return np.rint((1 - axis.height(values)) * TIMELINE_HEIGHT).astype(int)

    frames = thin_series(scores, bins)
    points = [f"{x},{y}" for x, y in zip(frames.tolist(), level(scores[frames]), strict=True)]
    if video.frames == 1:
        points.append(f"0.5,{level(scores)[0]}")
    shapes = [
        f'<rect class="truth" x="{event.start}" width="{event.end - event.start}" y="0" '
        f'height="{TIMELINE_HEIGHT}" data-name="{escape(event.name)}"/>'
        for event in video.events
    ]
    shapes += [
        f'<line class="gap" x1="{frame}" x2="{frame}" y1="0" y2="{TIMELINE_HEIGHT}"/>'
        for frame in video.clock.jumps
    ]
    if threshold is not None:
        y = int(level(threshold))
        shapes.append(f'<line class="threshold" x1="0" x2="{video.frames}" y1="{y}" y2="{y}"/>')
    shapes.append(
        f'<polyline class="score" transform="translate(.5 0)" points="{" ".join(points)}"/>'
    )
    shapes += [
        f'<rect class="detected" x="{d.start}" width="{d.end - d.start}" y="0" height="70"/>'
        for d in detections
    ]
    return (
        f'<svg viewBox="0 0 {video.frames} {TIMELINE_HEIGHT}" preserveAspectRatio="none" '
        f'aria-hidden="true">{"".join(shapes)}</svg>'
    )
