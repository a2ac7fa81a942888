"""What is new, sent to pages that are open (server-sent events)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from oddframe.errors import OddframeError
from oddframe.journal.question import Question
from oddframe.serving.site import Site

LOOK_SECONDS = 2.0
"""How often it is looked for something new, once for all pages."""
BEAT_SECONDS = 15.0
"""After which a comment is sent, so that whoever stands between does not hang up."""
_TELL_SECONDS = 0.5
MOST_OPEN = 200
"""Pages that are told at once; others are asked to come again."""


def told(lines: AsyncGenerator[str] | AsyncGenerator[bytes]) -> Response:
    """Events as they come, past proxies that would keep them for a while."""
    return StreamingResponse(
        lines,
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no", "cache-control": "no-store"},
    )


class Feed:
    """Tells pages what is new: one look at the journal for all of them, while there are any.

    Args:
        site: what is looked at.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._open = 0
        self._said = ""
        self._looking: asyncio.Task[None] | None = None

    async def answer(self, request: Request) -> Response:
        """A stream that goes on until the page is closed."""
        if self._open >= MOST_OPEN:
            return PlainTextResponse("too many pages are open\n", 503, {"retry-after": "30"})
        return told(self._lines(request))

    async def _lines(self, request: Request) -> AsyncGenerator[str]:
        self._open += 1
        try:
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look())
            known = request.headers.get("last-event-id", "")
            yield f"retry: {int(LOOK_SECONDS * 1000)}\n\n"
            quiet = 0.0
            while not self._site.closing.is_set() and self._site.still_looks(request):
                if self._said and self._said != known:
                    known, quiet = self._said, 0.0
                    yield f"id: {known}\ndata: {known}\n\n"
                elif quiet >= BEAT_SECONDS:
                    quiet = 0.0
                    yield ": here\n\n"
                await asyncio.sleep(_TELL_SECONDS)
                quiet += _TELL_SECONDS
        finally:
            self._open -= 1

    async def _look(self) -> None:
        while self._open:
            with suppress(OddframeError):  # the disk may come back
                self._said = await run_in_threadpool(self._found)
            await asyncio.sleep(LOOK_SECONDS)

    def _found(self) -> str:
        newest = self._site.reader.events(Question(most=1))
        found = {"waiting": self._site.undecided(), "newest": newest[0].id if newest else ""}
        return json.dumps(found)
