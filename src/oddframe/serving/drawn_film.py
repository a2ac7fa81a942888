"""The film of an event with heat and boxes drawn in, which the archive makes if it is asked to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from oddframe.errors import OddframeError, in_words
from oddframe.journal.live_event import LiveEvent
from oddframe.serving.archive_page import may_change_in
from oddframe.serving.event_files import event_of, film_of
from oddframe.serving.local_time import moment
from oddframe.serving.scoring_page import films_of
from oddframe.serving.site import Site


@dataclass(frozen=True)
class DrawnFilm:
    """The film, or what stands in its place.

    Attributes:
        films: addresses of the film; none where there is none yet.
        job: address of the job that makes it, or made it; ``""`` of none.
        said: how the job is, or why it failed.
        ask: address to ask for it; ``""`` for who may not, or where it is made or being made.
    """

    template: ClassVar[str] = "serving/drawn_film.html"
    films: Sequence[str]
    job: str
    said: str
    ask: str


def drawn_film(site: Site, request: Request, event: LiveEvent) -> DrawnFilm | None:
    """What an event's page has of it; None where there is no archive, or no film to draw into."""
    film = film_of(site, event)
    if site.archive is None or film is None or event.is_open:
        return None
    job = site.archive.of_film(film)
    may_ask = may_change_in(site, request) and (job is None or job.state in ("failed", "stopped"))
    place = "" if job is None else f"/archive/{job.number}"
    return DrawnFilm(
        films=[] if job is None else [f"{place}/films/{at}" for at, _ in enumerate(films_of(job))],
        job=place,
        said="" if job is None else job.said or job.state,
        ask=f"/review/{event.id}/drawn" if may_ask else "",
    )


async def draw(site: Site, request: Request) -> Response:
    """Ask for it."""
    return await run_in_threadpool(_draw, site, request)


def _draw(site: Site, request: Request) -> Response:
    event = event_of(site, request)
    film = None if event is None else film_of(site, event)
    if event is None or film is None:
        return PlainTextResponse("there is no film of that event any more\n", 404)
    if site.archive is None or not may_change_in(site, request):
        return PlainTextResponse("nothing can be asked for here\n", 409)
    try:
        site.archive.score_film(Path(event.run), film, f"{event.camera}, {moment(event.start)}")
    except (OddframeError, OSError) as error:
        return PlainTextResponse(f"{in_words(error)}\n", 409)
    return RedirectResponse(f"/review/{event.id}", 303)
