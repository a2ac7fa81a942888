"""What is told of a camera's own state: by the age of its frames, whatever is done to the clock."""

import time
from dataclasses import replace

import pytest

from oddframe.cameras.cameras_file import Camera
from oddframe.journal.journal import open_journal
from oddframe.journal.retention import Room
from oddframe.sources.lost import Lost
from oddframe.sources.source import source_of
from oddframe.sources.tally import Tally
from oddframe.watching.health_teller import HealthTeller
from oddframe.watching.outside import Outside

HOUR = 3600.0


@pytest.fixture
def watched(tmp_path):
    """The teller, the states that it told, and the journal."""
    told = []
    camera = Camera("front", source_of("lavfi:testsrc2"), tmp_path)
    with open_journal(tmp_path / "state", print) as journal:

        def no_room(*_):
            return Room(False, 0, 0, "")

        def send(message, _):
            told.append(message.event["state"])

        outside = Outside(journal, no_room, send, lambda *_: None, print)
        yield HealthTeller(camera, outside), told, journal


@pytest.fixture
def states():
    """Of a reader: up, and lost after it."""
    tally = Tally()
    tally.frame((320, 240), 0.0, None)
    up = tally.state(0, 0, 0, 0.0)
    tally.lost(Lost("silent"), 0, counted=True)
    return up, tally.state(0, 0, 0, 0.0)


@pytest.mark.parametrize("set_by", [-HOUR, 0.0, HOUR])
def test_a_camera_without_frames_for_ten_seconds_is_down_whatever_the_clock_says(
    watched, states, monkeypatch, set_by
):
    (teller, told, _), (up, lost) = watched, states
    real = time.time
    teller.comes(up, real())
    monkeypatch.setattr(time, "time", lambda: real() + set_by)
    teller.comes(replace(lost, frame_age=9.0), real())
    assert told == ["up"]
    teller.comes(replace(lost, frame_age=11.0), real())
    assert told == ["up", "down"]


def test_a_camera_that_goes_before_a_frame_was_judged_has_its_gap_from_its_last_frame_on(
    watched, states
):
    (teller, _, journal), (up, lost) = watched, states
    filmed = time.time() - 15.0
    teller.comes(up, filmed)
    teller.comes(replace(lost, frame_age=15.0), filmed)
    (gap,) = journal.gaps("front")
    assert (gap.start, gap.end) == (filmed, None)
