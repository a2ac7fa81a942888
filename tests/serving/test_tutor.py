"""A word on the page teaches the run of a camera that is watched, and is taken back with it."""

import shutil
import time
from collections.abc import Generator

import pytest
from tests.made.serve_process import Process, serve_process
from tests.made.waiting import until

from oddframe.journal.question import Question
from oddframe.journal.reading import JournalReader
from oddframe.journal.state_folder import StateFolder
from oddframe.runs.run_folder import read_run


@pytest.fixture
def server(street, street_run, tmp_path) -> Generator[Process]:
    film = f"lavfi:movie={street.root / 'fast.mp4'}:loop=0,setpts=N/(12.5*TB)"
    (tmp_path / "cameras.yaml").write_text(
        f"run: {street_run}\nlongest_seconds: 8\npre_roll: 2\npost_roll: 1\n"
        f"cameras:\n  - {{name: front, source: '{film}'}}\n"
    )
    with serve_process(tmp_path, "/cameras/front/still") as served:
        yield served


def test_normal_here_silences_the_event_and_another_word_brings_it_back(
    server, street_run, tmp_path
):
    reader = JournalReader(StateFolder(tmp_path / "state"))

    def events() -> list:
        return reader.events(Question("front"))

    def say(word: str) -> None:
        assert server.browser.post("/review", {"ids": event.id, "word": word}).status < 400

    def told() -> str:
        return server.browser.get(f"/review/{event.id}").text

    def camera() -> str:
        return server.browser.get("/camera/front").text

    until(lambda: len([one for one in events() if not one.is_open]) > 1, 120)
    event = events()[-1]  # the first: its film is whole by now
    assert event.clip
    shutil.move(tmp_path / "state" / event.clip, tmp_path / "kept.mp4")
    say("normal")
    assert "will be taught in a moment" in told()
    until(lambda: "not taught: event" in told(), 240)
    assert "there is no film of it any more" in told()
    shutil.move(tmp_path / "kept.mp4", tmp_path / "state" / event.clip)
    say("normal")  # once more
    until(lambda: read_run(street_run).version == 1, 240)
    until(lambda: "read again; 1 of 1 cameras new" in server.said, 60)
    assert "taught, version 1" in told()
    known = {one.id for one in events()}
    time.sleep(20)  # it comes every eight seconds
    assert len({one.id for one in events()} - known) <= 1, "but for one that had begun"
    assert f'<a href="/review/{event.id}">an event</a> is normal' in camera()
    say("none")
    until(lambda: read_run(street_run).version == 2, 240)
    assert "without what version 1 was taught" in camera()
    known = {one.id for one in events()}
    until(lambda: {one.id for one in events()} - known, 60)
    say("normal")
    until(lambda: read_run(street_run).version == 3, 240)
    assert server.browser.post("/camera/front/lessons", {"version": "1"}).status == 409
    assert server.browser.post("/camera/front/lessons", {"version": "3"}).status == 303
    assert "is being taken back" in camera()
    until(lambda: read_run(street_run).version == 4, 240)
    time.sleep(2)
    assert read_run(street_run).version == 4, "the word is there still, and does not teach again"
