"""The machine's clock is set back an hour while a camera is watched: only names change by it."""

import itertools
import json

import pytest
from tests.made.rtsp_camera import RtspCamera
from tests.made.watch_process import Process, wait_until

from oddframe.journal.reading import JournalReader
from oddframe.journal.state_folder import StateFolder
from oddframe.media.opening import open_video

HOUR = 3600
EVERY, LONG = 12.0, 3.0
"""Seconds from one odd thing to the next, and that each lasts."""


def test_nothing_is_lost_doubled_or_out_of_order(street, rtsp_server, own_clock, tmp_path):
    def large(image, seconds):
        street.large(image, seconds % EVERY)

    camera = RtspCamera(film=street.film(tmp_path / "film.mp4", street.images(58, 51, large)))
    front = {"name": "front", "source": f"{camera.url}/film", "cool_down": 2, "timeout": 2}
    content = {
        "run": str(street.run),
        "threshold": 3,  # the large thing is above it on a machine that has no time as well
        "cameras": [front],
        "alerts": {"stdout": None},
    }
    path = tmp_path / "cameras.yaml"
    path.write_text(json.dumps(content))
    state = tmp_path / "state"
    try:
        with Process(tmp_path, path, "--state", "state", **own_clock.environment) as watch:
            watch.wait_for("odd since", times=2)
            own_clock.set_by(-HOUR)  # while an event goes on
            watch.wait_for("odd from", times=4)
            wait_until(lambda: len(list(state.rglob("*.mp4"))) == 4)
            status, out = watch.stop()
    finally:
        camera.kill()
    assert status == 0
    said = watch.log.read_text()
    assert ("Traceback" in said, "down" in said, "in memory" in said) == (False, False, False)

    messages = [json.loads(line) for line in out.splitlines() if line[:1] == "{"]
    told = [one for one in messages if one["kind"] in ("new", "end")]
    assert [one["kind"] for one in told] == ["new", "end"] * 4, "one after the other"
    journal = JournalReader(StateFolder(state))
    events = {event.id: event for event in journal.events()}
    ids = [f"{event_id}.{kind}" for event_id in events for kind in ("new", "end")]
    assert sorted(one["id"] for one in told) == sorted(ids)
    in_order = [events[one["event"]["id"]] for one in told[::2]]
    assert [(event.untold, event.ending) for event in in_order] == [("", "quiet")] * 4
    for event in in_order:
        assert LONG - 1.5 < event.end - event.start < LONG + 1.5
        with open_video(state / event.clip) as video:
            seconds = [frame.seconds for frame in video]
        assert seconds[-1] - seconds[0] > event.end - event.start
    # By the clock that was set the last two are an hour before the first two, and nothing else.
    starts = [event.start + HOUR * (number > 1) for number, event in enumerate(in_order)]
    steps = [after - before for before, after in itertools.pairwise(starts)]
    assert steps == [pytest.approx(EVERY, abs=1.5)] * 3
    frames = int(out.partition("front: ")[2].split()[0])
    assert sum(minute.frames for minute in journal.minutes("front")) == frames
    assert [one.state for one in journal.states("front")] == ["up"]
    assert journal.gaps("front") == []
