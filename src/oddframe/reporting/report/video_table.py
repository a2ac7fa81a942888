"""The report's table of all videos, where they are too many to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from oddframe.console.words import count, duration
from oddframe.reporting.parts.tables import scrolling
from oddframe.reporting.report.shown_videos import SAMPLE, ShownVideo
from oddframe.reporting.times import shown_time
from oddframe.reporting.wording import is_annotated, missed, number

MOST_ROWS = 10_000
"""So many videos are listed, the oddest; the scores of all are in the scores file."""


def videos_section(shown: Sequence[ShownVideo], threshold: float | None) -> str:
    """A table that the page's script sorts and searches, the video with the highest score first.

    Args:
        shown: all videos.
        threshold: of the scores; without one nothing is counted as an odd moment.
    """
    drawn = sum(entry.drawn for entry in shown)
    ranked = sorted(shown, key=lambda entry: -float(entry.scores.max()))
    heads = ["video", "length", "highest score", "at"]
    heads += ["odd moments"] * (threshold is not None)
    annotated = any(is_annotated(entry.video) for entry in shown)
    heads += ["annotated events", "of them missed"] * annotated
    rows = "".join(_row(entry, threshold, annotated) for entry in ranked[:MOST_ROWS])
    cells = "".join(
        f'<th scope="col"{_kind(place)}><button type="button">{head}</button></th>'
        for place, head in enumerate(heads)
    )
    left = len(shown) - MOST_ROWS
    more = f" {count(left, 'video')} with lower scores are not listed." if left > 0 else ""
    return (
        f'<p class="hint">{drawn:,} of {count(len(shown), "video")} have a timeline: the '
        f"oddest, and {SAMPLE} that stand for the others.{more} "
        '<span class="use">A click on a heading sorts.</span></p>'
        '<p class="filter"><label>Search <input type="search" class="search"></label></p>'
        + scrolling(
            f'<table class="videos"><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table>',
            "All videos",
        )
    )


def _kind(place: int) -> str:
    return ' class="number"' if place else ""


def _row(entry: ShownVideo, threshold: float | None, annotated: bool) -> str:
    video, peak = entry.video, int(entry.scores.argmax())
    name, value = escape(video.id), float(entry.scores[peak])
    values = [
        (video.clock.length, duration(video.clock.length)),
        (value, number(value)),
        (peak, shown_time(video.clock, peak)),
    ]
    counts = [len(entry.detections)] * (threshold is not None)
    if annotated:
        counts += [len(video.events), len(missed(video, entry.detections))]
    values += [(amount, f"{amount:,}") for amount in counts]
    cells = "".join(f'<td class="number" data-v="{key:.6g}">{text}</td>' for key, text in values)
    if entry.drawn:
        name = f'<a href="#v{entry.place}" data-frame="{peak}">{name}</a>'
    anchor = "" if entry.drawn else f' id="v{entry.place}"'
    return f'<tr{anchor}><th scope="row">{name}</th>{cells}</tr>'
