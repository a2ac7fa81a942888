"""The list of odd moments: what is asked for, visit by visit, and a person's word on them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, get_args

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from oddframe.console.words import duration, sentence
from oddframe.errors import OddframeError
from oddframe.files.csv_files import guarded
from oddframe.journal.live_event import LiveEvent, Verdict, time_of_id
from oddframe.journal.question import Question, State
from oddframe.serving.forms import form_of
from oddframe.serving.local_time import begin_of, clock, day_of, end_of, moment, read_day
from oddframe.serving.site import Site, address, page
from oddframe.serving.visits import EVENTS_A_PAGE, Visit, visit_page
from oddframe.serving.word import Word, word_on

_STATES: dict[str, str] = {
    "undecided": "waiting",
    "odd": "odd",
    "normal": "normal here",
    "open": "going on",
    "all": "all",
}
_CUES = {
    "appearance": "looks",
    "pace": "pace",
    "direction": "direction",
    "presence": "moves where little does",
    "staying": "stays too long",
}
_COLUMNS = (
    *("id", "camera", "start", "end", "peak", "threshold", "reason", "cue", "zone", "verdict"),
    *("untold", "run", "version", "clip", "picture"),
)
_MOST_ROWS = 100_000
_MOST_AT_ONCE = 1000
"""Events that one word is given to."""


@dataclass(frozen=True)
class Choice:
    """A filter: its name, what may be chosen, and what is."""

    name: str
    label: str
    values: Sequence[tuple[str, str]]
    chosen: str


@dataclass(frozen=True)
class Item:
    """One visit in the list.

    Attributes:
        ids: of its events.
        address: of its page.
        picture: address of its picture; ``""`` of none.
        camera, when, lasts, reason: of it.
        scores: the peak beside its threshold.
        zone: where; ``""`` of none.
        moments: what happened when, and the address of each, where it is more than one event.
        untold: why nobody was told; ``""`` if somebody was.
        is_open: whether it goes on.
        word: a person's.
    """

    template: ClassVar[str] = "serving/item.html"
    ids: str
    address: str
    picture: str
    camera: str
    when: str
    lasts: str
    reason: str
    scores: str
    zone: str
    moments: Sequence[tuple[str, str]]
    untold: str
    is_open: bool
    word: Word


@dataclass(frozen=True)
class _Review:
    template: ClassVar[str] = "serving/review.html"
    choices: Sequence[Choice]
    day: str
    items: Sequence[Item]
    nothing: str
    older: str
    newest: str
    is_newest: bool
    table: str
    may_decide: bool
    read_only: bool


def review(site: Site, request: Request) -> Response:
    """The list, with what is asked for in the address."""
    asked, said = asked_in(request)
    found = visit_page(site.reader, replace(asked, most=EVENTS_A_PAGE))
    cameras = site.reader.cameras()
    zones, cues = site.reader.zones_and_cues()
    choices = [
        Choice("state", "word", list(_STATES.items()), said["state"]),
        _choice("camera", "camera", "every camera", cameras, said),
        _choice("zone", "zone", "anywhere", zones, said),
        _choice("cue", "reason", "any reason", cues, said, cue_words),
    ]
    may_decide = site.may_decide(request)
    older = address("/review", **{**said, "before": found.older}) if found.older else ""
    return page(
        site,
        request,
        "Review",
        _Review(
            choices=[choice for choice in choices if len(choice.values) > 1],
            day=said["day"],
            items=[item_of(visit, may_decide=may_decide) for visit in found.visits],
            nothing=_nothing(said, bool(cameras)),
            older=older,
            newest=address("/review", **{**said, "before": ""}),
            is_newest=not said["before"],
            table=address("/review.csv", **{**said, "before": ""}),
            may_decide=may_decide,
            read_only=site.journal is None,
        ),
        script="review.js",
    )


def table(site: Site, request: Request) -> Response:
    """The same events as a table, for a spreadsheet."""
    asked, _ = asked_in(request)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["when", *_COLUMNS])
    for event in site.reader.events(replace(asked, most=_MOST_ROWS)):
        when = f"{day_of(event.start)} {clock(event.start)}"  # which a spreadsheet takes for a time
        writer.writerow([when, *(guarded(getattr(event, name)) for name in _COLUMNS)])
    return Response(
        text.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="events.csv"'},
    )


async def decide(site: Site, request: Request) -> Response:
    """A person's word on some events: ``ids``, ``word`` (``none`` takes it back), ``back``.

    Where ``was`` says which word the page showed, and somebody gave another meanwhile, nothing
    changes, and the answer's ``oddframe-word`` says which.
    """
    return await run_in_threadpool(_decided, site, request, await form_of(request))


def _decided(site: Site, request: Request, form: dict[str, str]) -> Response:
    if site.journal is None:
        return PlainTextResponse("another process writes this journal; decide there\n", 409)
    ids = [one for one in form.get("ids", "").split() if one][:_MOST_AT_ONCE]
    word = form.get("word", "")
    if word not in (*get_args(Verdict), "none") or not ids:
        return PlainTextResponse(
            "expected ids of events and the word odd, normal, later or none\n", 400
        )
    verdict: Verdict | None = next((known for known in get_args(Verdict) if known == word), None)
    # Of a visit whose page was left open, retention may have forgotten a part by now.
    there = [event for one in ids if (event := site.reader.event(one)) is not None]
    if not there:
        return PlainTextResponse("there is no such event any more\n", 404)
    now = _word_now(there)
    if form.get("was", now) not in (now, "") and now != word:
        said = f"somebody said '{now}' meanwhile" if now != "none" else "it was taken back"
        return PlainTextResponse(
            f"{said}; nothing was changed: say it again to change that\n",
            409,
            {"oddframe-word": now},
        )
    for event in there:
        site.journal.judge(event.id, verdict)
    if site.tutor is not None:
        site.tutor.said(event.id for event in there)
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse(f"{site.undecided()}\n")
    back = form.get("back", "/review")
    ours = back.startswith("/review") and not back.startswith("//")
    return RedirectResponse(back if ours else "/review", 303)


def _word_now(events: Iterable[LiveEvent]) -> str:
    """The word that all of these have by now; ``none`` where they have none, or differ."""
    words = {event.verdict for event in events}
    return (words.pop() if len(words) == 1 else None) or "none"


def asked_in(request: Request) -> tuple[Question, dict[str, str]]:
    """The question in an address, and what stands there for it; what fits nothing is left out."""
    given = request.query_params
    said = {name: given.get(name, "") for name in ("camera", "zone", "cue", "day", "before")}
    state = given.get("state", "undecided")
    said["state"] = state if state in _STATES else "undecided"
    known: State | None = next((one for one in get_args(State) if one == said["state"]), None)
    day = read_day(said["day"])
    said["day"] = day.isoformat() if day else ""
    try:
        time_of_id(said["before"])
    except OddframeError:
        said["before"] = ""
    asked = Question(
        camera=said["camera"] or None,
        zone=said["zone"] or None,
        cue=said["cue"] or None,
        state=known,
        before=said["before"] or None,
    )
    if day is not None:
        asked = replace(asked, since=begin_of(day), until=end_of(day))
    return asked, said


def item_of(visit: Visit, *, may_decide: bool) -> Item:
    """A visit as it stands in the list."""
    event = visit.oddest
    several = len(visit.events) > 1
    return Item(
        ids=" ".join(one.id for one in visit.events),
        address=f"/review/{event.id}",
        picture=f"/events/{event.id}/picture" if event.picture else "",
        camera=visit.camera,
        when=moment(visit.start),
        lasts=lasts(visit.start, visit.end),
        reason=sentence(event.reason) if event.reason else "",
        scores=f"{event.peak:.2f} (threshold {event.threshold:.2f})",
        zone=event.zone,
        moments=[
            (f"{clock(one.start)} {one.reason}".rstrip(), f"/review/{one.id}")
            for one in visit.events
        ]
        if several
        else (),
        untold=event.untold if all(one.untold for one in visit.events) else "",
        is_open=visit.end is None,
        word=word_on(visit.events, visit.verdict, may_decide),
    )


def lasts(start: float, end: float | None) -> str:
    """How long it went on, in words."""
    return "goes on" if end is None else duration(max(1.0, end - start))


def cue_words(cue: str) -> str:
    """What weighed most in an event, as a person says it."""
    return _CUES.get(cue, cue)


def _choice(
    name: str,
    label: str,
    none: str,
    values: Sequence[str],
    said: dict[str, str],
    words: Callable[[str], str] = str,
) -> Choice:
    return Choice(name, label, [("", none), *((v, words(v)) for v in values if v)], said[name])


def _nothing(said: dict[str, str], any_camera: bool) -> str:
    """What is said where there is nothing to see."""
    if not any_camera:
        return "No camera was watched here yet. What is odd will stand here once one is."
    if said["state"] == "undecided" and not any(said[n] for n in ("camera", "zone", "cue", "day")):
        return "Nothing waits for your word."
    return "Nothing fits what is asked for."
