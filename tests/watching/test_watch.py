"""Watching a file is scoring it: the same steps, scores and events; and what is left of it."""

import json
import subprocess
import sys

import pytest

from oddframe.errors import OddframeError
from oddframe.journal.reading import JournalReader
from oddframe.journal.state_folder import StateFolder
from oddframe.media.opening import open_video
from oddframe.runs.run_folder import read_run
from oddframe.scoring.request import Alarms, Manner
from oddframe.verbs.score import score
from oddframe.verbs.train import train
from oddframe.verbs.watch import watch


@pytest.fixture(scope="module")
def scored(street, tmp_path_factory):
    out = tmp_path_factory.mktemp("scored") / "scores.npz"
    return score(street.run, street.root / "fast.mp4", out=out, causal=True)


@pytest.fixture(scope="module")
def state(street, tmp_path_factory):
    state = tmp_path_factory.mktemp("watched") / "state"
    found = watch(street.run, str(street.root / "fast.mp4"), state=state, pace="fast")
    assert found.frames == {"camera": 100}
    return state


def test_the_events_are_those_of_score(street, scored, state):
    events = sorted(JournalReader(StateFolder(state)).events(), key=lambda event: event.start)
    wanted = scored.detections["fast"]
    rule = Alarms().rule(read_run(street.run), Manner())
    assert len(events) == len(wanted) >= 1
    begin = events[0].start - wanted[0].start / street.fps
    for event, one in zip(events, wanted, strict=True):
        assert event.start - begin == pytest.approx(one.start / street.fps, abs=1e-3)
        assert event.end - begin == pytest.approx(one.end / street.fps, abs=1e-3)
        assert event.peak == pytest.approx(one.peak_score, rel=1e-5)
        assert event.mean == pytest.approx(one.mean_score, rel=1e-5)
        assert event.threshold == rule.threshold
        assert (event.cue, event.reason, event.boxes) == (one.cue, one.reason, one.boxes)
        assert event.ending in ("quiet", "stopped")


def test_the_scores_are_those_of_score(scored, state):
    minutes = JournalReader(StateFolder(state)).minutes("camera")
    values = scored.scores["fast"]
    assert sum(minute.frames for minute in minutes) == len(values)
    assert sum(minute.total for minute in minutes) == pytest.approx(float(values.sum()), rel=1e-5)
    assert max(minute.highest for minute in minutes) == pytest.approx(values.max(), rel=1e-5)
    assert min(minute.lowest for minute in minutes) == pytest.approx(values.min(), abs=1e-5)


def test_an_event_has_a_picture_and_a_sidecar(state):
    for event in JournalReader(StateFolder(state)).events():
        files = StateFolder(state).files_of(event)
        assert json.loads(files.sidecar.read_text())["id"] == event.id
        assert event.picture == files.name(files.picture)
        assert files.picture.read_bytes()[:2] == b"\xff\xd8"


def test_an_alarm_has_a_clip_that_begins_before_it(street, scored, state):
    alarms = [event for event in JournalReader(StateFolder(state)).events() if not event.untold]
    alarms.sort(key=lambda event: event.start)
    assert alarms
    for event, one in zip(alarms, scored.detections["fast"], strict=True):
        clip = state / event.clip
        assert clip == StateFolder(state).files_of(event).clip()
        with open_video(clip) as video:
            seconds = [frame.seconds for frame in video]
        lead = min(5.0, one.start / street.fps)
        assert len(seconds) / street.fps >= event.end - event.start + lead - 0.1


HOLDER = """
import sys
from pathlib import Path
from oddframe.journal.journal import open_journal
with open_journal(Path(sys.argv[1]), print):
    print("here", flush=True)
    sys.stdin.read()
"""


def test_a_second_watch_of_the_state_folder_is_refused(street, tmp_path):
    command = [sys.executable, "-c", HOLDER, tmp_path / "state"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"here\n"
        with pytest.raises(OddframeError, match=r"state: process \d+ .* is writing"):
            watch(street.run, str(street.root / "fast.mp4"), state=tmp_path / "state")
        holder.stdin.close()


def test_a_run_that_needs_whole_videos_is_refused(street, tmp_path):
    train(None, tmp_path / "run", detector="giorno")
    with pytest.raises(OddframeError, match="looks at a whole video before it scores"):
        watch(tmp_path / "run", str(street.root / "fast.mp4"), state=tmp_path / "state")
    assert not (tmp_path / "state").exists()


def test_a_run_without_a_source_is_told_to_name_one(tmp_path):
    said = rf"{tmp_path}: expected a cameras file, found a folder; .*watch {tmp_path} SOURCE"
    with pytest.raises(OddframeError, match=said):
        watch(tmp_path)
