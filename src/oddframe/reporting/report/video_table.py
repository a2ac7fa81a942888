"""The report's table of all videos, where they are too many to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from oddframe.console.words import count, duration
from oddframe.reporting.report.shown_videos import SAMPLE, ShownVideo
from oddframe.reporting.times import shown_time
from oddframe.reporting.wording import annotated_events, is_annotated, missed, number

MOST_ROWS = 10_000
"""So many videos are listed, the oddest; the scores of all are in the scores file."""


@dataclass(frozen=True)
class ListedVideo:
    """A row of the table.

    Attributes:
        name: name of the video.
        target: anchor of its timeline; empty where it has none, and the row itself is the anchor.
        anchor: anchor of the row; empty where there is a timeline.
        peak: frame of its highest score.
        numbers: in the other columns, as they are sorted by and as they are shown.
    """

    name: str
    target: str
    anchor: str
    peak: int
    numbers: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class VideoTable:
    """All videos of a report.

    Attributes:
        drawn: how many have a timeline.
        videos: how many there are.
        sample: how many of those that are drawn stand for the others.
        left_out: what is said of videos that are not listed; may be empty.
        columns: headings of the numbers.
        rows: one for each video.
    """

    template: ClassVar[str] = "report/videos.html"
    drawn: str
    videos: str
    sample: int
    left_out: str
    columns: Sequence[str]
    rows: Sequence[ListedVideo]


def videos_section(shown: Sequence[ShownVideo], threshold: float | None) -> VideoTable:
    """A table that the page's script sorts and searches, the video with the highest score first.

    Args:
        shown: all videos.
        threshold: threshold of the scores; without one nothing is counted as an odd moment.
    """
    ranked = sorted(shown, key=lambda entry: -float(entry.ranked[entry.peak]))
    columns = ["length", "highest score", "at"]
    columns += ["odd moments"] * (threshold is not None)
    annotated = any(is_annotated(entry.video) for entry in shown)
    columns += ["annotated events", "of them missed"] * annotated
    left = len(shown) - MOST_ROWS
    return VideoTable(
        drawn=f"{sum(entry.drawn for entry in shown):,}",
        videos=count(len(shown), "video"),
        sample=SAMPLE,
        left_out=count(left, "video") if left > 0 else "",
        columns=columns,
        rows=[_row(entry, threshold, annotated) for entry in ranked[:MOST_ROWS]],
    )


def _row(entry: ShownVideo, threshold: float | None, annotated: bool) -> ListedVideo:
    video, peak = entry.video, entry.peak
    score = float(entry.scores[peak])
    values = [
        (video.clock.length, duration(video.clock.length)),
        (score, number(score)),
        (peak, shown_time(video.clock, peak)),
    ]
    counts = [len(entry.detections)] * (threshold is not None)
    if annotated:
        counts += [len(annotated_events(video)), len(missed(video, entry.detections))]
    values += [(amount, f"{amount:,}") for amount in counts]
    place = f"v{entry.place}"
    return ListedVideo(
        name=video.id,
        target=place if entry.drawn else "",
        anchor="" if entry.drawn else place,
        peak=peak,
        numbers=[(f"{key:.6g}", text) for key, text in values],
    )
