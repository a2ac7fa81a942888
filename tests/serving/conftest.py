"""A state folder with events of two cameras, and the page over it, on a real port."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tests.made.camera_at_page import Page
from tests.made.chromium import begun
from tests.made.live_events import NOON, live_event
from tests.made.page_visitor import Browser
from tests.made.serve_process import Process

from oddframe.journal.journal import Journal, open_journal
from oddframe.journal.live_event import LiveEvent
from oddframe.media.video_writing import VideoWriter
from oddframe.runs.sights import write_sights
from oddframe.scores.sights import Sight
from oddframe.serving.door import Door
from oddframe.serving.passwords import Passwords
from oddframe.serving.server import serving
from oddframe.serving.sessions import Sessions
from oddframe.serving.site import Site

OWNER, VIEWER = "owner's password", "viewer's password"


def jpeg(level: int) -> bytes:
    return cv2.imencode(".jpg", np.full((40, 60, 3), level, np.uint8))[1].tobytes()


@dataclass
class Served:
    """The page, who writes its journal, and events of it, the earliest first."""

    browser: Browser
    journal: Journal
    events: list[LiveEvent]
    root: Path

    def another(self) -> Browser:
        return Browser(f"http://{self.browser.where}/")


def fill(journal: Journal, root: Path) -> list[LiveEvent]:
    """Two visits at the door, of two events and of one, and an open event in the yard."""
    run = root / "run"
    run.mkdir(exist_ok=True)
    write_sights(run, {Sight("monday", 61.5): jpeg(200)})
    made = [
        live_event(NOON, "door", verdict=None, run=str(run)),
        live_event(NOON + 20, "door", verdict=None, run=str(run), peak=4.0, reason="lies there"),
        live_event(NOON + 3600, "door", verdict=None, run=str(run), zone="", cue="look"),
        live_event(NOON + 3700, "yard", verdict=None, end=None, ending="", untold="budget"),
    ]
    found = []
    for number, event in enumerate(made):
        event = replace(event, nearest=Sight("monday", 61.5))
        if number == 1:
            files = journal.state.files_of(event)
            files.folder.mkdir(parents=True, exist_ok=True)
            with VideoWriter(files.clip(), 10.0, (64, 48)) as writer:
                for level in range(30):
                    writer.write(np.full((48, 64, 3), 8 * level, np.uint8))
            event = replace(event, clip=files.name(files.clip()))
        found.append(journal.write(event, jpeg(60 * number)))
    for minute in range(60):
        for second in (0, 30):
            score = 9.0 if minute == 17 and second else 0.5
            journal.scored("door", NOON + 60 * minute + second, score, 3.0)
    journal.gap_begins("yard", NOON + 100, "no frames")
    journal.gap_ends("yard", NOON + 700)
    assert journal.flush(10.0)
    return found


@contextmanager
def site_at(root: Path, sessions: Sessions | None = None) -> Generator[Served]:
    with ExitStack() as stack:
        journal = stack.enter_context(open_journal(root / "state", print))
        events = fill(journal, root)
        site = Site(journal, journal, sessions or Sessions(Passwords({})))
        address = stack.enter_context(serving(site, Door(port=0)))
        yield Served(Browser(address), journal, events, root)


@pytest.fixture
def served(tmp_path: Path) -> Generator[Served]:
    with site_at(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Generator[Any]:
    driver = begun()
    yield driver
    driver.quit()


@pytest.fixture
def page(server: Process, chromium: Any) -> Page:
    """A browser for the cameras of the module's server."""
    return Page(chromium, server, server.folder / "cameras.yaml")
