"""One watched camera: its thread that ends, its budget that is spent, its end, are said."""

import os
import threading
import time

import pytest
from tests.made.live_events import live_event

from oddframe.cameras.cameras_file import Camera
from oddframe.journal.journal import open_journal
from oddframe.journal.retention import Room
from oddframe.runs.run_folder import read_run
from oddframe.sources.source import source_of
from oddframe.watching.camera import WatchedCamera
from oddframe.watching.outside import Outside
from oddframe.watching.plan import plan_of


def no_room(*_):
    return Room(False, 0, 0, "")


def test_a_thread_that_dies_is_said_and_does_not_count_as_through(street, tmp_path):
    lines = []
    camera = Camera("front", source_of(str(street.root / "fast.mp4"), pace="fast"), street.run)

    def exits(*_):
        raise SystemExit("as some code does")

    with open_journal(tmp_path / "state", lines.append) as journal:
        outside = Outside(journal, no_room, lambda *_: None, exits, lines.append)
        watched = WatchedCamera(plan_of(camera, read_run(street.run)), outside, lambda: True)
        watched.start()
        until = time.monotonic() + 60
        while not lines and time.monotonic() < until:
            time.sleep(0.05)
        assert lines == ["front: is watched no more: SystemExit: as some code does"]
        assert not watched.is_over
        watched.stop()


@pytest.mark.parametrize("verdict", [None, "normal", "odd"])
def test_a_budget_that_was_spent_before_a_restart_is_said_once(verdict, street, tmp_path):
    """What a person called odd used up nothing of it."""
    lines = []
    source = source_of(str(street.root / "calm.mp4"), pace="fast")
    camera = Camera("front", source, street.run, alarms_per_hour=0.25)
    with open_journal(tmp_path / "state", lines.append) as journal:
        for ago in (90.0, 60.0, 30.0):
            event = journal.write(live_event(time.time() - ago, peak=50.0, verdict=None))
            journal.judge(event.id, verdict)
        outside = Outside(journal, no_room, lambda *_: None, lambda *_: None, lines.append)
        watched = WatchedCamera(plan_of(camera, read_run(street.run)), outside, lambda: True)
        watched.start()
        until = time.monotonic() + 60
        while not watched.is_over and time.monotonic() < until:
            time.sleep(0.05)
        watched.stop()
    *budget, over = lines
    assert over == f"front: {street.root}/calm.mp4 is over; it was 8.0 s long"
    assert len(budget) == (verdict != "odd")
    begins = "front: as many alarms as its budget allows; now only what is above 60.00 is told, no"
    assert all(line.startswith(begins) for line in budget)


def test_recordings_are_all_looked_at_and_let_cameras_go_first(street, tmp_path):
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "calm.mp4").symlink_to(street.root / "calm.mp4")
    camera = Camera("front", source_of(str(folder), timeout=0.2), street.run)
    with open_journal(tmp_path / "state", print) as journal:
        outside = Outside(journal, no_room, lambda *_: None, lambda *_: None, print)
        watched = WatchedCamera(plan_of(camera, read_run(street.run)), outside, lambda: True)
        watched.thin(0.5)
        watched.start()
        until = time.monotonic() + 60
        while watched.counts.scored < 90 and time.monotonic() < until:
            time.sleep(0.05)
        ids = {one.name: one.native_id for one in threading.enumerate()}
        wants = os.getpriority(os.PRIO_PROCESS, ids["oddframe-watch-front"])
        watched.stop()
    assert (watched.counts.scored, watched.counts.spared) == (100, 0)
    assert wants == 10
