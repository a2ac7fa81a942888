"""One HTTP POST, with a limit on how long it takes and on how much is read of the answer."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from oddframe.alerts.settings import is_host
from oddframe.alerts.sinks.time_limit import cut_after


@dataclass(frozen=True)
class Posted:
    """What a server answered.

    Attributes:
        status: of HTTP.
        retry_after: the header; None without it.
        content: of the answer, as far as it was read.
    """

    status: int
    retry_after: str | None
    content: bytes


def post(
    address: SplitResult, body: bytes, headers: Mapping[str, str], limit: float, most: int = 0
) -> Posted:
    """Send it; redirects are not followed, and no proxy is asked.

    Args:
        address: of ``http`` or ``https``.
        body, headers: what is sent.
        limit: seconds for all of it.
        most: bytes that are read of the answer; no more come over the network than a little.

    Raises:
        TimeoutError: it took longer.
        OSError, http.client.HTTPException: there is no such server, or it speaks something else.
    """
    from oddframe import __version__

    secure = address.scheme == "https"
    port = address.port or (443 if secure else 80)
    began = time.monotonic()
    plain = socket.create_connection((address.hostname, port), limit)
    sock = plain
    try:
        if secure:
            context = ssl.create_default_context()
            sock = context.wrap_socket(
                plain, server_hostname=address.hostname, do_handshake_on_connect=False
            )
        with cut_after(max(0.0, limit - (time.monotonic() - began)), lambda: sock):
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            connection = kind(address.hostname or "", port)
            connection.sock = sock
            target = (address.path or "/") + (f"?{address.query}" if address.query else "")
            fixed = {"User-Agent": f"oddframe/{__version__}", "Connection": "close"}
            connection.request("POST", target, body, {**fixed, **headers})
            answer = connection.getresponse()
            content = answer.read(most) if most else b""
        if time.monotonic() - began >= limit:  # what was cut off looks like the end of an answer
            raise TimeoutError
        return Posted(answer.status, answer.getheader("Retry-After"), content)
    finally:
        sock.close()


def wrong_address(url: str) -> str:
    """What is wrong with an address to post to; empty if nothing is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "no address"
    if parts.scheme not in ("http", "https"):
        return "another scheme than http and https"
    if not parts.hostname or not is_host(parts.hostname) or port == 0:
        return "no host"
    if parts.username is not None or parts.password is not None:
        return "a user or a password in it; give a 'token_env'"
    if not url.isascii() or not url.isprintable() or " " in url:
        return "characters that have to be written as %XX"
    return ""


def failed(error: Exception) -> str:
    """Why a server could not be reached, in its system's words."""
    return str(getattr(error, "strerror", None) or str(error) or type(error).__name__)
