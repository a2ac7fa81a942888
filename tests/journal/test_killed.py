"""kill -9 of the writer in the middle: what it said was written is there, and whole."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

from tests.made.live_events import NOON

from oddframe.journal.journal import NOT_WATCHED, open_journal
from oddframe.journal.question import Question
from oddframe.journal.records import RecordedGap
from oddframe.journal.sidecars import read_sidecar
from oddframe.journal.state_folder import StateFolder

WRITER = """
import sys, time
from dataclasses import replace
from pathlib import Path
from oddframe.journal.journal import open_journal
from tests.made.live_events import live_event, NOON

with open_journal(Path(sys.argv[1]), print) as journal:
    print("ready", flush=True)
    for number in range(int(sys.argv[2]), 10**6):
        at = NOON + 10 * number
        event = live_event(at, end=None, seen=at, ending="", mean=0.0)
        files = journal.state.files_of(event)
        files.folder.mkdir(parents=True, exist_ok=True)
        event = replace(event, clip=files.name(files.clip()))
        for update in range(4):
            event = journal.write(replace(event, seen=at + update, mean=float(update)),
                                  b"picture" * 5000)
            journal.scored("front", at + update, float(number), 1.0)
            if update == 1:
                files.clip().write_bytes(b"film")
                assert journal.flush(30)
                print("open", event.id, update, flush=True)
                time.sleep(float(sys.argv[3]))
        event = journal.write(event.closed(at + 8, "quiet"))
        assert journal.flush(30)
        print("over", event.id, 3, flush=True)
"""


def run_and_kill(folder: Path, first: int, seconds: float, held: float = 0.0) -> list[list[str]]:
    """What the writer said was on disk when it was killed, after so many seconds of writing.

    Args:
        folder: the state folder.
        first: number of its first event.
        seconds: after it was ready.
        held: seconds for which each event stays as it is, while it is open.
    """
    command = [sys.executable, "-c", WRITER, str(folder), str(first), str(held)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        begun = [process.stdout.readline()] if held else []
        time.sleep(seconds)
        process.kill()
        lines = "".join([*begun, process.stdout.read()]).split("\n")
    return [line.split() for line in lines[:-1]]  # the last one may be cut


def test_what_was_on_disk_stays_and_the_open_event_is_closed_once(tmp_path):
    """Six times over the same folder, each time at another moment."""
    pause = random.Random(5)
    state, number, interrupted = StateFolder(tmp_path), 0, 0
    for turn in range(6):
        # Every second time an event is open nearly always, so that some are interrupted.
        held = 0.3 * (turn % 2)
        written = run_and_kill(tmp_path, number, pause.uniform(0.05, 0.8), held)
        number += 10_000
        told, said = [], []
        with open_journal(tmp_path, said.append) as journal:
            assert said == []  # no kill breaks a journal
            events = {event.id: event for event in journal.events(Question(most=10**6))}
            for what, event_id, update in written:
                event = events[event_id]
                assert event.mean >= float(update)
                assert what == "open" or (event.end, event.ending) == (event.start + 8, "quiet")
            opened = [event for event in events.values() if event.is_open]
            assert len(opened) <= 1
            over = journal.close_interrupted(told.append)
            assert told == over
            for event in opened:
                assert [one.id for one in over] == [event.id]
                assert (over[0].end, over[0].ending) == (event.seen, "interrupted")
                files = state.files_of(event)
                assert over[0].clip == (files.name(files.clip()) if files.clips() else None)
                assert over[0].picture == (
                    files.name(files.picture) if files.picture.exists() else None
                )
                assert read_sidecar(files) == over[0]
                interrupted += 1
            assert journal.close_interrupted(told.append) == []
            journal.watching("front", NOON + 1e6)
            journal.gap_ends("front", NOON + 1e6)
        with open_journal(tmp_path, said.append) as journal:
            assert journal.close_interrupted(told.append) == []
        for path in tmp_path.glob("cameras/*/*/*.jpg"):
            assert path.read_bytes() == b"picture" * 5000
        for path in tmp_path.glob("cameras/*/*/[!.]*.json"):
            json.loads(path.read_text())
    assert interrupted > 0


TELLER = """
import os, signal, sys
from pathlib import Path
from oddframe.journal.journal import open_journal

def tell(event):
    print(event.id, event.end, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

with open_journal(Path(sys.argv[1]), print) as journal:
    journal.close_interrupted(tell)
"""


def test_killed_while_it_tells_of_an_interrupted_event_it_tells_the_same_again(tmp_path):
    ((what, event_id, _),) = run_and_kill(tmp_path, 0, 0.0, held=60.0)
    assert what == "open"
    command = [sys.executable, "-c", TELLER, str(tmp_path)]
    first = subprocess.run(command, capture_output=True, text=True, check=False)
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert first.returncode == second.returncode == -9
    assert first.stdout.startswith(event_id)
    assert second.stdout == first.stdout


def test_after_a_kill_the_time_since_the_last_frame_is_a_gap(tmp_path):
    run_and_kill(tmp_path, 0, 0.5)
    with open_journal(tmp_path, print) as journal:
        last = journal.minutes("front")[-1].latest
        over = [event.end for event in journal.events() if event.end is not None]
        journal.watching("front", NOON + 1e6)
        assert journal.gaps("front") == [RecordedGap("front", max(last, *over), None, NOT_WATCHED)]
