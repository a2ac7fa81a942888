"""A real HTTP server that webhooks are sent to, on a port of its own on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from tests.made.loopback import answering, drip


@dataclass
class Receiver:
    """An HTTP server that notes what it is sent and answers as it is told.

    Attributes:
        answers: status and headers of the next answers; 200 after them. ``None`` as the status
            means no answer, "drip" one byte of it at a time.
        got: headers and body of every request, in order.
    """

    answers: list[tuple[Any, dict[str, str]]] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0
    server: Any = None
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/very-secret-path"

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]


@pytest.fixture
def receiver() -> Generator[Receiver]:
    note = Receiver()

    def post(request: BaseHTTPRequestHandler, body: bytes, given: dict[str, str]) -> None:
        note.got.append((given, body))
        status, headers = note.answers.pop(0) if note.answers else (200, {})
        if status is None:
            note.closing.wait(20)
            return
        if status == "drip":
            drip(request, b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1000, note.closing)
            return
        request.send_response(status)
        for key, text in headers.items():
            request.send_header(key, text)
        request.send_header("Content-Length", "0")
        request.end_headers()

    with answering(post, note.closing) as server:
        note.port, note.server = server.server_port, server
        yield note
