"""A real HTTP server on loopback that speaks as OpenAI's does, and answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

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

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {key.lower(): text for key, text in self.headers.items()}
            note.got.append((self.path, headers, json.loads(body)))
            status, content = note.answer
            if status is None:
                note.closing.wait(20)
                return
            self.send_response(200 if status == "drip" else status)
            self.send_header("Content-Type", "application/json")
            if status != "drip":
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if status == "drip":
                for letter in content:
                    if note.closing.wait(0.05):
                        return
                    self.wfile.write(bytes([letter]))
                return
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """The client left, as tests make it do."""

    with Server(("127.0.0.1", 0), Handler) as server:
        note.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield note
        note.closing.set()
        server.shutdown()
        thread.join()
