"""Pictures for all who look: made once for many, and films for those who read them."""

from __future__ import annotations

import asyncio
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
from oddframe.serving.stills import MOST_FILMS, Stills
from oddframe.sources.live_frame import LiveFrame
from oddframe.watching.scorer import ScoredFrame


class Camera:
    """What the pictures need of a camera; one that films would take its time for it."""

    name = "front"
    plan = SimpleNamespace(rule=SimpleNamespace(threshold=1.0))

    def __init__(self, latest: ScoredFrame) -> None:
        self.latest = latest


def frame(level: int) -> ScoredFrame:
    picture = PictureFrame(0, 0.0, np.full((90, 160, 3), level, np.uint8))
    return ScoredFrame(LiveFrame(picture, 0, 0.0, 0.0, 0.0, (160, 90)), FrameScore(0, 0.5), 0.04)


@pytest.fixture
def camera() -> Camera:
    return Camera(frame(50))


@pytest.fixture
def made(camera, tmp_path) -> Stills:
    watch: Any = SimpleNamespace(cameras=[camera], saving=None)
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
