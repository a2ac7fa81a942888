"""The door: a password becomes a cookie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from oddframe.serving.forms import form_of
from oddframe.serving.guard import COOKIE, session_of
from oddframe.serving.sessions import LASTS, MOST_TRIES, TRIED_SECONDS, TooManyTriesError
from oddframe.serving.site import Site, page


@dataclass(frozen=True)
class _Door:
    template: ClassVar[str] = "serving/login.html"
    next: str
    said: str


def door(site: Site, request: Request) -> Response:
    """Where one logs in."""
    if request.scope.get("role"):
        return RedirectResponse("/", 303)
    return page(site, request, "Log in", _Door(_inside(request.query_params.get("next", "")), ""))


async def log_in(site: Site, request: Request) -> Response:
    """Take a password."""
    form = await form_of(request)
    where = _inside(form.get("next", ""))
    client = request.client.host if request.client else ""
    said, status = "That is not the password.", 401
    try:
        token = await run_in_threadpool(site.sessions.log_in, form.get("password", ""), client)
    except TooManyTriesError:
        token, status = None, 429
        said = f"More than {MOST_TRIES} wrong passwords; try again in {TRIED_SECONDS:.0f} s."
    if token is None:
        return page(site, request, "Log in", _Door(where, said), status=status)
    answer = RedirectResponse(where or "/", 303)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(LASTS),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


def log_out(site: Site, request: Request) -> Response:
    """Leave."""
    site.sessions.log_out(session_of(request.headers))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


def _inside(where: str) -> str:
    """A path of ours, or ``""``: nobody is sent elsewhere by whoever made the link."""
    ours = where.startswith("/") and not where.startswith(("//", "/\\", "/login"))
    return where if ours and where.isprintable() else ""
