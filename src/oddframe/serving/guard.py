"""What stands before every page: who asks, from where, and what may be done with the answer."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Iterable, Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oddframe.serving.passwords import Role
from oddframe.serving.sessions import Sessions

COOKIE = "oddframe-session"
_OPEN = ("/login", "/static/")
"""What is shown to whoever is not logged in."""
_LOOKING = ("GET", "HEAD")
_LONGEST_BODY = 1 << 20
"""Bytes of what a form may send."""

_HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' blob:; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'; object-src 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """Lets nobody through who may not; an ASGI application around another.

    What is asked of it holds for all pages alike:

    * the ``Host`` is a number or one of our names, so that no other site's name leads here (DNS
      rebinding);
    * what changes something has an ``Origin`` that is this page's own, whatever its cookies say;
    * whoever has no session is sent to log in, and a viewer changes nothing.

    Args:
        inner: what is guarded.
        sessions: who is logged in.
        names: of this machine, beside numbers and ``localhost``.
        longer: paths that more may be sent to than a form sends, and how many bytes.
    """

    def __init__(
        self,
        inner: ASGIApp,
        sessions: Sessions,
        names: Collection[str] = (),
        longer: Mapping[str, int] | None = None,
    ) -> None:
        self._longer = longer or {}
        self._inner, self._sessions = inner, sessions
        self._names = {name.lower() for name in ("localhost", socket.gethostname(), *names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or ask who does."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        headers = Headers(scope=scope)
        token = session_of(headers)
        role = self._sessions.role_of(token)
        scope["session"], scope["role"] = token, role
        refused = self._refusal(scope, headers, role)
        if refused is None:
            await self._inner(scope, _limited(receive, self._most(scope)), _with_headers(send))
        else:
            await refused(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope, headers: Headers, role: Role | None) -> Response | None:
        host = headers.get("host", "")
        if not self._is_ours(host):
            return PlainTextResponse(
                f"'{_plain(host)}' is no name of this machine that oddframe serve knows; "
                "add it with --names\n",
                400,
            )
        path = scope["path"]
        changes = scope["method"] not in _LOOKING
        if changes:
            if not _is_from_here(headers, scope["scheme"], host):
                return PlainTextResponse("this did not come from oddframe's own page\n", 403)
            length = headers.get("content-length", "")
            if length.isdecimal() and int(length) > self._most(scope):
                return PlainTextResponse("that is more than is taken here\n", 413)
        if role is None and not path.startswith(_OPEN):
            if changes or not _wants_page(headers):
                return PlainTextResponse("log in first\n", 401)
            asked = Request(scope).url
            where = quote(f"{asked.path}?{asked.query}" if asked.query else asked.path, safe="/")
            return RedirectResponse(f"/login?next={where}", 303)
        if changes and role == "viewer" and path not in ("/login", "/logout"):
            return PlainTextResponse("a viewer looks and changes nothing; log in as owner\n", 403)
        return None

    def _most(self, scope: Scope) -> int:
        return self._longer.get(scope["path"], _LONGEST_BODY)

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name.rstrip(".") in self._names:
            return True
        try:
            ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            return False
        return True


def session_of(headers: Headers) -> str:
    """The token in the cookie of a request; ``""`` of none."""
    for given in headers.getlist("cookie"):
        try:
            cookie = SimpleCookie(given).get(COOKIE)
        except CookieError:
            continue
        if cookie is not None:
            return cookie.value
    return ""


def _is_from_here(headers: Headers, scheme: str, host: str) -> bool:
    """Whether a request came from a page of ours; what has no origin is no browser's."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    return origin in (f"{scheme}://{host}", f"https://{host}")


def _wants_page(headers: Headers) -> bool:
    return "text/html" in headers.get("accept", "")


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:100]


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sending


def _limited(receive: Receive, most: int) -> Receive:
    """Takes no more than so many bytes, however long it goes on."""
    got = 0

    async def receiving() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > most:
            return {"type": "http.disconnect"}
        return message

    return receiving


def names_of(given: Iterable[str]) -> tuple[str, ...]:
    """Names as they stand in a ``Host``: without a port, in small letters."""
    return tuple(name.strip().lower().partition(":")[0] for name in given)
