"""The outbox: what is put in is there after a kill, once, in order, and never without bounds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.made.full_disk import files_of_at_most

from oddframe.alerts.message import Message
from oddframe.alerts.outbox import LONGEST, Outbox
from oddframe.files.atomic import CannotWriteError


def message(name: str, kind: str = "end", event: str | None = None, **more: object) -> Message:
    return Message(name, kind, "front", {"id": event or name, **more})  # ty: ignore


def ids(box: Outbox) -> list[str]:
    return [one.id for one in box.waiting()]


@pytest.fixture
def said() -> list[str]:
    return []


def test_what_is_put_in_is_there_for_the_next_process_in_order(tmp_path, said):
    box = Outbox(tmp_path / "a", said.append)
    sent = [message(f"m{n}", boxes=[[0, 1, 2, 3]]) for n in (3, 1, 2)]
    assert all(map(box.put, sent))
    again = Outbox(tmp_path / "a", said.append)
    assert again.waiting() == sent
    again.finish(sent[1])
    assert ids(Outbox(tmp_path / "a", said.append)) == ["m3", "m2"]
    assert said == []


def test_no_message_twice_waiting_or_done_also_after_a_restart(tmp_path, said):
    box = Outbox(tmp_path, said.append)
    assert box.put(message("m1"))
    assert not box.put(message("m1"))
    box.finish(message("m1"))
    assert not box.put(message("m1"))
    again = Outbox(tmp_path, said.append)
    assert not again.put(message("m1"))
    assert ids(again) == []


def test_an_order_goes_on_after_a_restart(tmp_path, said):
    box = Outbox(tmp_path, said.append)
    box.put(message("m1"))
    box.put(message("m2"))
    again = Outbox(tmp_path, said.append)
    again.put(message("m3"))
    assert ids(Outbox(tmp_path, said.append)) == ["m1", "m2", "m3"]


def test_killed_at_any_moment(tmp_path, said):
    """A process that puts and finishes as fast as it can is killed: nothing is lost or torn."""
    code = """
import sys
from pathlib import Path
from oddframe.alerts.message import Message
from oddframe.alerts.outbox import Outbox
box = Outbox(Path(sys.argv[1]), print)
for n in range(10**6):
    one = Message(f"m{n}", "end", "front", {"id": f"m{n}"})
    box.put(one)
    print("put", n, flush=True)
    if n % 2:
        box.finish(one)
        print("finished", n, flush=True)
"""
    for wait in (0.02, 0.05):
        folder = tmp_path / str(wait)
        child = subprocess.Popen(
            [sys.executable, "-c", code, folder], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        time.sleep(wait)
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.read().split("\n")
        child.wait()
        child.stdout.close()
        rows = [line.split() for line in lines if line.strip()]
        put = {f"m{n}" for word, n in rows if word == "put"}
        finished = {f"m{n}" for word, n in rows if word == "finished"}
        assert put
        box = Outbox(folder, said.append)
        # The last may be there though its line was not printed.
        assert put - finished <= set(ids(box)) | {f"m{len(put) - 1}"}
        assert not finished & set(ids(box))
        assert not any(box.put(message(name)) for name in finished)
        assert len(set(ids(box)) - put) <= 1
    assert said == []


def test_a_file_that_is_no_message_is_left_and_named(tmp_path, said):
    bad = tmp_path / "000000000007.json"
    bad.write_text('{"id": "m1"')
    (tmp_path / "notes.txt").write_text("mine")
    box = Outbox(tmp_path, said.append)
    box.put(message("m2"))
    assert ids(box) == ["m2"]
    assert len(said) == 1
    assert "000000000007.json" in said[0]
    assert bad.read_text() == '{"id": "m1"'
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "000000000008.json").is_file()


def test_a_torn_list_of_finished_ids_loses_only_the_torn_one(tmp_path, said):
    box = Outbox(tmp_path, said.append)
    box.put(message("m1"))
    box.finish(message("m1"))
    with (tmp_path / "finished").open("a") as stream:
        stream.write("\nm")  # cut off by a kill
    again = Outbox(tmp_path, said.append)
    again.put(message("m2"))
    again.finish(message("m2"))
    last = Outbox(tmp_path, said.append)
    assert not last.put(message("m1"))
    assert not last.put(message("m2"))


def test_the_list_of_finished_ids_stays_short(tmp_path, said, monkeypatch):
    monkeypatch.setattr("oddframe.alerts.outbox._REMEMBERED", 4)
    for start in (0, 20):
        box = Outbox(tmp_path, said.append)
        for n in range(start, start + 20):
            box.put(message(f"m{n}"))
            box.finish(message(f"m{n}"))
    assert len((tmp_path / "finished").read_text().split()) <= 12
    again = Outbox(tmp_path, said.append)
    assert not any(again.put(message(f"m{n}")) for n in range(36, 40))


def test_a_full_outbox_drops_what_says_least_and_says_so_once(tmp_path, said):
    box = Outbox(tmp_path, said.append, most_messages=4)
    kinds = ("end", "new", "update", "health", "end", "new", "end", "end")
    for n, kind in enumerate(kinds):
        box.put(message(f"m{n}", kind))
    # Dropped: the update, the state of the camera, the two beginnings.
    assert ids(box) == ["m0", "m4", "m6", "m7"]
    assert box.dropped == 4
    assert len(said) == 1
    assert "no room" in said[0]
    assert len(list(tmp_path.glob("*.json"))) == 4
    assert ids(Outbox(tmp_path, said.append)) == ids(box)


def test_a_bound_in_bytes(tmp_path, said):
    box = Outbox(tmp_path, said.append, most_bytes=10_000)
    for n in range(15):
        box.put(message(f"m{n}", boxes="x" * 1000))
    assert box.size <= 10_000
    assert ids(box)[-1] == "m14"
    assert sum(path.stat().st_size for path in tmp_path.glob("*.json")) <= 10_100
    box.put(message("large", boxes="x" * LONGEST))
    assert "large" not in ids(box)
    assert "message large has" in said[-1]


def test_a_newer_message_on_an_event_takes_the_place_of_an_update(tmp_path, said):
    box = Outbox(tmp_path, said.append)
    box.put(message("a.new", "new", "a"))
    box.put(message("a.update-1", "update", "a"))
    box.put(message("b.update-1", "update", "b"))
    box.put(message("a.update-2", "update", "a"))
    assert ids(box) == ["a.new", "b.update-1", "a.update-2"]
    box.put(message("a.end", "end", "a"))
    assert ids(box) == ["a.new", "b.update-1", "a.end"]
    assert box.superseded == 2


def test_a_full_disk_keeps_messages_in_memory_and_writes_them_later(tmp_path, said):
    box = Outbox(tmp_path / "box", said.append)
    box.put(message("m0"))

    with files_of_at_most(10):
        assert box.put(message("m1"))
        assert box.put(message("m2"))
        box.save_what_is_not()
        box.finish(message("m0"))
    assert ids(box) == ["m1", "m2"]
    assert box.unsaved == 2
    assert len(said) == 1
    assert "File too large" in said[0]
    assert "kept in memory" in said[0]
    assert ids(Outbox(tmp_path / "box", said.append)) == []
    box.save_what_is_not()
    assert box.unsaved == 0
    again = Outbox(tmp_path / "box", said.append)
    assert ids(again) == ["m1", "m2"]
    assert not again.put(message("m0"))


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a full disk needs root")
def test_a_disk_that_is_really_full(tmp_path, said):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        box = Outbox(disk / "box", said.append)
        box.put(message("m0"))
        filler = disk / "filler"
        with pytest.raises(OSError, match="No space"):
            filler.write_bytes(b"x" * 100_000)
        box.put(message("m1"))
        box.finish(message("m0"))
        assert (ids(box), box.unsaved, len(said)) == (["m1"], 1, 1)
        filler.unlink()
        box.save_what_is_not()
        again = Outbox(disk / "box", said.append)
        assert ids(again) == ["m1"]
        assert not again.put(message("m0"))
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWriteError, match="file"):
        Outbox(tmp_path / "file" / "box", print)


def test_what_the_folder_holds_is_what_the_docs_say(tmp_path, said):
    box = Outbox(tmp_path, said.append)
    box.put(message("m1"))
    box.finish(message("m1"))
    box.put(message("m2"))
    assert {path.name for path in Path(tmp_path).iterdir()} == {"finished", "000000000001.json"}
