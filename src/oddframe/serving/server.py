"""The server: the page on a port, in threads of its own, while something else goes on."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn

from oddframe.errors import OddframeError
from oddframe.serving.application import application
from oddframe.serving.connections import PatientConnection, set_options
from oddframe.serving.door import Door
from oddframe.serving.site import Site

_PATIENCE = 10.0
_GRACE = 2
"""Seconds that pages which are open may hold up the end."""
_PROXIES = ["127.0.0.1", "::1"]
_GIVES_WAY = 0.001
"""Seconds after which what makes a page lets another thread of Python go on, one that judges a
frame, say; it is 5 ms otherwise, half of what that takes on a slow machine."""
_AT_ONCE = 64
"""Connections that are taken before it is looked at how many there are."""


@contextmanager
def serving(site: Site, door: Door) -> Generator[str]:
    """Answer while the context lasts; gives the address for a browser on this machine.

    Raises:
        OddframeError: the port cannot be had.
    """
    logging.getLogger("uvicorn.error").addFilter(_is_told)
    listening = _listening(door)
    set_options(listening)
    port = listening.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(
            application(site, (*door.names, door.host)),
            log_config=None,
            access_log=False,
            server_header=False,
            # Who asked, and whether by HTTPS, is believed of a proxy on this machine alone.
            proxy_headers=True,
            forwarded_allow_ips=_PROXIES,
            http=PatientConnection,
            backlog=_AT_ONCE,
            timeout_graceful_shutdown=_GRACE,
        )
    )
    thread = threading.Thread(
        target=server.run, args=([listening],), name="oddframe-serve", daemon=True
    )
    before = sys.getswitchinterval()
    sys.setswitchinterval(_GIVES_WAY)
    thread.start()
    try:
        begun = time.monotonic()
        while not server.started:
            if not thread.is_alive() or time.monotonic() - begun > _PATIENCE:
                raise OddframeError(f"--port {port}: the page did not start")
            time.sleep(0.01)
        host = "127.0.0.1" if door.host in ("0.0.0.0", "::", "") else door.host
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    finally:
        site.closing.set()
        server.should_exit = True
        thread.join(_PATIENCE)
        listening.close()
        sys.setswitchinterval(before)


def _is_told(record: logging.LogRecord) -> bool:
    """Whether a line of the server's log is one for a person: that a page was cut off as the server
    ended, a video that was coming in, say, is no bug, and had a trace like one."""
    kind = record.exc_info[0] if record.exc_info else None
    return kind is not asyncio.CancelledError


def _listening(door: Door) -> socket.socket:
    family = socket.AF_INET6 if ":" in door.host else socket.AF_INET
    try:
        return socket.create_server((door.host, door.port), family=family)
    except (OSError, OverflowError) as error:
        said = getattr(error, "strerror", None) or error
        raise OddframeError(
            f"--host {door.host} --port {door.port}: cannot listen there ({said}); choose another"
        ) from error
