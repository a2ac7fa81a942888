"""One event: its film, its picture, why it is odd, and what normal footage shows nearest to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from oddframe.console.player_times import offset
from oddframe.console.words import sentence
from oddframe.journal.live_event import LiveEvent
from oddframe.journal.question import Question
from oddframe.journal.second_look import SecondLook
from oddframe.pages.tables import Facts
from oddframe.scores.sights import Sight
from oddframe.serving.drawn_film import DrawnFilm, drawn_film
from oddframe.serving.event_files import event_of
from oddframe.serving.local_time import day_of, moment
from oddframe.serving.review import asked_in, cue_words, lasts
from oddframe.serving.site import Site, address, page
from oddframe.serving.word import Word, word_on

ENDINGS = {
    "quiet": "it was quiet again",
    "longest": "it went on for the longest time that an event may",
    "gap": "the camera gave no frames any more",
    "stopped": "watching was stopped",
    "interrupted": "watching was killed",
}
UNTOLD = {
    "disarmed": "nobody was told: the camera was not armed",
    "budget": "nobody was told: more alarms than its budget allows",
    "cool-down": "nobody was told: it came too soon after another",
}


@dataclass(frozen=True)
class _Moment:
    template: ClassVar[str] = "serving/moment.html"
    id: str
    camera: str
    when: str
    reason: str
    clips: Sequence[str]
    picture: str
    nearest: str
    nearest_at: str
    drawn: DrawnFilm | None
    facts: Facts
    taught: str
    word: Word
    earlier: str
    later: str
    listed: str
    timeline: str


def moment_page(site: Site, request: Request) -> Response:
    """The page of an event."""
    event = event_of(site, request)
    if event is None:
        return PlainTextResponse("there is no such event any more\n", 404)
    _, said = asked_in(request)
    files = [f"/events/{event.id}/clip/{part}" for part in range(1, len(event.clips) + 1)]
    nearest = event.nearest
    earlier, later = _beside(site, event)
    return page(
        site,
        request,
        f"{event.camera}: {moment(event.start)}",
        _Moment(
            id=event.id,
            camera=event.camera,
            when=moment(event.start),
            reason=sentence(event.reason) if event.reason else "",
            clips=files,
            picture=f"/events/{event.id}/picture" if event.picture else "",
            nearest=f"/events/{event.id}/nearest" if nearest else "",
            nearest_at=_at(nearest) if nearest else "",
            drawn=drawn_film(site, request, event),
            facts=Facts(_facts(event)),
            taught=site.tutor.status(event) if site.tutor else "",
            word=word_on([event], event.verdict, site.may_decide(request), f"/review/{event.id}"),
            earlier=earlier,
            later=later,
            listed=address("/review", **said),
            timeline=address("/timeline", camera=event.camera, day=day_of(event.start).isoformat()),
        ),
        script="review.js",
    )


def _facts(event: LiveEvent) -> list[tuple[str, str]]:
    facts = [
        ("lasted", lasts(event.start, event.end)),
        ("score", f"{event.peak:.2f} at most, {event.mean:.2f} on average"),
        ("threshold", f"{event.threshold:.2f}"),
        ("zone", event.zone),
        ("what weighs most", cue_words(event.cue)),
        ("ended, since", ENDINGS.get(event.ending, event.ending)),
        ("told", UNTOLD.get(event.untold, event.untold) or "as an alarm"),
        ("run", f"{event.run}, version {event.version}" if event.version else event.run),
        ("second look", _second(event.second)),
        ("id", event.id),
    ]
    return [(name, value) for name, value in facts if value]


def _second(look: SecondLook | None) -> str:
    """What a model said, and which one, on which server."""
    if look is None:
        return ""
    found = (look.kind or "something") if look.anomalous else "nothing odd"
    return f"{found}: {look.sentence} (says {look.model} at {look.host}; it changes no score)"


def _beside(site: Site, event: LiveEvent) -> tuple[str, str]:
    """Addresses of the events of this camera before and after it; ``""`` of none."""
    at = Question(camera=event.camera)
    before = site.reader.events(replace(at, before=event.id, most=1))
    after = site.reader.events(replace(at, after=event.id, most=1))
    return (
        f"/review/{before[0].id}" if before else "",
        f"/review/{after[0].id}" if after else "",
    )


def _at(sight: Sight) -> str:
    return f"{sight.video}, {offset(sight.seconds, precise=False)}"
