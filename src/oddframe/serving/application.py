"""Which address is answered by what."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial
from importlib.resources import files
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from oddframe.archive.uploads import LONGEST_SENT
from oddframe.errors import OddframeError
from oddframe.serving import (
    archive_forms,
    archive_page,
    camera_page,
    change,
    drawn_film,
    event_files,
    lessons,
    login,
    moment,
    now,
    refit,
    review,
    scoring_page,
    timeline,
)
from oddframe.serving.feed import Feed
from oddframe.serving.guard import Guard
from oddframe.serving.site import Site
from oddframe.serving.stills import Stills

THREADS = 8
"""In which pages are made; some wait for a disk, or for whom an alarm is sent to."""
_STATIC = {
    "archive.js": ("static", "text/javascript; charset=utf-8"),
    "icon.svg": ("static", "image/svg+xml"),
    "page.css": ("templates", "text/css; charset=utf-8"),
    "serve.css": ("static", "text/css; charset=utf-8"),
    "camera.js": ("static", "text/javascript; charset=utf-8"),
    "now.js": ("static", "text/javascript; charset=utf-8"),
    "review.js": ("static", "text/javascript; charset=utf-8"),
}
"""Files that are sent as they are: where each lies below ``pages/``, and its kind."""


def application(site: Site, names: Collection[str] = ()) -> ASGIApp:
    """The page as an ASGI application.

    Args:
        site: what it stands on.
        names: of this machine, beside numbers and its own.
    """
    handlers: dict[Any, Any] = {
        OddframeError: _failed,
        HTTPException: _refused,
        ClientDisconnect: _cut_off,
        Exception: _broken,
    }
    inner = Starlette(
        routes=routes_of(site), exception_handlers=handlers, lifespan=_with_few_threads
    )
    return Guard(inner, site.sessions, names, {archive_forms.DROP: LONGEST_SENT})


def routes_of(site: Site) -> list[Route]:
    """Each address that there is, and who answers it."""

    def on(answer: Callable[[Site, Request], Any]) -> Callable[[Request], Any]:
        return partial(answer, site)

    stills = Stills(site)
    event = "/events/{event:str}"
    return [
        Route("/stills", stills.grid),
        Route("/cameras/{camera:str}/still", stills.still),
        Route("/cameras/{camera:str}/film", stills.film),
        Route("/", on(_first)),
        Route("/login", on(login.door)),
        Route("/login", on(login.log_in), methods=["POST"]),
        Route("/logout", on(login.log_out), methods=["POST"]),
        Route("/review", on(review.review)),
        Route("/review", on(review.decide), methods=["POST"]),
        Route("/review.csv", on(review.table)),
        Route("/review/{event:str}", on(moment.moment_page)),
        Route(f"{event}/clip/{{part:int}}", on(event_files.clip)),
        Route(f"{event}/picture", on(event_files.picture)),
        Route(f"{event}/nearest", on(event_files.nearest)),
        Route("/timeline", on(timeline.timeline)),
        Route("/now", now.Grid(site).answer),
        Route("/now/{camera:str}", on(now.one)),
        Route("/now/{camera:str}", on(now.arm), methods=["POST"]),
        Route("/camera", on(camera_page.first)),
        Route("/camera/{camera:str}", on(camera_page.camera_page)),
        Route("/camera/{camera:str}/meant", on(camera_page.meant)),
        Route("/camera/{camera:str}/zones", on(change.zones), methods=["POST"]),
        Route("/camera/{camera:str}/limit", on(change.limit), methods=["POST"]),
        Route("/camera/{camera:str}/schedule", on(change.schedule), methods=["POST"]),
        Route("/camera/{camera:str}/record", on(refit.record), methods=["POST"]),
        Route("/camera/{camera:str}/pieces", on(refit.pieces), methods=["POST"]),
        Route("/camera/{camera:str}/fits", on(refit.fits), methods=["POST"]),
        Route("/camera/{camera:str}/back", on(refit.back), methods=["POST"]),
        Route("/camera/{camera:str}/hours/{piece:str}", on(refit.piece)),
        Route("/camera/{camera:str}/fits/{fit:str}/drill", on(refit.drill)),
        Route("/camera/{camera:str}/lessons", on(lessons.take_back), methods=["POST"]),
        Route("/camera/{camera:str}/lessons/{version:int}/drill", on(lessons.drill)),
        Route("/camera/{camera:str}/test", on(change.try_sink), methods=["POST"]),
        Route("/review/{event:str}/drawn", on(drawn_film.draw), methods=["POST"]),
        Route("/archive", on(archive_page.archive)),
        Route(archive_forms.DROP, on(archive_forms.drop), methods=["POST"]),
        Route("/archive/score", on(archive_forms.score), methods=["POST"]),
        Route("/archive/compare", on(archive_forms.compare), methods=["POST"]),
        Route("/archive/uploads", on(archive_forms.uploads), methods=["POST"]),
        Route("/archive/{job:str}", on(scoring_page.scoring)),
        Route("/archive/{job:str}", on(archive_forms.change), methods=["POST"]),
        Route("/archive/{job:str}/report", on(scoring_page.report)),
        Route("/archive/{job:str}/films/{film:int}", on(scoring_page.film)),
        Route("/archive/{job:str}/files/{name:str}", on(scoring_page.file)),
        Route("/feed", Feed(site).answer),
        Route("/static/{name:str}", _static),
    ]


@asynccontextmanager
async def _with_few_threads(_: Starlette) -> AsyncGenerator[None]:
    """Python runs one thread at a time, and each that makes a page lets frames wait."""
    current_default_thread_limiter().total_tokens = THREADS
    yield


def _first(site: Site, _: Request) -> Response:
    scores = site.archive is not None and site.archive.is_given
    return RedirectResponse("/now" if site.cameras else "/archive" if scores else "/review", 303)


def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _STATIC:
        return PlainTextResponse("there is no such file\n", 404)
    folder, kind = _STATIC[name]
    content = files("oddframe.pages").joinpath(folder, name).read_bytes()
    return Response(content, headers={"content-type": kind, "cache-control": "no-cache"})


def _failed(_: Request, error: Exception) -> Response:
    return PlainTextResponse(f"{error}\n", 503)


def _refused(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    said = error.detail if isinstance(error, HTTPException) else "that did not work"
    return PlainTextResponse(f"{said}\n", status)


def _cut_off(_: Request, __: Exception) -> Response:
    """Whoever sent it left before its end, and reads nothing, or the guard took no more of it."""
    return PlainTextResponse("that is more than is taken here\n", 413)


def _broken(_: Request, error: Exception) -> Response:
    return PlainTextResponse(
        f"that is a bug of oddframe ({type(error).__name__}); see its log\n", 500
    )
