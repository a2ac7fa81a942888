"""A real HTTP server on loopback that speaks as OpenAI's does, and answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from tests.made.loopback import answering, drip

RIGHT = {"anomalous": True, "kind": "running", "sentence": "Somebody runs across the street."}


def completion(words: Any) -> bytes:
    """A chat completion whose message has these words."""
    message = {"role": "assistant", "content": words, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    around = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "seer"}
    return json.dumps({**around, "choices": [choice], "usage": {"total_tokens": 3}}).encode()


@dataclass
class VisionServer:
    """It.

    Attributes:
        answer: status and body; a status of None is no answer, "drip" a body a byte at a time.
        got: path, headers and JSON of every request.
    """

    answer: tuple[Any, bytes] = (200, completion(json.dumps(RIGHT)))
    got: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    port: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


@pytest.fixture
def vision_server() -> Generator[VisionServer]:
    note = VisionServer()

    def post(request: BaseHTTPRequestHandler, body: bytes, headers: dict[str, str]) -> None:
        note.got.append((request.path, headers, json.loads(body)))
        status, content = note.answer
        if status is None:
            note.closing.wait(20)
            return
        request.send_response(200 if status == "drip" else status)
        request.send_header("Content-Type", "application/json")
        if status != "drip":
            request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        if status == "drip":
            drip(request, content, note.closing)
        else:
            request.wfile.write(content)

    with answering(post, note.closing) as server:
        note.port = server.server_port
        yield note
