"""Pictures for all who look: made once for many, and films for those who read them."""

from __future__ import annotations

import asyncio
import base64
import re
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from starlette.requests import Request

from oddframe.detectors.frame_score import FrameScore
from oddframe.journal.reading import JournalReader
from oddframe.journal.state_folder import StateFolder
from oddframe.media.pictures import PictureFrame
from oddframe.serving import stills
from oddframe.serving.passwords import Passwords
from oddframe.serving.sessions import Sessions
from oddframe.serving.site import Site
from oddframe.serving.stills import MOST_FILMS, Stills, still_of
from oddframe.sources.live_frame import LiveFrame
from oddframe.watching.scorer import ScoredFrame


class Camera:
    """What the pictures need of a camera; one that films would take its time for it."""

    plan = SimpleNamespace(rule=SimpleNamespace(threshold=1.0))

    def __init__(self, latest: ScoredFrame | None, name: str = "front") -> None:
        self.latest, self.name = latest, name


def frame(level: int) -> ScoredFrame:
    picture = PictureFrame(0, 0.0, np.full((90, 160, 3), level, np.uint8))
    return ScoredFrame(LiveFrame(picture, 0, 0.0, 0.0, 0.0, (160, 90)), FrameScore(0, 0.5), 0.04)


@pytest.fixture
def camera() -> Camera:
    return Camera(frame(50))


@pytest.fixture
def door() -> Camera:
    """One of which nothing was seen yet."""
    return Camera(None, "the door")


@pytest.fixture
def made(camera, door, tmp_path) -> Stills:
    watch: Any = SimpleNamespace(cameras=[camera, door], saving=None)
    reader = JournalReader(StateFolder(tmp_path))
    return Stills(Site(reader, None, Sessions(Passwords({})), watch))


def request(asked: str = "") -> Request:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "role": "owner"}
    more = {"session": "", "query_string": asked.encode(), "path_params": {"camera": "front"}}
    return Request(scope | more)


def level(jpeg: bytes) -> float:
    return float(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).mean())


def test_many_who_ask_at_once_get_one_picture(made, camera, monkeypatch):
    """Also of frames that came a moment later; and a new one after that moment."""

    async def asked() -> None:
        first = await asyncio.gather(*(made.still(request()) for _ in range(50)))
        assert len({id(answer.body) for answer in first}) == 1
        camera.latest = frame(200)
        assert (await made.still(request())).body is first[0].body
        monkeypatch.setattr(stills, "STILL_SECONDS", 0.0)
        assert level((await made.still(request())).body) == pytest.approx(200, abs=2)
        assert level(first[0].body) == pytest.approx(50, abs=2)

    asyncio.run(asked())


def test_a_film_goes_on_and_one_that_nobody_reads_keeps_no_other_away(made, camera, monkeypatch):
    async def asked() -> None:
        films = [(await made.film(request())).body_iterator for _ in range(MOST_FILMS)]
        for film in films:
            assert b"image/jpeg" in await anext(film)
        assert (await made.film(request())).status_code == 503
        monkeypatch.setattr(stills, "_UNREAD_SECONDS", 0.1)
        await asyncio.sleep(0.2)
        other = await made.film(request())
        assert other.status_code == 200
        camera.latest = frame(200)
        assert level((await anext(films[0])).partition(b"\r\n\r\n")[2]) == pytest.approx(200, abs=2)
        for film in films:
            await film.aclose()
        assert made._films == {}

    asyncio.run(asked())


def shown(events: bytes) -> dict[str, float]:
    """Grey levels of the stills that came, by their addresses."""
    found = re.findall(rb"event: still\ndata: (\S+) (\S+)\n\n", events)
    assert b"".join(b"event: still\ndata: %s %s\n\n" % one for one in found) == events
    return {address.decode(): level(base64.b64decode(coded)) for address, coded in found}


def test_the_grid_is_sent_stills_of_the_cameras_that_show_something_new(
    made, camera, door, monkeypatch
):
    monkeypatch.setattr(stills, "GRID_SECONDS", 0.01)
    monkeypatch.setattr(stills, "STILL_SECONDS", 0.0)

    async def asked() -> None:
        grid = (await made.grid(request())).body_iterator
        assert shown(await anext(grid)) == {still_of("front"): pytest.approx(50, abs=2)}
        door.latest = frame(120)
        assert shown(await anext(grid)) == {still_of("the door"): pytest.approx(120, abs=2)}
        camera.latest, door.latest = frame(200), frame(10)
        both = {"/cameras/front/still": 200, "/cameras/the%20door/still": 10}
        assert shown(await anext(grid)) == pytest.approx(both, abs=2)
        monkeypatch.setattr(stills, "BEAT_SECONDS", 0.05)
        assert (await anext(grid)).startswith(b":")
        made._site.closing.set()
        with pytest.raises(StopAsyncIteration):
            await anext(grid)

    asyncio.run(asked())


def test_only_so_many_grids_are_sent_stills(made, monkeypatch):
    monkeypatch.setattr(stills, "MOST_GRIDS", 1)

    async def asked() -> None:
        grid = (await made.grid(request())).body_iterator
        await anext(grid)
        assert (await made.grid(request())).status_code == 503
        await grid.aclose()
        assert (await made.grid(request())).status_code == 200

    asyncio.run(asked())
