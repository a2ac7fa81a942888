"""A watched camera that freezes, is unplugged or covered: said once, and once it is over."""

import time
from contextlib import contextmanager

import pytest
from tests.made.rtsp_camera import RtspCamera

from oddframe.cameras.cameras_file import Camera
from oddframe.journal.journal import open_journal
from oddframe.journal.retention import Room
from oddframe.runs.run_folder import read_run
from oddframe.sources.source import source_of
from oddframe.watching import health_teller, trouble_teller
from oddframe.watching.camera import WatchedCamera
from oddframe.watching.outside import Outside
from oddframe.watching.plan import plan_of

PATIENCE = 240.0
WITHIN = 2.0
"""Seconds by which frames may be late on a busy machine."""


@contextmanager
def watched(street, url, state):
    """What is told of a camera while it is watched: kind and state of each message; its journal."""
    told = []
    # Nothing that this run was not fitted to is an event.
    camera = Camera("front", source_of(url, timeout=1.0), street.run, threshold=1e9)
    with open_journal(state, print) as journal:

        def no_room(*_):
            return Room(False, 0, 0, "")

        def send(message, _):
            told.append((message.kind, message.event["state"]))

        outside = Outside(journal, no_room, send, lambda *_: None, print)
        watching = WatchedCamera(plan_of(camera, read_run(street.run)), outside, lambda: True)
        watching.start()
        try:
            yield told, journal
        finally:
            watching.stop()


def wait_until(true):
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


@contextmanager
def pulled(camera):
    camera.pull()
    yield
    camera.put_back()


@pytest.mark.parametrize(
    ("which", "away"),
    [("camera", RtspCamera.frozen), ("far_camera", pulled)],
    ids=["frozen", "pulled"],
)
def test_a_camera_that_is_away_is_told_once_and_is_a_gap(
    street, which, away, request, tmp_path, monkeypatch
):
    camera = request.getfixturevalue(which)
    monkeypatch.setattr(health_teller, "_DOWN_SECONDS", 3.0)  # a server may stumble once more
    with watched(street, f"{camera.url}/live", tmp_path / "state") as (told, journal):
        wait_until(lambda: ("health", "up") in told)
        time.sleep(0.5)
        with away(camera):
            begun = time.time()
            wait_until(lambda: ("health", "down") in told)
            time.sleep(2.0)  # and is tried again, several times
            assert journal.flush(PATIENCE)
            gap = journal.gaps("front")[-1]
            assert gap.end is None
            assert begun - WITHIN < gap.start < begun + WITHIN
            back = time.time()
        wait_until(lambda: told.count(("health", "up")) == 2)
        wait_until(lambda: journal.gaps("front", begun + WITHIN)[0].end)
        gap = journal.gaps("front", begun + WITHIN)[0]
        assert gap.start < begun + WITHIN
        assert back - WITHIN < gap.end < time.time()
        assert journal.flush(PATIENCE)
        states = [one.state for one in journal.states("front")]
    assert [state for _, state in told if state in ("up", "down")] == ["up", "down", "up"]
    assert [state for state in states if state in ("up", "down")] == ["up", "down", "up"]


def test_a_camera_that_is_covered_is_told_once_and_that_it_sees_again(
    street, rtsp_server, tmp_path, monkeypatch
):
    monkeypatch.setattr(trouble_teller, "GAP_SECONDS", 1.0)

    def covered(image, seconds):
        if 2 <= seconds < 5.5:
            image[:] = 2.0

    film = street.film(tmp_path / "film.mp4", street.images(11, 70, covered))
    camera = RtspCamera(film=film)
    try:
        with watched(street, f"{camera.url}/film", tmp_path / "state") as (told, journal):
            wait_until(lambda: ("health", "fine") in told)
            assert [state for _, state in told] == ["up", "covered", "fine"]
            assert [one.state for one in journal.states("front")] == ["up", "covered", "fine"]
            assert journal.events() == []
    finally:
        camera.kill()
