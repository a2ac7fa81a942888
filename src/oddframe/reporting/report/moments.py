"""The report's list of odd moments: pictures with time, score, reason and verdict."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from oddframe.console.words import count
from oddframe.reporting.report.shown_videos import ShownVideo, data_uri
from oddframe.reporting.times import shown_span, shown_time
from oddframe.reporting.wording import is_annotated, missed, number, overlapping
from oddframe.scores.detections import Detection
from oddframe.videos.manifest import Event, Video

MOST_OPEN = 12
"""So many of the pictures are seen at once, the others unfold."""

MOST_LISTED = 400
"""So many detections are listed without a picture; all of them are in ``events.json``."""


def moments_section(shown: Sequence[ShownVideo], threshold: float | None) -> str:
    """The detected events, the oddest first, and the annotated ones that were not detected."""
    found = [(detection, entry) for entry in shown for detection in entry.detections]
    found.sort(key=lambda pair: -pair[0].peak_score)
    with_picture = [pair for pair in found if pair[0].peak in pair[1].pictures.events]
    others = [pair for pair in found if pair[0].peak not in pair[1].pictures.events]
    parts = []
    if with_picture:
        scale = (
            'Colour shows where: <span aria-hidden="true">half the threshold'
            '<i class="heat"></i>4 times the threshold</span>. '
            if threshold is not None
            and threshold > 0
            and any(entry.mapped for _, entry in with_picture)
            else ""
        )
        cards = [_card(detection, entry) for detection, entry in with_picture]
        parts.append(
            f'<p class="hint">The oddest first. {scale}<span class="use">Follow a picture to its '
            "place in the timeline.</span></p>"
            f'<ol class="moments">{"".join(cards[:MOST_OPEN])}</ol>'
        )
        if cards[MOST_OPEN:]:
            parts.append(
                f"<details><summary>{len(cards) - MOST_OPEN} more pictures</summary>"
                f'<ol class="moments">{"".join(cards[MOST_OPEN:])}</ol></details>'
            )
    if others:
        rows = "".join(
            f"<li>{_line(detection, entry)}</li>" for detection, entry in others[:MOST_LISTED]
        )
        more = len(others) - MOST_LISTED
        rows += f"<li>and {more:,} more, in events.json</li>" if more > 0 else ""
        kind, state = ("more", "") if with_picture else ("detected", " open")
        parts.append(
            f"<details{state}><summary>{len(others):,} {kind}, without a picture</summary>"
            f'<ul class="list">{rows}</ul></details>'
        )
    lost = [(event, entry) for entry in shown for event in missed(entry.video, entry.detections)]
    if lost and threshold is not None:
        rows = "".join(
            f'<li><a href="#v{entry.place}" data-frame="{event.start}">'
            f"{escape(entry.video.id)}, {_span(event, entry.video)}</a> {escape(event.name)}</li>"
            for event, entry in lost[:MOST_LISTED]
        )
        parts.append(
            f"<details><summary>{count(len(lost), 'annotated event')} without a detection"
            f'</summary><ul class="list">{rows}</ul></details>'
        )
    return "\n".join(parts)


def _span(part: Event | Detection, video: Video) -> str:
    return shown_span(video.clock, part.start, part.end, " – ")


def _verdict(detection: Detection, video: Video) -> str:
    if not is_annotated(video):
        return ""
    names = list(dict.fromkeys(event.name for event in overlapping(detection, video)))
    if names:
        return f'<span class="tag true">annotated: {escape(", ".join(names))}</span>'
    return '<span class="tag false">not annotated</span>'


def _card(detection: Detection, entry: ShownVideo) -> str:
    video = entry.video
    peak = shown_time(video.clock, detection.peak)
    source = data_uri(entry.pictures.events[detection.peak])
    reason = f"<p>{escape(detection.reason)}</p>" if detection.reason else ""
    coloured = " with the score map" if entry.mapped else ""
    return (
        f'<li><a href="#v{entry.place}" data-frame="{detection.peak}">'
        f'<img src="{source}" alt="Frame at {peak} of {escape(video.id)}{coloured}">'
        f"<div><strong>{escape(video.id)} · {peak}</strong>{reason}"
        f'<p class="quiet">{_span(detection, video)} · score {number(detection.peak_score)}'
        f"</p>{_verdict(detection, video)}</div></a></li>"
    )


def _line(detection: Detection, entry: ShownVideo) -> str:
    parts = [
        f'<a href="#v{entry.place}" data-frame="{detection.peak}">{escape(entry.video.id)}, '
        f"{_span(detection, entry.video)}</a>",
        f"score {number(detection.peak_score)}",
        escape(detection.reason),
        _verdict(detection, entry.video),
    ]
    return " · ".join(part for part in parts if part)
