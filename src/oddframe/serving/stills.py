"""What cameras show now: stills of all for the grid, a film of stills for the one that is open.

Whoever looks at the grid is sent its stills on one connection that stays open: a request for each
would cost this process, which judges frames beside, twenty times as much.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from oddframe.reporting.drawing.thumbnails import draw_places, jpeg_of
from oddframe.serving.feed import BEAT_SECONDS, told
from oddframe.serving.site import Site, no_camera
from oddframe.watching.scorer import ScoredFrame

SMALL = (480, 360)
LARGE = (960, 720)
"""(width, height) that a still of the grid, or of the open camera, fits."""
MOST_FILMS = 16
"""Films at once, of those that are read; who comes after sees stills."""
_UNREAD_SECONDS = 5.0
"""After which a film whose viewer takes nothing keeps nobody else from one; it is left later."""
_FILM_SECONDS = 0.2
GRID_SECONDS = 1.0
"""From one still of a camera in the grid to the next."""
MOST_GRIDS = 200
"""Grids that are sent stills at once; others ask for them as they are drawn anew."""
STILL_SECONDS = 0.5
"""A still of the grid is not made more often, however many look: they come at any moment."""
_QUALITY = 75
_KEPT = 64


@dataclass(frozen=True)
class _Made:
    """A picture, of which frame, and when it was begun: it may still be in the making."""

    frame: ScoredFrame
    begun: float
    jpeg: asyncio.Task[bytes]


class Stills:
    """Pictures of the cameras that are watched, each made once for all who look.

    All of it is the server's loop's alone, but for the making.

    Args:
        site: whose cameras.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._films: dict[object, float] = {}  # when each was last read
        self._grids = 0
        self._made: OrderedDict[tuple[str, bool, bool], _Made] = OrderedDict()

    async def still(self, request: Request) -> Response:
        """The newest picture; ``?heat`` with what is odd, ``?large`` as the film has it."""
        camera = self._site.camera(request.path_params["camera"])
        if camera is None or camera.latest is None:
            return PlainTextResponse("nothing was seen of it yet\n", 404)
        heat, large = ("heat" in request.query_params), ("large" in request.query_params)
        made = self._newest(camera.name, camera.latest, heat, large)
        return Response(await asyncio.shield(made.jpeg), media_type="image/jpeg")

    async def film(self, request: Request) -> Response:
        """Pictures that follow each other (``multipart/x-mixed-replace``), ``?heat`` likewise."""
        name, heat = request.path_params["camera"], "heat" in request.query_params
        if self._site.camera(name) is None:
            return no_camera()
        latest = time.monotonic() - _UNREAD_SECONDS
        if sum(at > latest for at in self._films.values()) >= MOST_FILMS:
            return PlainTextResponse("too many films are open\n", 503, {"retry-after": "10"})
        return StreamingResponse(
            self._pictures(request, name, heat),
            media_type="multipart/x-mixed-replace; boundary=still",
            # A proxy would keep for whoever reads slowly what nobody wants to see any more.
            headers={"x-accel-buffering": "no"},
        )

    async def grid(self, request: Request) -> Response:
        """Stills of all cameras (server-sent events ``still``), each as it changes.

        Each event is the address of a camera's still and, after a space, that as base64.
        """
        if self._grids >= MOST_GRIDS:
            return PlainTextResponse("too many grids are open\n", 503, {"retry-after": "30"})
        return told(self._stills(request))

    async def _stills(self, request: Request) -> AsyncGenerator[bytes]:
        shown: dict[str, _Made] = {}
        quiet = 0.0
        self._grids += 1
        try:
            while not self._site.closing.is_set() and self._site.still_looks(request):
                fresh = {
                    camera.name: made
                    for camera in self._site.cameras
                    if camera.latest is not None
                    for made in [self._newest(camera.name, camera.latest, False, False)]
                    if made is not shown.get(camera.name)
                }
                shown |= fresh
                if fresh:
                    quiet = 0.0
                    yield b"".join([await _event(name, made) for name, made in fresh.items()])
                elif quiet >= BEAT_SECONDS:
                    quiet = 0.0
                    yield b": here\n\n"
                await asyncio.sleep(GRID_SECONDS)
                quiet += GRID_SECONDS
        finally:
            self._grids -= 1

    async def _pictures(self, request: Request, name: str, heat: bool) -> AsyncGenerator[bytes]:
        before, film = None, object()
        try:
            while not self._site.closing.is_set() and self._site.still_looks(request):
                self._films[film] = time.monotonic()
                camera = self._site.camera(name)
                if camera is None:
                    return
                latest = camera.latest
                made = None if latest is None else self._newest(name, latest, heat, True)
                if made is not None and made is not before:
                    before, jpeg = made, await asyncio.shield(made.jpeg)
                    head = f"--still\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}"
                    yield f"{head}\r\n\r\n".encode() + jpeg + b"\r\n"
                await asyncio.sleep(_FILM_SECONDS)
        finally:
            self._films.pop(film, None)

    def _newest(self, name: str, latest: ScoredFrame, heat: bool, large: bool) -> _Made:
        """The newest picture that there is to be, in the making or made."""
        key, now = (name, heat, large), time.monotonic()
        made = self._made.get(key)
        age = _FILM_SECONDS if large else STILL_SECONDS
        if made is None or (made.frame is not latest and now - made.begun >= age):
            size = LARGE if large else SMALL
            jpeg = run_in_threadpool(self._drawn, name, latest, heat, size)
            made = _Made(latest, now, asyncio.ensure_future(jpeg))
            self._made[key] = made
            self._made.move_to_end(key)
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return made

    def _drawn(self, name: str, latest: ScoredFrame, heat: bool, size: tuple[int, int]) -> bytes:
        camera = self._site.camera(name)
        image, score = latest.frame.rgb(), latest.score
        scores: np.ndarray | None = score.score_map if heat else None
        limit = camera.plan.rule.threshold if camera is not None else 0.0
        odd = heat and score.value > limit
        boxes = score.boxes if odd else ()
        drawn = draw_places(image, boxes, scores, limit if limit > 0 else None, size, enlarge=False)
        return jpeg_of(drawn, _QUALITY)


def still_of(name: str) -> str:
    """The address of a camera's newest still."""
    return f"/cameras/{quote(name, safe='')}/still"


async def _event(name: str, made: _Made) -> bytes:
    coded = base64.b64encode(await asyncio.shield(made.jpeg))
    return b"event: still\ndata: %s %s\n\n" % (still_of(name).encode(), coded)
