"""An event of a camera: what is written of it, what its name says, what is refused."""

import json
import math
from datetime import UTC, datetime

import pytest
from tests.made.live_events import NOON, live_event

from oddframe.errors import OddframeError
from oddframe.journal.live_event import LiveEvent, checked_camera, new_event_id, time_of_id

DESIGN = (
    "id, camera, start, end, peak, mean, threshold, reason, cue, zone, boxes, classes, run, "
    "version, clip, picture, verdict"
)


def test_json_holds_what_was_agreed_and_gives_the_event_back():
    event = live_event(clip="cameras/front/x.mp4", later_clips=("a", "b"))
    content = event.to_json()
    assert set(DESIGN.split(", ")) <= content.keys()
    text = json.dumps(content, allow_nan=False)
    assert json.loads(text) == content
    assert LiveEvent.from_json(json.loads(text), "here") == event
    opened = live_event(end=None, nearest=None, size=None, verdict=None)
    assert opened.to_json()["end"] is None
    assert LiveEvent.from_json(opened.to_json(), "here") == opened


def test_names_are_sorted_as_the_times_are_and_none_comes_twice():
    times = [0.0, 0.001, NOON, NOON + 0.001, NOON + 1, NOON + 86400 * 365, 253_402_300_799.0]
    names = [new_event_id(at) for at in times]
    assert names == sorted(names)
    assert [time_of_id(name) for name in names] == times
    assert all(name.isalnum() and name == name.lower() and len(name) == 16 for name in names)
    assert len({new_event_id(NOON) for _ in range(5000)}) == 5000


def test_an_event_that_is_over_ends_no_earlier_than_it_began():
    opened = live_event(end=None, seen=NOON + 3, ending="")
    over = opened.closed(NOON + 9, "quiet")
    assert (over.end, over.seen, over.ending, over.is_open) == (NOON + 9, NOON + 9, "quiet", False)
    assert opened.is_open
    set_back = opened.closed(NOON - 3600, "gap")
    assert (set_back.start, set_back.end, set_back.seen) == (NOON, NOON, NOON + 3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"peak": math.nan}, "'peak': expected a finite score"),
        ({"threshold": math.inf}, "'threshold': expected a finite score"),
        ({"start": -1.0}, "'start': expected Unix seconds"),
        ({"end": 1e15}, "'end': expected Unix seconds"),
        ({"id": "../../etc/passwd"}, "expected the id of an event"),
        ({"id": "zzzzzzzzzzzzzzzz"}, "expected the id of an event"),
        ({"id": "0123456789abcdeu"}, "expected the id of an event"),
        ({"camera": "a/b"}, "camera 'a/b'"),
        ({"camera": ".."}, "camera '..'"),
        ({"camera": ""}, "camera ''"),
    ],
)
def test_what_is_no_event_is_refused(changes, said):
    with pytest.raises(OddframeError) as found:
        live_event(**changes)
    assert said in str(found.value)


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "perhaps"},
        {"boxes": [[1, 2, 3]]},
        {"boxes": [[1, 2, 3, 4.5]]},
        {"peak": "high"},
        {"peak": None},
        {"version": 1.5},
        {"start": -4.0},
        {"surprise": 1},
    ],
)
def test_json_of_something_else_is_refused_with_the_file(change):
    content = {**live_event().to_json(), **change}
    with pytest.raises(OddframeError, match=r"^a\.json: "):
        LiveEvent.from_json(content, "a.json")


def test_json_that_lacks_something_is_refused_with_the_file():
    content = {name: value for name, value in live_event().to_json().items() if name != "mean"}
    with pytest.raises(OddframeError, match=r"^a\.json: 'mean' is missing"):
        LiveEvent.from_json(content, "a.json")


def test_a_camera_is_a_folder():
    assert checked_camera("Eingang Süd 2") == "Eingang Süd 2"
    for name in ("a/b", "..", ".hidden", " front", "a\nb", "a\\b", "_x", "n" * 300):
        with pytest.raises(OddframeError, match=r"^camera '"):
            checked_camera(name)


def test_the_time_of_a_name_is_its_day_in_utc():
    moment = datetime.fromtimestamp(time_of_id(new_event_id(NOON)), UTC)
    assert moment.isoformat() == "2026-03-01T12:00:00+00:00"
