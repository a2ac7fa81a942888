"""Watching is killed while the first event goes to the disk: no file, and no alarm, is nobody's."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from tests.made.live_events import live_event

from oddframe.cli import main
from oddframe.journal.journal import open_journal
from oddframe.journal.reading import JournalReader
from oddframe.journal.state_folder import StateFolder

KILLED = """
import os, signal, sys, time
from oddframe.journal import writing

def killed(files, event):
    time.sleep(float(os.environ["SLOW"]))
    os.kill(os.getpid(), signal.SIGKILL)

writing.write_sidecar = killed
import pytest
from tests.made.live_events import live_event

from oddframe.cli import main
from oddframe.journal.journal import open_journal
main(["watch", *sys.argv[1:]])
"""


def killed(run, film, state, slow):
    """What it had printed by then."""
    command = [
        sys.executable,
        "-c",
        KILLED,
        run,
        film,
        "--state",
        state,
        "--pace",
        "fast",
        "--json",
    ]
    found = subprocess.run(
        [*map(str, command)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SLOW": str(slow)},
    )
    assert found.returncode == -signal.SIGKILL, found.stderr
    assert "odd since" in found.stderr
    return found.stdout


def test_no_film_and_no_picture_is_left_without_its_event(street, tmp_path):
    film, state = street.root / "fast.mp4", tmp_path / "state"
    killed(street.run, film, state, slow=1.5)  # for longer than others wait for a disk
    assert [path for path in state.rglob("cameras/*/*/*") if path.name[0] != "."] == []


def messages_of_the_next(street, state, capsys):
    """What is told of events by a watch that sees none itself."""
    calm = ["watch", street.run, street.root / "calm.mp4", "--state", state, "--pace", "fast"]
    assert main([*map(str, calm), "--json"]) == 0
    printed = [line for line in capsys.readouterr().out.splitlines() if line[:1] == "{"]
    return [one for one in map(json.loads, printed) if one["kind"] != "health"]


def test_an_event_that_only_its_message_knows_of_is_told_and_closed_by_the_next(
    street, tmp_path, capsys
):
    state = tmp_path / "state"
    assert '"new"' not in killed(street.run, street.root / "fast.mp4", state, slow=0.3)
    assert JournalReader(StateFolder(state)).events() == []
    told = messages_of_the_next(street, state, capsys)
    (event,) = JournalReader(StateFolder(state)).events()
    assert [one["id"] for one in told] == [f"{event.id}.new", f"{event.id}.end"]
    assert (event.ending, event.clip, event.picture) == ("interrupted", None, None)


@pytest.mark.parametrize("untold", ["", "budget"])
def test_an_event_whose_beginning_nobody_was_told_of_is_told_whole_by_the_next(
    street, tmp_path, capsys, untold
):
    state, at = tmp_path / "state", time.time() - 10
    event = live_event(at, "camera", end=None, seen=at + 5, ending="", untold=untold, verdict=None)
    with open_journal(state, print) as journal:
        journal.write(event)
    told = messages_of_the_next(street, state, capsys)
    wanted = [] if untold else [(f"{event.id}.new", None), (f"{event.id}.end", at + 5)]
    assert [(one["id"], one["event"]["end"]) for one in told] == wanted
    (closed,) = JournalReader(StateFolder(state)).events()
    assert (closed.end, closed.ending) == (at + 5, "interrupted")
