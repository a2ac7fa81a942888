"""A disk that is full, on a small one of our own: nothing is lost, one line is said, it goes on."""

import shutil
import subprocess
import warnings
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.made.live_events import NOON, live_event

from oddframe.errors import OddframeError
from oddframe.journal import waiting, writing
from oddframe.journal.journal import open_journal
from oddframe.journal.retention import Retention, make_room
from oddframe.journal.sidecars import read_sidecar
from oddframe.journal.state_folder import StateFolder


@pytest.fixture
def disk(tmp_path) -> Generator[Path]:
    """A disk of 4 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    try:
        made = subprocess.run(mount, capture_output=True, text=True, check=False)
        said = made.stderr.strip() if made.returncode else ""
    except OSError as error:
        said = str(error)
    if said:
        why = f"NOT TESTED: a full disk, since no small one can be mounted here ({said})"
        warnings.warn(why, stacklevel=1)
        pytest.skip(why)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Somebody else's file, which takes all that is left."""
    path = disk / "film of somebody else"
    path.write_bytes(b"x" * shutil.disk_usage(disk).free)
    assert shutil.disk_usage(disk).free == 0
    return path


def test_events_wait_in_memory_until_there_is_room(disk, monkeypatch):
    monkeypatch.setattr(writing, "_LONGEST_PAUSE", 0.2)
    said: list[str] = []
    state = disk / "state"
    with open_journal(state, said.append) as journal:
        first = journal.write(live_event(end=None, ending=""), picture=b"p" * 1000)
        journal.scored("front", NOON, 1.0, 2.0)
        assert journal.flush(10)
        other = fill(disk)
        first = journal.write(replace(first, mean=7.0).closed(NOON + 5, "quiet"))
        rest = [
            journal.write(live_event(NOON + n, reason="r" * 2000), b"q" * 9000) for n in range(1, 9)
        ]
        journal.scored("front", NOON + 1, 5.0, 2.0)
        journal.gap_begins("front", NOON + 2, "no answer")
        for _ in range(3):
            assert not journal.flush(0.5)
        # What is not on disk is found all the same, and what was there is whole.
        assert journal.events() == [*rest[::-1], first]
        assert read_sidecar(StateFolder(state).files_of(first)).mean == 2.125
        assert len(said) == 1
        assert "cannot write" in said[0]
        assert "tried again" in said[0]
        assert journal.trouble
        other.unlink()
        assert journal.flush(10)
        assert len(said) == 2
        assert said[1] == f"{state}: everything that waited is written"
        assert (journal.trouble, journal.lost) == ("", 0)
        for event in (first, *rest):
            assert read_sidecar(journal.state.files_of(event)) == event
        (minute,) = journal.minutes("front")
        assert (minute.frames, minute.total, minute.highest) == (2, 6.0, 5.0)
        assert [gap.reason for gap in journal.gaps("front")] == ["no answer"]
        left = [path.name for path in state.rglob("*") if ".partial" in path.name]
        assert left == []


def test_what_waits_is_bounded_and_what_is_lost_is_said(disk, monkeypatch):
    for bound, most in (("EVENTS", 5), ("PICTURES", 2), ("MINUTES", 3), ("ROWS", 4)):
        monkeypatch.setattr(waiting, f"MOST_{bound}", most)
    said: list[str] = []
    with open_journal(disk / "state", said.append) as journal:
        journal.flush(10)
        other = fill(disk)
        events = [journal.write(live_event(NOON + n), b"p" * 9000) for n in range(12)]
        for n in range(12):
            journal.scored("front", NOON + 60 * n, 1.0, 2.0)
            journal.camera_is("front", NOON + n, f"state {n}")
        journal.flush(0.5)
        assert len(journal._writer.events()) == 5
        other.unlink()
        assert journal.flush(30)
        assert journal.events() == events[:-6:-1]
        assert len(journal.minutes("front")) == 3
        assert [one.state for one in journal.states("front")][-1] == "state 11"
        assert journal.lost >= 7 + 9 + 8
    assert f"{journal.lost} things were lost" in said[-1]


def test_a_disk_that_is_full_at_the_start_is_one_line(disk):
    other = fill(disk)
    with pytest.raises(OddframeError) as refusal, open_journal(disk / "state", print):
        pass
    assert "free some space" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    other.unlink()
    with open_journal(disk / "state", print) as journal:
        journal.write(live_event())
    other = fill(disk)
    with pytest.raises(OddframeError) as refusal, open_journal(disk / "state", print):
        pass
    assert "free some space" in str(refusal.value)
    other.unlink()
    with open_journal(disk / "state", print) as journal:
        assert len(journal.events()) == 1


def test_what_cannot_be_written_at_the_end_is_said(disk, monkeypatch):
    said: list[str] = []
    with open_journal(disk / "state", said.append) as journal:
        fill(disk)
        journal.write(live_event(reason="r" * 9000))
    assert said[-1].endswith("the disk took nothing more; 1 events are lost")


def test_room_is_made_on_the_disk_that_is_full(disk):
    """The floor of free space: the oldest events of all cameras go, as much as is missing."""
    with open_journal(disk / "state", print) as journal:
        events = []
        for n in range(5):
            event = live_event(NOON + 600 * n, ["front", "back"][n % 2], verdict=None)
            files = journal.state.files_of(event)
            files.folder.mkdir(parents=True, exist_ok=True)
            files.clip().write_bytes(b"film" * 100_000)
            events.append(journal.write(replace(event, clip=files.name(files.clip()))))
        assert journal.flush(10)
        fill(disk)
        room = make_room(
            journal, "front", Retention(least_free=500_000), NOON + 9000, coming=200_000
        )
        assert room.enough
        assert room.events == 2
        assert journal.flush(10)
        assert journal.events() == events[:1:-1]
        mountain = make_room(
            journal, "front", Retention(least_free=50_000_000), NOON + 9000, coming=1000
        )
        assert not mountain.enough
        assert "no clip is written, free some space" in mountain.trouble
