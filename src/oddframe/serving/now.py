"""What the cameras that are watched show now, and how each of them is."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from oddframe.console.words import duration, sentence
from oddframe.journal.question import Question
from oddframe.pages.tables import Facts
from oddframe.serving.consequence import Consequence, consequence
from oddframe.serving.forms import form_of
from oddframe.serving.local_time import lately
from oddframe.serving.site import SeenCamera, Site, no_camera, page
from oddframe.serving.stills import still_of
from oddframe.serving.timeline import Strip, stretch_of

HOUR = 3600.0
GRID_SECONDS = 1.0
"""How old the grid may be: many who look at it ask the journal no more often than one."""
_LATEST = 5


@dataclass(frozen=True)
class Tile:
    """A camera in the grid.

    Attributes:
        name: of the camera.
        address: of its page.
        still: address of its picture; ``""`` where there is none to be had.
        state: a word or two; ``kind`` is ``up``, ``odd``, ``down`` or ``quiet``, for its colour.
        why: more of it.
        score: now, beside the limit.
        strip: its last hour.
    """

    template: ClassVar[str] = "serving/tile.html"
    name: str
    address: str
    still: str
    state: str
    kind: str
    why: str
    score: str
    strip: Strip


@dataclass(frozen=True)
class _Now:
    template: ClassVar[str] = "serving/now.html"
    tiles: Sequence[Tile]


@dataclass(frozen=True)
class _One:
    template: ClassVar[str] = "serving/camera.html"
    tile: Tile
    film: str
    settings: str
    latest: Sequence[tuple[str, str]]
    facts: Facts
    consequence: Consequence | None
    armed: bool
    may_decide: bool


class Grid:
    """All cameras, as they are; found out once in a while for all who look.

    Args:
        site: whose cameras.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = threading.Lock()
        self._tiles: list[Tile] = []
        self._found = -math.inf

    def answer(self, request: Request) -> Response:
        """The page; where no camera is watched, what was seen of them."""
        if not self._site.cameras:
            return RedirectResponse("/review", 303)
        return page(self._site, request, "Now", _Now(self._fresh()), script="now.js")

    def _fresh(self) -> list[Tile]:
        with self._lock:
            if time.monotonic() - self._found >= GRID_SECONDS:
                self._tiles = [tile_of(self._site, camera) for camera in self._site.cameras]
                self._found = time.monotonic()
            return self._tiles


def one(site: Site, request: Request) -> Response:
    """One camera."""
    camera = site.camera(request.path_params["camera"])
    if camera is None:
        return no_camera()
    tile = tile_of(site, camera)
    events = site.reader.events(Question(camera=camera.name, most=_LATEST))
    now = time.time()
    latest = [
        (
            f"{lately(e.start, now)} {sentence(e.reason) if e.reason else ''}".rstrip(),
            f"/review/{e.id}",
        )
        for e in events
    ]
    film = f"/cameras/{quote(camera.name, safe='')}/film" if tile.still else ""
    meant = consequence(site, camera.name, camera.plan.rule.threshold, now)
    content = _One(
        tile,
        film,
        f"/camera/{quote(camera.name, safe='')}",
        latest,
        Facts(_facts(camera)),
        meant,
        armed=site.watch is not None and site.watch.is_armed(camera.name),
        may_decide=site.may_decide(request),
    )
    return page(site, request, camera.name, content, script="now.js")


async def arm(site: Site, request: Request) -> Response:
    """Arm a camera, or disarm it: ``armed`` is ``yes`` or ``no``."""
    return await run_in_threadpool(_armed, site, request, await form_of(request))


def _armed(site: Site, request: Request, form: dict[str, str]) -> Response:
    name, word = request.path_params["camera"], form.get("armed", "")
    if site.watch is None or site.camera(name) is None:
        return no_camera()
    if word not in ("yes", "no"):
        return PlainTextResponse("expected armed=yes or armed=no\n", 400)
    site.watch.arm(name, word == "yes")
    return RedirectResponse(f"/now/{quote(name, safe='')}", 303)


def tile_of(site: Site, camera: SeenCamera) -> Tile:
    """A camera as it is now."""
    at, name = time.time(), quote(camera.name, safe="")
    counts = camera.counts
    state, kind, why = _state(site, camera, at)
    score = "" if counts.score is None else f"{counts.score:.2f} (told above {counts.limit:.2f})"
    return Tile(
        name=camera.name,
        address=f"/now/{name}",
        still=still_of(camera.name) if camera.latest is not None else "",
        state=state,
        kind=kind,
        why=why,
        score=score,
        strip=replace(stretch_of(site, camera.name, (at - HOUR, at), "the last hour"), camera=""),
    )


def _state(site: Site, camera: SeenCamera, at: float) -> tuple[str, str, str]:
    source = camera.state
    if not source.up:
        since = f"since {lately(source.since, at)}"
        return ("over" if source.reason == "ended" else "down"), "down", f"{since}: {source.words}"
    if site.reader.events(Question(camera=camera.name, state="open", most=1)):
        return "odd", "odd", ""
    said = site.reader.states(camera.name, at - HOUR)
    if said and said[-1].state not in ("up", "down"):
        return said[-1].state, "odd", said[-1].reason
    if site.watch is not None and not site.watch.is_armed(camera.name):
        return "disarmed", "quiet", "nobody is told of it; what is odd is kept"
    if not camera.plan.camera.schedule.armed(datetime.fromtimestamp(at, UTC)):
        return "not armed now", "quiet", "its schedule says so"
    return "watched", "up", ""


def _facts(camera: SeenCamera) -> list[tuple[str, str]]:
    source, counts, plan = camera.state, camera.counts, camera.plan
    size = f"{source.size[0]}x{source.size[1]}" if source.size else ""
    rate = f"{source.rate:.3g} frames/s" if source.rate else ""
    facts = [
        ("source", plan.camera.source.shown),
        ("picture", ", ".join(part for part in (size, rate, source.codec or "") if part)),
        ("judged", f"{counts.scored:,} frames, {counts.spared:,} not looked at"),
        ("alarms", f"{counts.alarms:,}, and {counts.untold:,} that nobody was told of"),
        ("threshold", f"{plan.rule.threshold:.2f}"),
        ("run", str(plan.camera.run)),
        ("lost", ", ".join(f"{why} {many}" for why, many in source.reconnects.items())),
    ]
    if source.frame_age is not None:
        facts.insert(2, ("last frame", f"{duration(source.frame_age)} ago"))
    return [(name, value) for name, value in facts if value]
