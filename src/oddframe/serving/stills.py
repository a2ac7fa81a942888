"""What a camera shows now: a still for the grid, a film of stills for the one that is open."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from oddframe.reporting.drawing.thumbnails import draw_places, jpeg_of
from oddframe.serving.site import Site
from oddframe.watching.scorer import ScoredFrame

SMALL = (480, 360)
LARGE = (960, 720)
"""(width, height) that a still of the grid, or of the open camera, fits."""
MOST_FILMS = 16
"""Films at once; who comes after sees stills."""
_FILM_SECONDS = 0.2
_QUALITY = 75
_KEPT = 64


class Stills:
    """Pictures of the cameras that are watched, each made once for all who look.

    Args:
        site: whose cameras.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._films = 0
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[str, bool, bool], tuple[ScoredFrame, bytes]] = OrderedDict()

    def still(self, request: Request) -> Response:
        """The newest picture; ``?heat`` with what is odd, ``?large`` as the film has it."""
        camera = self._site.camera(request.path_params["camera"])
        if camera is None or camera.latest is None:
            return PlainTextResponse("nothing was seen of it yet\n", 404)
        heat, large = ("heat" in request.query_params), ("large" in request.query_params)
        jpeg = self._jpeg(camera.name, camera.latest, heat, large)
        return Response(jpeg, media_type="image/jpeg")

    async def film(self, request: Request) -> Response:
        """Pictures that follow each other (``multipart/x-mixed-replace``), ``?heat`` likewise."""
        name, heat = request.path_params["camera"], "heat" in request.query_params
        if self._site.camera(name) is None:
            return PlainTextResponse("no such camera is watched now\n", 404)
        if self._films >= MOST_FILMS:
            return PlainTextResponse("too many films are open\n", 503, {"retry-after": "10"})
        return StreamingResponse(
            self._pictures(name, heat), media_type="multipart/x-mixed-replace; boundary=still"
        )

    async def _pictures(self, name: str, heat: bool) -> AsyncGenerator[bytes]:
        self._films += 1
        try:
            before = None
            while not self._site.closing.is_set():
                camera = self._site.camera(name)
                if camera is None:
                    return
                latest = camera.latest
                if latest is not None and latest is not before:
                    before = latest
                    jpeg = await run_in_threadpool(self._jpeg, name, latest, heat, True)
                    head = f"--still\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}"
                    yield f"{head}\r\n\r\n".encode() + jpeg + b"\r\n"
                await asyncio.sleep(_FILM_SECONDS)
        finally:
            self._films -= 1

    def _jpeg(self, name: str, latest: ScoredFrame, heat: bool, large: bool) -> bytes:
        key = name, heat, large
        with self._lock:
            made = self._made.get(key)
        if made is not None and made[0] is latest:
            return made[1]
        jpeg = self._drawn(name, latest, heat, LARGE if large else SMALL)
        with self._lock:
            self._made[key] = latest, jpeg
            self._made.move_to_end(key)
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return jpeg

    def _drawn(self, name: str, latest: ScoredFrame, heat: bool, size: tuple[int, int]) -> bytes:
        camera = self._site.camera(name)
        image, score = latest.frame.rgb(), latest.score
        scores: np.ndarray | None = score.score_map if heat else None
        limit = camera.plan.rule.threshold if camera is not None else 0.0
        odd = heat and score.value > limit
        boxes = score.boxes if odd else ()
        drawn = draw_places(image, boxes, scores, limit if limit > 0 else None, size, enlarge=False)
        return jpeg_of(drawn, _QUALITY)
