"""Visits: events of one camera that follow each other closely are one thing to look at."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from oddframe.journal.live_event import LiveEvent, Verdict
from oddframe.journal.question import Question
from oddframe.journal.reading import JournalReader

APART = 60.0
"""Seconds of quiet between two visits, at least."""
EVENTS_A_PAGE = 60


@dataclass(frozen=True)
class Visit:
    """Events of one camera, none more than :data:`APART` after the one before.

    Attributes:
        events: at least one, the earliest first.
    """

    events: tuple[LiveEvent, ...]

    @property
    def camera(self) -> str:
        """Whose they are."""
        return self.events[0].camera

    @property
    def oddest(self) -> LiveEvent:
        """The event that stands for it: of those with a picture or film, the farthest above its
        threshold; of all, where there is none."""
        seen = [event for event in self.events if event.picture or event.clips]
        return max(seen or self.events, key=lambda event: event.peak - event.threshold)

    @property
    def start(self) -> float:
        """Unix seconds."""
        return self.events[0].start

    @property
    def end(self) -> float | None:
        """Unix seconds; None while one of them is open."""
        ends = [event.end for event in self.events]
        return None if None in ends else max(end for end in ends if end is not None)

    @property
    def verdict(self) -> Verdict | None:
        """The word that a person gave all of them; None where they differ, or have none."""
        words = {event.verdict for event in self.events}
        return words.pop() if len(words) == 1 else None


@dataclass(frozen=True)
class VisitPage:
    """Some visits, the latest first.

    Attributes:
        visits: these.
        older: the id before which the next page goes on; None if there is nothing more.
    """

    visits: tuple[Visit, ...]
    older: str | None


def grouped(events: Iterable[LiveEvent]) -> list[Visit]:
    """Events as visits, the latest first."""
    by_camera: dict[str, list[LiveEvent]] = {}
    for event in sorted(events, key=lambda event: event.id):
        by_camera.setdefault(event.camera, []).append(event)
    found: list[Visit] = []
    for of_camera in by_camera.values():
        part = [of_camera[0]]
        for before, event in pairwise(of_camera):
            if not _follows(event, before):
                found.append(Visit(tuple(part)))
                part = []
            part.append(event)
        found.append(Visit(tuple(part)))
    return sorted(found, key=lambda visit: visit.events[-1].id, reverse=True)


def visit_page(reader: JournalReader, asked: Question) -> VisitPage:
    """A page of visits: whole ones, each on one page only.

    Args:
        reader: of the journal.
        asked: which events; ``most`` is how many there are about on a page, ``before`` where it
            begins.
    """
    events = reader.events(replace(asked, most=asked.most + 1))
    more = len(events) > asked.most
    events = events[: asked.most]
    if not events:
        return VisitPage((), None)
    found = grouped(events)
    first, last = _ends(found, latest=False), _ends(found, latest=True)
    if more:
        found = [_to_its_start(reader, asked, v) if v is first[v.camera] else v for v in found]
    if asked.before is not None:
        found = [
            visit
            for visit, was in zip(found, grouped(events), strict=True)
            if was != last[visit.camera] or not _goes_on(reader, asked, was)
        ]
    return VisitPage(tuple(found), events[-1].id if more else None)


def _follows(event: LiveEvent, before: LiveEvent) -> bool:
    end = math.inf if before.end is None else before.end
    return event.start - end <= APART


def _ends(visits: list[Visit], *, latest: bool) -> dict[str, Visit]:
    """The latest, or earliest, visit of each camera; visits come the latest first."""
    return {v.camera: v for v in (reversed(visits) if latest else visits)}


def _to_its_start(reader: JournalReader, asked: Question, visit: Visit) -> Visit:
    """With those of its events that would be on the next page."""
    events = list(visit.events)
    while True:
        earlier = replace(asked, camera=visit.camera, before=events[0].id, most=1)
        found = reader.events(earlier)
        if not found or not _follows(events[0], found[0]):
            return Visit(tuple(events))
        events.insert(0, found[0])


def _goes_on(reader: JournalReader, asked: Question, visit: Visit) -> bool:
    """Whether its later events were on the page before."""
    last = visit.events[-1]
    later = replace(asked, camera=visit.camera, before=None, after=last.id, most=1)
    return any(_follows(event, last) for event in reader.events(later))
