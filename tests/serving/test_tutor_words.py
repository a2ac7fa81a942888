"""What a tutor makes of words that change, that teach nothing, or that it did not give a run."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.made.live_events import NOON, live_event
from tests.made.waiting import until

import oddframe
from oddframe.cameras.cameras_file import read_cameras
from oddframe.journal.journal import Journal, open_journal
from oddframe.journal.live_event import LiveEvent, Verdict
from oddframe.journal.sidecars import write_sidecar
from oddframe.processes.aside import begin_aside
from oddframe.runs.lessons import read_versions
from oddframe.serving.lesson_form import lesson_form
from oddframe.serving.passwords import Passwords
from oddframe.serving.sessions import Sessions
from oddframe.serving.site import Site
from oddframe.serving.tutor import Tutor
from oddframe.watching.plan import plans_of


@dataclass
class Taught:
    """A tutor over a journal, and the run that it teaches."""

    tutor: Tutor
    journal: Journal
    run: Path
    said: list[str]

    def say(self, event: LiveEvent, word: Verdict | None) -> None:
        self.journal.judge(event.id, word)
        self.tutor.said([event.id])

    def status(self, event: LiveEvent) -> str:
        known = self.journal.event(event.id)
        assert known is not None
        return self.tutor.status(known)

    def words(self) -> list[str]:
        return [note.word for note in read_versions(self.run).lessons]


@dataclass
class Watched:
    """Everything but the tutor, which may begin anew."""

    street: Any
    run: Path
    root: Path
    journal: Journal

    def filmed(self, film: str, at: float, run: str = "") -> LiveEvent:
        """An event of the camera whose clip is a film of the street."""
        run = run or str(self.run)
        event = live_event(at, "front", run=run, verdict=None, size=None, boxes=())
        files = self.journal.state.files_of(event)
        files.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.street.root / f"{film}.mp4", files.clip())
        event = self.journal.state.with_its_files(event)
        write_sidecar(files, event)
        return self.journal.write(event)

    def by_hand(self, **words: list[str]) -> None:
        oddframe.learn(self.run, self.root / "state", **words)

    def camera(self) -> Any:
        wanted = read_cameras(self.root / "cameras.yaml")
        return SimpleNamespace(name="front", plan=plans_of(wanted)[0])

    @contextmanager
    def teaching(self) -> Generator[Taught]:
        watch: Any = SimpleNamespace(cameras=[self.camera()], read_again=lambda: None)
        said: list[str] = []
        with Tutor(self.journal, watch, said.append, grace=0.2).at_work() as tutor:
            yield Taught(tutor, self.journal, self.run, said)


@pytest.fixture
def site(street, street_run, tmp_path) -> Generator[Watched]:
    (tmp_path / "cameras.yaml").write_text(
        f"run: {street_run}\ncameras:\n  - {{name: front, source: '{street.root / 'fast.mp4'}'}}\n"
    )
    with open_journal(tmp_path / "state", print) as journal:
        yield Watched(street, street_run, tmp_path, journal)


def test_another_word_is_taught_in_place_of_the_first(site, monkeypatch):
    monkeypatch.setattr("oddframe.serving.tutor._MOST", 1)  # and there is a newer one
    event, newer = site.filmed("fast", NOON), site.filmed("calm", NOON + 60, run="another")
    site.by_hand(normal=[event.id])
    oddframe.learn(site.run, undo=True)
    site.by_hand(odd=[event.id])
    with site.teaching() as taught:
        taught.say(newer, "normal")
        assert taught.status(newer) == "not taught: another run judges the camera by now"
        taught.say(event, "normal")
        until(lambda: taught.words() == ["normal"], 240)


def test_a_word_on_what_goes_on_is_taught_once_it_is_over(site):
    event = site.filmed("fast", NOON)
    site.journal.write(replace(event, end=None, ending=""))
    with site.teaching() as taught:
        taught.say(event, "normal")
        time.sleep(3)
        assert taught.status(event) == "will be taught in a moment"
        site.journal.write(replace(event, verdict="normal"))
        until(lambda: taught.words() == ["normal"], 240)


def test_a_moment_in_which_nothing_is_odd_is_looked_at_once_and_that_is_said(site):
    event = site.filmed("calm", NOON)
    empty = [site.street.backdrop.clip(0, 255).astype("uint8")] * 30
    site.street.film(site.journal.state.files_of(event).clip(), empty)
    with site.teaching() as taught:
        taught.say(event, "normal")
        until(lambda: taught.said, 240)
        time.sleep(3)
        assert taught.status(event) == "not taught: nothing to learn: nothing is odd in it now"


def test_a_lesson_that_is_killed_is_a_line_and_is_learnt_when_it_is_said_again(site, monkeypatch):
    begun = []

    def begin(*words: Any) -> Any:
        begun.append(begin_aside(*words))
        return begun[-1]

    monkeypatch.setattr("oddframe.serving.tutor.begin_aside", begin)
    event = site.filmed("fast", NOON)
    with site.teaching() as taught:
        taught.say(event, "normal")
        until(lambda: begun)
        os.killpg(begun[0]._process.pid, signal.SIGKILL)
        until(lambda: taught.said)
        assert taught.status(event) == "not taught: its process ended with status -9"
        assert not (site.run / "lessons" / "versions.json").exists()
        taught.say(event, "normal")
        until(lambda: taught.words() == ["normal"], 240)


def test_what_was_taught_by_hand_stays_until_somebody_says_otherwise(site):
    event = site.filmed("fast", NOON)
    site.by_hand(normal=[event.id])
    with site.teaching() as taught:
        time.sleep(3)
        taught.say(event, "normal")  # which it is
        time.sleep(3)
        oddframe.learn(site.run, undo=True)
        taught.tutor.said([])  # somebody spoke of another
        time.sleep(3)
        assert not (site.root / "state" / "learning" / "lessons.txt").exists(), "nothing was begun"
        taught.say(event, "odd")
        until(lambda: taught.words() == ["odd"], 240)


def test_the_page_says_which_version_judges_and_not_which_is_newest(site):
    before = site.camera()
    event = site.filmed("fast", NOON)
    site.by_hand(normal=[event.id])
    page = Site(site.journal, site.journal, Sessions(Passwords({})))

    def states(camera: Any) -> list[str]:
        form = lesson_form(page, camera, said="", place="/camera/front", may_change=True)
        return [row.state for row in form.versions]

    assert states(before) == ["judges it once the cameras are read again", "judges this camera"]
    assert states(site.camera()) == ["judges this camera", ""]
