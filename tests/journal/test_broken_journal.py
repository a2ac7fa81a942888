"""A journal that broke, is gone, or is not ours: made anew from the sidecars, or refused."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.made.live_events import NOON, live_event

from oddframe.errors import OddframeError
from oddframe.files.folder_lock import LOCK, holder
from oddframe.journal.database import APPLICATION, open_to_write
from oddframe.journal.indexing import rebuild
from oddframe.journal.journal import open_journal
from oddframe.journal.live_event import LiveEvent
from oddframe.journal.reading import JournalReader
from oddframe.journal.state_folder import StateFolder


def filled(folder: Path, events: int = 30) -> list[LiveEvent]:
    """A state folder with events, and the rest; the newest first."""
    said: list[str] = []
    with open_journal(folder, said.append) as journal:
        written = [
            journal.write(live_event(NOON + n, ["front", "back"][n % 2])) for n in range(events)
        ]
        for n in range(3000):
            journal.scored("front", NOON + 60 * n, float(n), 1.0)
        journal.gap_begins("front", NOON + 9, "no answer")
        journal.gap_ends("front", NOON + 19)
        journal.camera_is("front", NOON, "up")
        journal.keep("front", "armed", False)
    assert said == []
    return written[::-1]


def everything(folder: Path) -> tuple:
    asked = JournalReader(StateFolder(folder))
    rest = asked.gaps("front"), asked.states("front"), asked.kept("front", "armed")
    return (asked.events(), *rest, asked.minutes("front"))


def test_rebuilt_it_is_what_it_was(tmp_path):
    events = filled(tmp_path)
    before = everything(tmp_path)
    assert before[0] == events
    found = rebuild(tmp_path)
    assert (found.read, found.gone, found.unreadable) == (30, 0, ())
    assert everything(tmp_path) == before
    assert (tmp_path / "journal.broken.sqlite").exists()


@pytest.mark.parametrize("how", ["not there", "empty"])
def test_one_that_is_gone_or_empty_is_made_from_the_sidecars(tmp_path, how):
    events = filled(tmp_path)
    (tmp_path / "journal.sqlite").unlink()
    if how == "empty":
        (tmp_path / "journal.sqlite").touch()
    said: list[str] = []
    with open_journal(tmp_path, said.append) as journal:
        assert journal.events() == events
    assert said == [f"{tmp_path}/journal.sqlite: was {how}; made from 30 sidecars"]


def damage_beginning(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"not a database at all, is it now")


def damage_middle(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        for at in range(4096 * 3, size - 4096, 4096 * 5):
            file.seek(at)
            file.write(b"\x5a" * 600)


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


@pytest.mark.parametrize("damage", [damage_beginning, damage_middle, cut])
def test_a_broken_one_is_put_aside_and_made_anew(tmp_path, damage):
    events = filled(tmp_path)
    path = tmp_path / "journal.sqlite"
    damage(path)
    damaged = path.read_bytes()
    said: list[str] = []
    with open_journal(tmp_path, said.append) as journal:
        assert journal.events() == events
        journal.write(live_event(NOON + 99))
    assert len(said) == 1
    assert said[0].startswith(f"{path}: broken (")
    assert "made anew from 30 sidecars" in said[0]
    assert "\n" not in said[0]
    assert (tmp_path / "journal.broken.sqlite").read_bytes() == damaged
    assert everything(tmp_path)[0][1:] == events
    said.clear()
    with open_journal(tmp_path, said.append):
        pass
    assert said == []


def test_what_stands_in_no_sidecar_is_saved_as_far_as_it_can_be_read(tmp_path):
    filled(tmp_path)
    before = everything(tmp_path)
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'events'"
        ).fetchone()
    with (tmp_path / "journal.sqlite").open("r+b") as file:
        file.seek(4096 * (page - 1))
        file.write(b"\x5a" * 4096)
    with open_journal(tmp_path, lambda _: None):
        pass
    assert everything(tmp_path) == before


def test_one_that_breaks_or_goes_while_it_is_written_is_made_anew(tmp_path):
    said: list[str] = []
    with open_journal(tmp_path, said.append) as journal:
        first = journal.write(live_event())
        journal.scored("front", NOON, 1.0, 2.0)
        assert journal.flush(5)
        for ending in ("", "-wal", "-shm"):
            Path(f"{tmp_path}/journal.sqlite{ending}").unlink()
        second = journal.write(live_event(NOON + 1))
        assert journal.flush(5)
        assert JournalReader(journal.state).events() == [second, first]
        path = tmp_path / "journal.sqlite"
        for ending in ("", "-wal"):
            with Path(f"{path}{ending}").open("r+b") as file:
                file.write(b"\x5a" * 8192)
        assert journal.events() == [second, first]  # whoever asks finds it out
        third = journal.write(live_event(NOON + 2))
        assert journal.flush(5)
        assert journal.events() == [third, second, first]
    assert len(said) == 2
    assert "was not there; made from 2 sidecars" in said[0]
    assert "broken" in said[1]


@pytest.mark.parametrize(
    ("whose", "version", "found"),
    [
        (APPLICATION, 2, "version 2"),
        (APPLICATION, 0, "version 0"),
        (0, 1, "another program's database"),
        (77, 0, "another program's database"),
    ],
)
def test_one_of_another_version_is_refused_in_one_line_and_left_alone(
    tmp_path, whose, version, found
):
    filled(tmp_path, 1)
    path = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id = {whose}")
        connection.execute(f"PRAGMA user_version = {version}")
    before = path.read_bytes()
    with pytest.raises(OddframeError) as refusal, open_journal(tmp_path, print):
        pass
    line = f"{path}: expected a journal of version 1 or earlier, found {found}; "
    assert str(refusal.value).startswith(line)
    assert path.read_bytes() == before
    assert not (tmp_path / "journal.broken.sqlite").exists()


def test_one_of_an_earlier_version_is_brought_to_the_newest(tmp_path):
    path = tmp_path / "a.sqlite"
    first = "CREATE TABLE a (b INTEGER); INSERT INTO a VALUES (5);"
    open_to_write(path, (first,)).close()
    with closing(open_to_write(path, (first, "ALTER TABLE a ADD COLUMN c TEXT;"))) as connection:
        assert connection.execute("SELECT * FROM a").fetchall() == [(5, None)]
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    bad = "ALTER TABLE a ADD COLUMN d TEXT; this is no SQL;"
    with pytest.raises(sqlite3.OperationalError):
        open_to_write(path, (first, "", bad))
    with closing(sqlite3.connect(path)) as connection:  # whole or not at all
        assert connection.execute("SELECT * FROM a").fetchall() == [(5, None)]
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)


def test_the_sidecars_are_the_truth(tmp_path):
    """One that is new, one that was changed by hand, one that is gone, and one that is broken."""
    events = filled(tmp_path, 5)
    state = StateFolder(tmp_path)
    changed, gone, broken = (state.files_of(event).sidecar for event in events[:3])
    content = json.loads(changed.read_text())
    changed.write_text(json.dumps({**content, "verdict": "normal"}))
    gone.unlink()
    broken.write_text("{")
    new = live_event(NOON + 50)
    place = state.files_of(new)
    place.sidecar.write_text(json.dumps({"format": "oddframe-live-event/1", **new.to_json()}))
    said: list[str] = []
    with open_journal(tmp_path, said.append) as journal:
        found = journal.events()
        assert journal.event(events[0].id) == live_event(
            events[0].start, events[0].camera, id=events[0].id, verdict="normal"
        )
    assert [event.id for event in found] == [new.id, *(events[n].id for n in (0, 2, 3, 4))]
    assert len(said) == 1
    assert said[0].startswith(f"left alone, with its clip: {broken}: ")
    assert broken.read_text() == "{"


HOLDER = """
import sys, time
from pathlib import Path
from oddframe.journal.journal import open_journal
from tests.made.live_events import live_event
with open_journal(Path(sys.argv[1]), print) as journal:
    print(journal.write(live_event()).id, journal.flush(9), flush=True)
    time.sleep(60)
"""


def test_a_second_writer_is_refused_in_one_line_and_a_reader_is_not(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        event_id, flushed = process.stdout.readline().split()
        assert flushed == "True"
        with pytest.raises(OddframeError) as refusal, open_journal(tmp_path, print):
            pass
        assert str(refusal.value).startswith(f"{tmp_path}: process {process.pid} on ")
        assert str(refusal.value).endswith("or choose another folder with --state")
        with pytest.raises(OddframeError, match="another folder with --state"):
            rebuild(tmp_path)
        assert [e.id for e in JournalReader(StateFolder(tmp_path)).events()] == [event_id]
        process.kill()
    with open_journal(tmp_path, print) as journal:
        assert [event.id for event in journal.events()] == [event_id]


def test_whose_folder_is_removed_is_its_only_writer_still(tmp_path):
    folder = tmp_path / "state"
    with open_journal(folder, lambda _: None) as journal:
        shutil.rmtree(folder)
        assert holder(folder) is None
        event = journal.write(live_event(NOON))
        assert journal.flush(10.0)
        assert JournalReader(StateFolder(folder)).events() == [event]
        assert f"process {os.getpid()} on" in (holder(folder) or "")
    assert holder(folder) is None
    assert not (folder / LOCK).exists()


def test_who_lost_a_folder_to_another_process_writes_no_more_there(tmp_path, held_elsewhere):
    folder, said = tmp_path / "state", []
    with open_journal(folder, said.append) as journal:
        shutil.rmtree(folder)
        with held_elsewhere(folder):
            journal.write(live_event(NOON))
            assert not journal.flush(1.5)
            assert "is writing in this folder" in journal.trouble
            assert [path.name for path in folder.iterdir()] == [LOCK]
        assert journal.flush(10.0)
    assert "everything that waited is written" in said[-1]
