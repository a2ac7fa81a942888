"""The report's timelines: each video's scores with truth, threshold, detections and frames."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from oddframe.console.words import count, duration
from oddframe.pages.figures import HEIGHT, Label, Legend, Mark, Span, data_uri
from oddframe.reporting.drawing.score_axes import ScoreAxis, cut_note, thin_series
from oddframe.reporting.parts.lanes import score_labels, time_labels
from oddframe.reporting.report.shown_videos import ShownVideo
from oddframe.reporting.times import shown_cuts, shown_start, shown_time
from oddframe.reporting.wording import (
    HIGHEST,
    annotated_events,
    is_annotated,
    missed,
    number,
    overlapping,
)

TIMELINE_BINS = 200_000
"""Bins of all timelines together; each has between 150 and 1000, with two points per bin."""


KINDS = {
    "odd": "with odd moments",
    "highest": f"with the {HIGHEST}",
    "missed": "with missed events",
    "false": "with detections that are not annotated",
}
"""What videos are chosen by, and the words for it."""

FEW = 12
"""So few videos are not chosen from."""


@dataclass(frozen=True)
class Picture:
    """The frames of a video in one picture, of which one is seen.

    Attributes:
        source: its address.
        columns: how many frames stand in a row of it.
        frames: which frames these are, as the script reads them.
        aspect: width to height of a frame, as CSS wants it.
        style: which frame is seen, as CSS.
    """

    source: str
    columns: int
    frames: str
    aspect: str
    style: str


@dataclass(frozen=True)
class Timeline:
    """One video's scores, stretched to whatever size the page gives.

    The page's script reads frames and scores back from the points of the line, so that the data
    is in the page once: ``x`` is the frame, ``y`` runs from the axis' high end at 0 to its low end
    at ``HEIGHT``. Scores above a cut axis have a negative ``y``.

    Attributes:
        name: name of the video.
        anchor: where links lead to.
        kinds: what it is chosen by.
        facts: what is known of the video.
        frames: how many.
        peak: frame of the highest score.
        peak_time, peak_score: time and score of that frame, in words.
        left, top: where that is, as CSS wants it.
        knots: frames and seconds, between which frames are evenly spaced.
        start: second of the day at the first frame; empty where it is not known.
        low, high: ends of the score axis.
        points: points of the line.
        threshold: its height; None without one.
        truth: annotated events.
        gaps: frames before which something was not filmed.
        detected: odd moments; without a threshold those of the highest scores.
        y, x: labels of the axes.
        picture: None where there is none.
        trouble: why there is none; empty where the page says so for all videos.
    """

    template: ClassVar[str] = "report/timeline.html"
    name: str
    anchor: str
    kinds: str
    facts: Sequence[str]
    frames: int
    peak: int
    peak_time: str
    peak_score: str
    left: str
    top: str
    knots: str
    start: str
    low: str
    high: str
    points: str
    threshold: int | None
    truth: Sequence[Span]
    gaps: Sequence[int]
    detected: Sequence[Span]
    y: Sequence[Label]
    x: Sequence[Label]
    picture: Picture | None
    trouble: str


@dataclass(frozen=True)
class Timelines:
    """Every video's timeline; the page's script makes them interactive.

    Attributes:
        pictured: whether any video has pictures.
        cut: what is said of a cut axis; may be empty.
        footage: whether any video has footage.
        key: what lines and shades are.
        kinds: what videos can be chosen by, and the words for it; empty where they are few.
        videos: a timeline each.
    """

    template: ClassVar[str] = "report/timelines.html"
    pictured: bool
    cut: str
    footage: bool
    key: Legend
    kinds: Sequence[tuple[str, str]]
    videos: Sequence[Timeline]


def timelines_section(
    shown: Sequence[ShownVideo], axis: ScoreAxis, threshold: float | None
) -> Timelines:
    """Every video's timeline with its pictures.

    Args:
        shown: the videos.
        axis: the axis of all videos' scores.
        threshold: threshold of the scores, if they have one.
    """
    marks = {
        "score": True,
        "threshold": threshold is not None,
        "detected": any(entry.detections for entry in shown),
        "truth": any(entry.video.events for entry in shown),
        "gap": any(entry.video.clock.jumps for entry in shown),
    }
    words = {"truth": "annotated", "gap": "not filmed"}
    if threshold is None:
        words["detected"] = HIGHEST
    bins = min(1000, max(150, TIMELINE_BINS // len(shown)))
    footage = any(entry.video.path for entry in shown)
    found = (
        {kind for entry in shown for kind in _kinds(entry, threshold)}
        if len(shown) > FEW
        else set()
    )
    return Timelines(
        pictured=any(entry.pictures.strip for entry in shown),
        cut=cut_note(axis, [axis.holding([entry.scores]) for entry in shown]),
        footage=footage,
        key=Legend([Mark(kind, words.get(kind, kind)) for kind, there in marks.items() if there]),
        kinds=[(kind, named) for kind, named in KINDS.items() if kind in found],
        videos=[_timeline(entry, axis, threshold, bins, footage) for entry in shown],
    )


def _kinds(entry: ShownVideo, threshold: float | None) -> list[str]:
    if threshold is None:
        return ["highest"] if entry.detections else []
    kinds = ["odd"] if entry.detections else []
    if missed(entry.video, entry.detections):
        kinds.append("missed")
    if is_annotated(entry.video) and any(not overlapping(d, entry.video) for d in entry.detections):
        kinds.append("false")
    return kinds


def _timeline(
    entry: ShownVideo, axis: ScoreAxis, threshold: float | None, bins: int, footage: bool
) -> Timeline:
    """One video; where no video has footage, the page has said so and it is not said again."""
    video, scores = entry.video, entry.scores
    clock = video.clock
    axis = axis.holding([scores])
    peak = entry.peak

    def level(values: np.ndarray | float) -> np.ndarray:
        return np.rint((1 - axis.height(values)) * HEIGHT).astype(int)

    drawn = thin_series(scores, bins)
    points = [f"{x},{y}" for x, y in zip(drawn.tolist(), level(scores[drawn]), strict=True)]
    if video.frames == 1:
        points.append(f"0.5,{level(scores)[0]}")
    knots = [*(clock.knots or [(0, 0.0)]), (video.frames, round(clock.seconds(video.frames), 3))]
    start = clock.start
    picture = _picture(entry, peak)
    return Timeline(
        name=video.id,
        anchor=f"v{entry.place}",
        kinds=" ".join(_kinds(entry, threshold)),
        facts=_facts(entry, threshold),
        frames=video.frames,
        peak=peak,
        peak_time=shown_time(clock, peak),
        peak_score=number(float(scores[peak])),
        left=f"{100 * (peak + 0.5) / video.frames:.3f}%",
        top=f"{100 * max(0.0, 1 - float(axis.height(scores[peak]))):.2f}%",
        knots=json.dumps(knots),
        start="" if start is None else str(3600 * start.hour + 60 * start.minute + start.second),
        low=f"{axis.low:g}",
        high=f"{axis.high:g}",
        points=" ".join(points),
        threshold=None if threshold is None else int(level(threshold)),
        truth=[Span(event.start, event.end - event.start, event.name) for event in video.events],
        gaps=clock.jumps,
        detected=[Span(part.start, part.end - part.start) for part in entry.detections],
        y=score_labels(axis, threshold),
        x=time_labels(video),
        picture=picture,
        trouble=(entry.trouble or "no frame could be decoded") if footage and not picture else "",
    )


def _facts(entry: ShownVideo, threshold: float | None) -> list[str]:
    video = entry.video
    facts = [duration(video.clock.length)]
    if video.start is not None:
        facts.append(f"from {shown_start(video.start)}")
    if video.clock.jumps:
        facts.append(f"{count(len(video.clock.jumps), 'gap')} in the recording")
    if video.cuts:
        facts.append(shown_cuts(video.clock))
    if threshold is not None:
        facts.append(count(len(entry.detections), "odd moment"))
    if untested := video.frames - int(entry.tested.sum()):
        facts.append(f"{count(untested, 'frame')} not tested, whose scores say nothing")
    if is_annotated(video):
        facts.append(count(len(annotated_events(video)), "annotated event"))
    return facts


def _picture(entry: ShownVideo, frame: int) -> Picture | None:
    strip = entry.pictures.strip
    if strip is None:
        return None
    place = int(np.abs(np.array(strip.frames) - frame).argmin())
    return Picture(
        source=data_uri(strip.jpeg),
        columns=strip.columns,
        frames=" ".join(map(str, strip.frames)),
        aspect=f"{entry.video.width}/{entry.video.height}",
        style=(
            f"width:{100 * strip.columns}%;height:{100 * strip.rows}%;"
            f"left:{-100 * (place % strip.columns)}%;top:{-100 * (place // strip.columns)}%"
        ),
    )
