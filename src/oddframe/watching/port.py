"""A port of its own: ``/metrics``, ``/healthz``, ``/readyz``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from oddframe.errors import OddframeError


def host_and_port(given: str) -> tuple[str, int]:
    """``HOST:PORT``, or a port alone, which is on this machine only.

    Raises:
        OddframeError: something else.
    """
    host, _, port = given.rpartition(":")
    if not port.isdigit() or not int(port) < 1 << 16:
        raise OddframeError(f"--metrics: expected HOST:PORT, found '{given}'")
    return host.strip("[]") or "127.0.0.1", int(port)


@contextmanager
def answering(
    where: str, metrics: Callable[[], bytes], alive: Callable[[], str], ready: Callable[[], str]
) -> Generator[int]:
    """Answer on a port while the context lasts; gives the port.

    Args:
        where: ``HOST:PORT``; port 0 takes one that is free.
        metrics: makes what ``/metrics`` shows.
        alive: why the process does not work, ``""`` while it does: ``/healthz``, from which a
            container is restarted.
        ready: why not all cameras are seen, ``""`` while they are: ``/readyz``. A camera that is
            down is no reason to restart anything.

    Raises:
        OddframeError: the port cannot be had.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/metrics":
                kind = "text/plain; version=0.0.4; charset=utf-8"
                self._answer(HTTPStatus.OK, metrics(), kind)
            elif path in ("/healthz", "/readyz"):
                trouble = alive() if path == "/healthz" else ready()
                status = HTTPStatus.SERVICE_UNAVAILABLE if trouble else HTTPStatus.OK
                self._answer(status, f"{trouble or 'ok'}\n".encode(), "text/plain; charset=utf-8")
            else:
                self._answer(
                    HTTPStatus.NOT_FOUND, b"see /metrics, /healthz, /readyz\n", "text/plain"
                )

        def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody wants to read of each scrape."""

    try:
        server = ThreadingHTTPServer(host_and_port(where), Handler)
    except OSError as error:
        raise OddframeError(f"--metrics: {where}: {error.strerror or error}") from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="oddframe-port", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
