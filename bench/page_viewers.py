"""Viewers of the page without a browser: they ask what its grid asks, as often as it does.

    python bench/page_viewers.py http://127.0.0.1:8777/ --viewers 50 --films 5 --seconds 60

Each viewer opens the grid, one after the other over the first ten seconds: the page with its style
and script, again every ten seconds, and the stills that come every second on a connection of their
own. Some have the film of a camera open too. Those that are ``--stalled`` ask for a film, the
stills and many pages, and read nothing. What it was like for them is printed as a line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import resource
import socket
import statistics
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

PAGE_SECONDS = 10.0
_PATIENCE = 10.0
"""Seconds for an answer."""
_PAGES_UNREAD = 200


@dataclass
class Seen:
    """What came.

    Attributes:
        seconds: that each answer of a kind took.
        counts: answers by kind, pictures of films, stills, what went wrong.
        bytes: of all of them.
    """

    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)
    bytes: int = 0


class Connection:
    """A connection that is kept, as a browser keeps its own; it is made anew where it was closed.

    Args:
        host, port: of the page.
        seen: where it is noted.
    """

    def __init__(self, host: str, port: int, seen: Seen) -> None:
        self._place, self._seen = (host, port), seen
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, kind: str, path: str) -> bytes:
        """Ask for an address; what is no answer is noted, and ``b""``."""
        begun = time.monotonic()
        try:
            body = await asyncio.wait_for(self._asked(path), _PATIENCE)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            self.close()
            self._seen.counts[f"{kind} failed: {type(error).__name__}"] += 1
            return b""
        self._seen.seconds[kind].append(time.monotonic() - begun)
        self._seen.counts[kind] += 1
        self._seen.bytes += len(body)
        return body

    def close(self) -> None:
        """Leave."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _asked(self, path: str) -> bytes:
        try:
            return await self._once(path)
        except (OSError, EOFError):  # it was closed, as a server does after some idle seconds
            self.close()
            return await self._once(path)

    async def _once(self, path: str) -> bytes:
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._place)
        reader, writer = self._streams
        writer.write(asked(path, self._place))
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise ValueError(head)
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        return await reader.readexactly(int(length.group(1)) if length else 0)


def asked(path: str, place: tuple[str, int]) -> bytes:
    """A request."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {place[0]}:{place[1]}\r\nAccept: text/html, */*\r\n\r\n"
    ).encode()


async def grid(place: tuple[str, int], seen: Seen, delay: float) -> None:
    """The grid in a browser, begun some seconds later."""
    await asyncio.sleep(delay)
    connection = Connection(*place, seen)
    first = (await connection.get("page", "/now")).decode()
    for file in sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+)"', first))):
        await connection.get("style and script", file)
    if "data-still=" not in first:
        seen.counts["grid failed: it shows no camera"] += 1
    again = asyncio.create_task(_endless(place, seen, "/stills", "still", b"event: still"))
    try:
        while True:
            await asyncio.sleep(PAGE_SECONDS)
            await connection.get("page", "/now")
    finally:
        again.cancel()


async def film(place: tuple[str, int], seen: Seen, path: str) -> None:
    """The film of a camera."""
    await _endless(place, seen, path, "picture of a film", b"--still\r\n")


async def _endless(
    place: tuple[str, int], seen: Seen, path: str, kind: str, between: bytes
) -> None:
    reader, writer = await asyncio.open_connection(*place)
    writer.write(asked(path, place))
    if b" 200 " not in (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0]:
        seen.counts[f"{kind} failed: it was refused"] += 1
        return
    rest = b""
    while part := await reader.read(1 << 16):
        seen.bytes += len(part)
        seen.counts[kind] += (rest + part).count(between)
        rest = part[-len(between) + 1 :]
    seen.counts[f"{kind} failed: it ended"] += 1


def unread(place: tuple[str, int], path: str, times: int = 1) -> socket.socket:
    """Ask, and read nothing."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(place)
    connection.setblocking(False)
    with suppress(BlockingIOError):  # what is not taken need not be
        connection.send(times * asked(path, place))
    return connection


async def watched(options: argparse.Namespace) -> Seen:
    """All viewers, for the time that was asked for."""
    parts = urlsplit(options.address)
    place, seen = (parts.hostname or "", parts.port or 80), Seen()
    page = (await Connection(*place, Seen()).get("page", "/now")).decode()
    cameras = sorted(set(re.findall(r'data-still="([^"]+)/still"', page)))
    films = [f"{cameras[number % len(cameras)]}/film" for number in range(options.films)]
    stalled = [
        unread(place, path, times)
        for number in range(options.stalled)
        for path, times in (
            (f"{cameras[number % len(cameras)]}/film", 1),
            ("/stills", 1),
            ("/now", _PAGES_UNREAD),
        )
    ]
    tasks = [asyncio.create_task(film(place, seen, path)) for path in films]
    tasks += [
        asyncio.create_task(grid(place, seen, PAGE_SECONDS * number / options.viewers))
        for number in range(options.viewers)
    ]
    await asyncio.sleep(options.seconds)
    for task in tasks:
        task.cancel()
    for error in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(error, Exception):
            seen.counts[f"viewer failed: {type(error).__name__}"] += 1
    for connection in stalled:
        connection.close()
    return seen


def in_short(seen: Seen, seconds: float) -> dict[str, Any]:
    """What it was like for the viewers, and what they cost."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "counts": dict(sorted(seen.counts.items())),
        "ms": {
            kind: [
                round(1e3 * statistics.median(values), 1),
                round(1e3 * statistics.quantiles(values, n=20)[-1], 1),
            ]
            for kind, values in seen.seconds.items()
            if len(values) > 1
        },
        "megabytes": round(seen.bytes / 1e6, 1),
        "cpus": round((usage.ru_utime + usage.ru_stime) / seconds, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("address")
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--films", type=int, default=5)
    parser.add_argument("--stalled", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    print(json.dumps(in_short(asyncio.run(watched(options)), options.seconds)))


if __name__ == "__main__":
    main()
