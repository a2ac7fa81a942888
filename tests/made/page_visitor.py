"""Somebody who asks a page for addresses, as a browser that is at it does."""

from __future__ import annotations

import http.client
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
    """Asks like a browser that is at the page: with its cookie and its origin."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.where = f"{parts.hostname}:{parts.port}"
        self.cookie = ""

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, None, {"Accept": "text/html", **headers})

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        kind = "application/x-www-form-urlencoded"
        given = {"Origin": f"http://{self.where}", "Content-Type": kind, **headers}
        return self.ask("POST", path, urlencode(fields).encode(), given)

    def ask(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection(self.where, timeout=30)
        try:
            given = {"Cookie": self.cookie, **headers}
            wanted = {name.replace("_", "-"): value for name, value in given.items() if value}
            connection.request(method, path, body, wanted)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def log_in(self, password: str) -> Answer:
        answer = self.post("/login", {"password": password})
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer
