"""A camera's day or week on a strip: what its score did, and when nothing was seen."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response

from oddframe.journal.live_event import LiveEvent
from oddframe.journal.question import Question
from oddframe.journal.records import RecordedGap, ScoreMinute
from oddframe.serving.local_time import begin_of, clock, day_of, end_of, lately, read_day
from oddframe.serving.review import lasts
from oddframe.serving.site import Site, address, page

COLUMNS = 960
"""Of a strip: each shows the lowest and highest score of its time."""
_HEIGHT = 100.0
_MOST_EVENTS = 2000
_TICKS = 8
_LEAST_WIDTH = 2.0
"""Of an event on a strip, so that it can be hit."""
_LEAST_UNKNOWN = 150.0
"""Seconds: the score of a minute is written when it is over."""


@dataclass(frozen=True)
class Mark:
    """An event on a strip.

    Attributes:
        left, width: in :data:`COLUMNS`.
        address: of its page.
        words: what it is.
        told: whether it was an alarm.
    """

    left: float
    width: float
    address: str
    words: str
    told: bool


@dataclass(frozen=True)
class Strip:
    """A day of a camera.

    Attributes:
        camera: its name; ``""`` where that is said beside it.
        day: when that is, in words.
        address: of that day alone; ``""`` where it is shown alone.
        bands: polygons of the score from its lowest to its highest, a piece for each time without
            a gap: points ``x,y`` of ``960x100``.
        threshold: points of the threshold.
        gaps: left, width, and what they were.
        armed: left and width of the hours in which it is armed, as its schedule is now; none where
            that is not known.
        marks: the events.
        ticks: times of day, evenly from its beginning.
        highest: the score at the top.
        nothing: what is said where there are no scores; ``""`` if there are.
    """

    template: ClassVar[str] = "serving/strip.html"
    camera: str
    day: str
    address: str
    bands: Sequence[str]
    threshold: Sequence[str]
    gaps: Sequence[tuple[float, float, str]]
    armed: Sequence[tuple[float, float]]
    marks: Sequence[Mark]
    ticks: Sequence[str]
    highest: str
    nothing: str


@dataclass(frozen=True)
class _Timeline:
    template: ClassVar[str] = "serving/timeline.html"
    strips: Sequence[Strip]
    cameras: Sequence[tuple[str, bool]]
    day: str
    days: int
    before: str
    after: str


def timeline(site: Site, request: Request) -> Response:
    """A day of every camera, or of one; or a week of one."""
    given = request.query_params
    cameras = site.reader.cameras()
    chosen = given.get("camera", "")
    if chosen not in cameras:
        chosen = ""
    day = read_day(given.get("day", "")) or day_of(site.reader.newest())
    days = 7 if given.get("days") == "7" and cameras else 1
    if days > 1 and not chosen:
        chosen = cameras[0]
    shown = [chosen] if chosen else cameras
    strips = [
        strip_of(site, camera, day - timedelta(days=back), alone=days == 1 and bool(chosen))
        for camera in shown
        for back in range(days)
    ]
    step = timedelta(days=days)
    where = {"camera": chosen, "days": days if days > 1 else ""}
    return page(
        site,
        request,
        "Timeline",
        _Timeline(
            strips=strips,
            cameras=[(camera, camera == chosen) for camera in cameras],
            day=day.isoformat(),
            days=days,
            before=address("/timeline", **where, day=(day - step).isoformat()),
            after=address("/timeline", **where, day=(day + step).isoformat()),
        ),
        script="review.js",
    )


def strip_of(site: Site, camera: str, day: date, *, alone: bool = False) -> Strip:
    """A day of a camera, from its journal."""
    where = "" if alone else address("/timeline", camera=camera, day=day.isoformat())
    return stretch_of(site, camera, (begin_of(day), end_of(day)), f"{day:%a %d %b %Y}", where)


def stretch_of(
    site: Site, camera: str, when: tuple[float, float], words: str, where: str = ""
) -> Strip:
    """Any time of a camera.

    Args:
        site: whose journal is read.
        camera: its name.
        when: from when to when, Unix seconds.
        words: how that is called.
        where: the address of its own page; ``""`` of none.
    """
    begin, end = when
    minutes = [m for m in site.reader.minutes(camera, begin, end) if begin <= 60 * m.minute < end]
    events = site.reader.events(Question(camera, begin, end, most=_MOST_EVENTS))
    scale = COLUMNS / (end - begin)
    top = _top(minutes)
    recorded = site.reader.gaps(camera, begin, end)
    unknown = _unknown(camera, minutes, recorded, begin, min(end, time.time()))
    gaps = [_gap(gap, begin, end, scale) for gap in (*unknown, *recorded)]
    return Strip(
        camera=camera,
        day=words,
        address=where,
        bands=[_band(piece, begin, scale, top) for piece in _pieces(minutes, scale)],
        threshold=[
            " ".join(
                f"{(60 * m.minute - begin) * scale:.1f},{_up(m.threshold, top):.1f}" for m in piece
            )
            for piece in _pieces(minutes, scale)
        ],
        gaps=[gap for gap in gaps if gap[1] > 0],
        armed=_armed(site, camera, begin, end, scale),
        marks=[_mark(event, begin, end, scale) for event in reversed(events)],
        ticks=[clock(begin + part * (end - begin) / _TICKS)[:5] for part in range(_TICKS)],
        highest=f"{top:.1f}" if minutes else "",
        nothing="" if minutes else "no scores then",
    )


def envelope(
    minutes: Sequence[ScoreMinute], begin: float, scale: float
) -> list[tuple[float, float, float]]:
    """Column, lowest and highest score, of each column that has any: never a mean of several.

    Args:
        minutes: the earliest first.
        begin: Unix seconds of column 0.
        scale: columns a second.
    """
    found: dict[int, tuple[float, float]] = {}
    for one in minutes:
        column = int((60 * one.minute - begin) * scale)
        low, high = found.get(column, (math.inf, -math.inf))
        found[column] = min(low, one.lowest), max(high, one.highest)
    return [(float(column), low, high) for column, (low, high) in found.items()]


def _pieces(minutes: Sequence[ScoreMinute], scale: float) -> list[list[ScoreMinute]]:
    """Minutes without a minute missing between them, and what a column cannot tell apart."""
    apart = max(2, math.ceil(1 / (60 * scale)) + 1)
    pieces: list[list[ScoreMinute]] = []
    for one in minutes:
        if not pieces or one.minute - pieces[-1][-1].minute >= apart:
            pieces.append([])
        pieces[-1].append(one)
    return pieces


def _band(piece: Sequence[ScoreMinute], begin: float, scale: float, top: float) -> str:
    columns = envelope(piece, begin, scale)
    columns.append((columns[-1][0] + 1, *columns[-1][1:]))  # a single column has a width too
    there = [f"{column:.0f},{_up(high, top):.1f}" for column, _, high in columns]
    back = [f"{column:.0f},{_up(low, top) + 0.8:.1f}" for column, low, _ in reversed(columns)]
    return " ".join(there + back)


def _top(minutes: Sequence[ScoreMinute]) -> float:
    return max((max(m.highest, 1.25 * m.threshold) for m in minutes), default=1.0)


def _up(score: float, top: float) -> float:
    return _HEIGHT * (1 - min(max(score, 0.0) / max(top, 1e-9), 1.0))


def _gap(gap: RecordedGap, begin: float, end: float, scale: float) -> tuple[float, float, str]:
    # One that lasts says nothing of what is to come.
    start, stop = max(gap.start, begin), min(time.time() if gap.end is None else gap.end, end)
    until = "now" if gap.end is None else lately(gap.end, begin)
    words = f"not watched from {lately(gap.start, begin)} to {until}: {gap.reason}"
    return (start - begin) * scale, max(0.0, stop - start) * scale, words


def _unknown(
    camera: str,
    minutes: Sequence[ScoreMinute],
    recorded: Sequence[RecordedGap],
    begin: float,
    end: float,
) -> list[RecordedGap]:
    """Times of which there is neither a score nor a gap: oddframe did not run, or not yet."""
    spans = [(60.0 * one.minute, 60.0 * one.minute + 60.0) for one in minutes]
    spans += [(gap.start, end if gap.end is None else gap.end) for gap in recorded]
    found, at = [], begin
    for start, stop in [*sorted(spans), (end, end)]:
        until = min(start, end)
        if until - at > _LEAST_UNKNOWN:
            found.append(RecordedGap(camera, at, until, "nothing is known of it"))
        at = max(at, stop)
    return found


def _armed(
    site: Site, camera: str, begin: float, end: float, scale: float
) -> list[tuple[float, float]]:
    seen = site.camera(camera)
    spans = [] if seen is None else seen.plan.camera.schedule.spans(begin, end)
    return [((start - begin) * scale, (stop - start) * scale) for start, stop in spans]


def _mark(event: LiveEvent, begin: float, end: float, scale: float) -> Mark:
    start, stop = max(event.start, begin), min(event.end or event.seen, end)
    words = f"{clock(event.start)}, {lasts(event.start, event.end)}, score {event.peak:.2f}"
    return Mark(
        left=(start - begin) * scale,
        width=max(_LEAST_WIDTH, (stop - start) * scale),
        address=f"/review/{event.id}",
        words=f"{words}: {event.reason}" if event.reason else words,
        told=not event.untold,
    )
