"""Somebody who asks a page for addresses, as a browser that is at it does."""

from __future__ import annotations

import http.client
import json
import re
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Browser:
    """Asks like a browser that is at the page: with its cookie and its origin.

    Args:
        address: of the page.
        trusted: whose certificate is good for ``https``.
    """

    def __init__(self, address: str, trusted: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(address)
        self.where = f"{parts.hostname}:{parts.port}"
        self.origin = f"{parts.scheme}://{self.where}"
        self.cookie = ""
        self._trusted = trusted

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, None, {"Accept": "text/html", **headers})

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        kind = "application/x-www-form-urlencoded"
        given = {"Origin": self.origin, "Content-Type": kind, **headers}
        return self.ask("POST", path, urlencode(fields).encode(), given)

    def ask(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        connection = self.connection()
        try:
            given = {"Cookie": self.cookie, **headers}
            wanted = {name.replace("_", "-"): value for name, value in given.items() if value}
            connection.request(method, path, body, wanted)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def connection(self) -> http.client.HTTPConnection:
        """A new one; whoever asks for it closes it."""
        if self._trusted is not None:
            return http.client.HTTPSConnection(self.where, timeout=30, context=self._trusted)
        return http.client.HTTPConnection(self.where, timeout=30)

    def log_in(self, password: str) -> Answer:
        answer = self.post("/login", {"password": password})
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer

    def feed_line(self) -> dict[str, Any]:
        """The first thing that is told of what is new."""
        connection = self.connection()
        try:
            connection.request("GET", "/feed", headers={"Cookie": self.cookie})
            answer = connection.getresponse()
            assert answer.headers["content-type"].startswith("text/event-stream")
            for raw in answer:
                if raw.startswith(b"data: "):
                    return json.loads(raw[6:])
            raise AssertionError("it ended")
        finally:
            connection.close()

    def first_picture(self, path: str) -> bytes:
        """The first of a film that goes on."""
        connection = self.connection()
        try:
            connection.request("GET", path, headers={"Cookie": self.cookie})
            answer = connection.getresponse()
            assert answer.headers["content-type"].startswith("multipart/x-mixed-replace")
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += answer.read(1)
            found = re.search(rb"Content-Length: (\d+)", head)
            assert found is not None
            return answer.read(int(found.group(1)))
        finally:
            connection.close()
