"""A real HTTP server on a port of its own on loopback, which says nothing on the terminal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """The client left, as tests make it do."""


@contextmanager
def answering(
    post: Callable[[BaseHTTPRequestHandler, bytes, dict[str, str]], None], closing: threading.Event
) -> Generator[ThreadingHTTPServer]:
    """A server that answers what is posted to it.

    Args:
        post: given the request, its body, and its headers by their names in small letters.
        closing: set at the end, before the server is: answers that wait end by it.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            post(self, body, {key.lower(): text for key, text in self.headers.items()})

        def log_message(self, *_: object) -> None:
            pass

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        closing.set()
        server.shutdown()
        thread.join()


def drip(request: BaseHTTPRequestHandler, content: bytes, closing: threading.Event) -> None:
    """Send a byte at a time."""
    for letter in content:
        if closing.wait(0.05):
            return
        request.wfile.write(bytes([letter]))
