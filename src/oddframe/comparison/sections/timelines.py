"""Timelines with the scores of several models over one ground truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from oddframe.evaluation.thresholds import are_probabilities
from oddframe.pages.figures import Label, Lane, Lanes, Legend
from oddframe.reporting.drawing.score_axes import ScoreAxis, score_axis
from oddframe.reporting.parts.lanes import anomalous_first, bins_per_line, lane, series_key
from oddframe.reporting.report.shown_videos import MOST_DRAWN, SAMPLE, evenly
from oddframe.scores.frame_scores import Scores
from oddframe.videos.video import Video


def some_videos(videos: Sequence[Video]) -> list[Video]:
    """All videos, or of many some, in their order: evenly, as many with events as possible."""
    if len(videos) <= MOST_DRAWN:
        return list(videos)
    annotated = [video for video in videos if video.events]
    others = [video for video in videos if not video.events]
    odd = evenly(annotated, max(MOST_DRAWN - SAMPLE, MOST_DRAWN - len(others)))
    kept = {video.id for video in [*odd, *evenly(others, MOST_DRAWN - len(odd))]}
    return [video for video in videos if video.id in kept]


@dataclass(frozen=True)
class ModelTimelines:
    """The videos' timelines.

    Attributes:
        key: which line is which model's.
        common: whether all scores share one axis.
        annotated: whether any event is annotated.
        part: how many of the videos are drawn, in words; empty where it is all.
        lanes: one for each video.
    """

    template: ClassVar[str] = "comparison/timelines.html"
    key: Legend
    common: bool
    annotated: bool
    part: str
    lanes: Lanes


def model_timelines(
    videos: Sequence[Video], models: Mapping[str, Scores], total: int = 0
) -> ModelTimelines:
    """One drawing per video, anomalous videos first; lines have the colours of the page's key.

    Args:
        videos: to draw.
        models: model name to scores of at least these videos.
        total: how many videos there are in all.
    """
    common = are_probabilities(list(models.values()))
    axes = {
        name: ScoreAxis(0.0, 1.0) if common else score_axis(scores.values.values(), None)
        for name, scores in models.items()
    }
    bins = bins_per_line(len(videos) * len(models))
    top, foot = ("1", "0") if common else ("high", "low")
    labels = Label("0", top), Label("100%", foot)

    def draw(video: Video) -> Lane:
        return lane(video, {k: v[video.id] for k, v in models.items()}, axes, bins, labels)

    return ModelTimelines(
        key=series_key(list(models)),
        common=common,
        annotated=any(video.events for video in videos),
        part=f"{len(videos)} of {total:,} videos" if total > len(videos) else "",
        lanes=anomalous_first(videos, draw),
    )
