"""The report's list of odd moments: pictures with time, score, reason and verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from oddframe.console.player_times import offset
from oddframe.console.words import count
from oddframe.pages.figures import data_uri
from oddframe.reporting.drawing.thumbnails import draw_sight
from oddframe.reporting.report.shown_videos import ShownVideo
from oddframe.reporting.times import shown_span, shown_time
from oddframe.reporting.wording import HIGHEST, is_annotated, missed, number, overlapping
from oddframe.scores.detections import Detection
from oddframe.scores.sights import Sight
from oddframe.videos.video import Event

MOST_OPEN = 12
"""So many of the pictures are seen at once, the others unfold."""

MOST_LISTED = 400
"""So many detections are listed without a picture; all of them are in ``events.json``."""


@dataclass(frozen=True)
class Moment:
    """A detected event, or an annotated one that was not detected.

    Attributes:
        target: anchor of its video's timeline.
        frame: where the timeline goes to.
        video: its name.
        span: from when to when it is.
        name: name of an annotated event.
        peak: time of the highest score.
        score: the highest.
        reason: why it is odd, in words; may be empty.
        verdict: which annotated events it touches; empty where they are not known.
        false: whether it touches none of them.
        picture: the frame at its peak; may be empty.
        mapped: whether the picture shows the score map.
        nearest: a picture of the moment of the normal footage that is nearest; may be empty.
        nearest_at: which moment that is.
    """

    target: str
    frame: int
    video: str
    span: str
    name: str = ""
    peak: str = ""
    score: str = ""
    reason: str = ""
    verdict: str = ""
    false: bool = False
    picture: str = ""
    mapped: bool = False
    nearest: str = ""
    nearest_at: str = ""


@dataclass(frozen=True)
class Moments:
    """The odd moments of a report, the oddest first.

    Attributes:
        order: in which order they come, and what they are.
        kind: what those are called that are listed without a picture.
        coloured: whether colour in pictures is to be explained.
        opened: with pictures that are seen.
        folded: with pictures that unfold.
        listed: without a picture.
        others: how many those are.
        more: how many of them are not listed; may be empty.
        missed: annotated events without a detection.
        missed_events: how many those are.
    """

    template: ClassVar[str] = "report/moments.html"
    order: str
    kind: str
    coloured: bool
    opened: Sequence[Moment]
    folded: Sequence[Moment]
    listed: Sequence[Moment]
    others: str
    more: str
    missed: Sequence[Moment]
    missed_events: str


def moments_section(
    shown: Sequence[ShownVideo],
    threshold: float | None,
    sights: Mapping[Sight, bytes] = MappingProxyType({}),
) -> Moments | None:
    """The detected events, the oddest first, and the annotated ones that were not detected.

    Without a threshold none is detected: then they are the moments of the highest scores.

    Args:
        shown: the videos.
        threshold: threshold of the scores, if they have one.
        sights: moments of the normal footage, a JPEG each.
    """
    found = [(detection, entry) for entry in shown for detection in entry.detections]
    found.sort(key=lambda pair: -pair[0].peak_score)
    with_picture = [pair for pair in found if pair[0].peak in pair[1].pictures.events]
    others = [pair for pair in found if pair[0].peak not in pair[1].pictures.events]
    lost = [(event, entry) for entry in shown for event in missed(entry.video, entry.detections)]
    lost = lost if threshold is not None else []
    if not found and not lost:
        return None
    cards = [_detected(*pair, sights) for pair in with_picture]
    more = len(others) - MOST_LISTED
    return Moments(
        order="The oddest first."
        if threshold is not None
        else "The highest score first, odd or not: no threshold says which of them are.",
        kind="detected" if threshold is not None else HIGHEST,
        coloured=threshold is not None
        and threshold > 0
        and any(entry.mapped for _, entry in with_picture),
        opened=cards[:MOST_OPEN],
        folded=cards[MOST_OPEN:],
        listed=[_detected(*pair, {}) for pair in others[:MOST_LISTED]],
        others=f"{len(others):,}",
        more=f"{more:,}" if more > 0 else "",
        missed=[
            Moment(f"v{entry.place}", event.start, entry.video.id, _span(event, entry), event.name)
            for event, entry in lost[:MOST_LISTED]
        ],
        missed_events=count(len(lost), "annotated event"),
    )


def _span(part: Event | Detection, entry: ShownVideo) -> str:
    return shown_span(entry.video.clock, part.start, part.end, " – ")


def _detected(detection: Detection, entry: ShownVideo, sights: Mapping[Sight, bytes]) -> Moment:
    video = entry.video
    names = dict.fromkeys(event.name for event in overlapping(detection, video))
    verdict = f"annotated: {', '.join(names)}" if names else "not annotated"
    jpeg = entry.pictures.events.get(detection.peak)
    nearest = detection.nearest
    like = None if nearest is None else sights.get(nearest)
    if like is not None:
        like = draw_sight(like, detection, (video.width, video.height))
    return Moment(
        target=f"v{entry.place}",
        frame=detection.pictured,
        video=video.id,
        span=_span(detection, entry),
        peak=shown_time(video.clock, detection.pictured),
        score=number(detection.peak_score),
        reason=detection.reason,
        verdict=verdict if is_annotated(video) else "",
        false=not names,
        picture="" if jpeg is None else data_uri(jpeg),
        mapped=entry.mapped,
        nearest="" if like is None else data_uri(like),
        nearest_at=f"{nearest.video} · {offset(nearest.seconds)}" if nearest and like else "",
    )
