"""Events of one's own videos: CSV and JSON, frames and seconds, and every mistake with its row."""

import contextlib
import csv
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oddframe.clock import Clock
from oddframe.datasets.event_files import read_event_file, read_frame_labels
from oddframe.errors import OddframeError
from oddframe.videos import Event

quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
names = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z")), min_size=1)


def events_in(path, frames=1000, fps=10.0):
    return [(row.video, row.event(Clock(frames, fps))) for row in read_event_file(path)]


@quick
@given(
    rows=st.lists(
        st.tuples(names, st.integers(0, 400), st.integers(1, 400), names), min_size=1, max_size=5
    )
)
def test_frames_come_back_as_written(tmp_path, rows):
    expected = [(video, Event(start, start + n, name)) for video, start, n, name in rows]
    path = tmp_path / "events.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["video", "start_frame", "end_frame", "name"])
        writer.writerows([v, e.start, e.end, e.name] for v, e in expected)
    assert events_in(path) == expected
    content: dict = {}
    for video, event in expected:
        content.setdefault(video, []).append(
            {"start_frame": event.start, "end_frame": event.end, "name": event.name}
        )
    as_json = tmp_path / "events.json"
    as_json.write_text(json.dumps(content))
    assert sorted(events_in(as_json)) == sorted(expected)


def test_seconds_become_frames(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("video,start_seconds,end_seconds\na,1.5,3\nb,0,0.01\nc,98,100.9\n")
    assert events_in(path, frames=1000, fps=10.0) == [
        ("a", Event(15, 30)),
        ("b", Event(0, 1)),  # shorter than a frame, but there
        ("c", Event(980, 1000)),  # the player showed the next whole second
    ]


def test_excel_habits_are_read(tmp_path):
    path = tmp_path / "events.csv"
    path.write_bytes("\ufeffvideo; start_frame ;end_frame\r\na;1;3\r\n\r\n".encode())
    assert events_in(path) == [("a", Event(1, 3))]


def test_a_row_without_times_says_that_a_video_is_normal(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("video,start_frame,end_frame,name\na,,,\n")
    assert events_in(path) == [("a", None)]
    path = tmp_path / "events.json"
    path.write_text('{"a": []}')
    assert events_in(path) == [("a", None)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "header line"),
        ("clip,start,end\na,1,2", "header line .* found 'clip,start,end'"),
        ("video,start_frame,end_seconds\na,1,2", "header line"),
        ("video,start_frame,end_frame\na,1,x", "line 2: expected a whole number.*'x'"),
        ("video,start_frame,end_frame\na,1,2\nb,1.5,2", r"line 3: expected a whole number.*'1\.5'"),
        ("video,start_frame,end_frame\na,1,", "line 2: expected both"),
        ("video,start_frame,end_frame\n,1,3", "line 2: the video is not named"),
        ("video,start_frame,end_frame\na,5,5", "line 2: expected 0 <= start < end"),
        ("video,start_frame,end_frame\na,-5,5", "line 2: expected 0 <= start < end"),
        ("video,start_frame,end_frame\na,5,1001", "line 2: the event ends at 1001 frames, after"),
        ("video,start_seconds,end_seconds\na,5,102", "line 2: the event ends at"),
        ("video,start_seconds,end_seconds\na,nan,10", "line 2: expected a number of seconds"),
        ("video,start_seconds,end_seconds\na,5,1", "line 2: expected 0 <= start < end"),
    ],
)
def test_a_mistake_in_a_csv_is_named_with_its_line(tmp_path, text, message):
    path = tmp_path / "events.csv"
    path.write_text(text)
    with pytest.raises(OddframeError, match=message) as caught:
        events_in(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[1]", "expected"),
        ('{"a": 3}', "expected"),
        ('{"a": [[1, 2]]}', "expected"),
        ('{"a": [{"start_frame": 1}]}', "video 'a' event 1: expected both"),
        ('{"a": [{"start_frame": 1, "end_frame": [2]}]}', "event 1: expected a whole number"),
    ],
)
def test_a_mistake_in_a_json_is_named(tmp_path, text, message):
    path = tmp_path / "events.json"
    path.write_text(text)
    with pytest.raises(OddframeError, match=message):
        events_in(path)


@quick
@given(content=st.binary(max_size=120), suffix=st.sampled_from([".csv", ".json"]))
def test_a_file_of_anything_is_read_or_refused(tmp_path, content, suffix):
    path = tmp_path / f"events{suffix}"
    path.write_bytes(b"video,start_frame,end_frame\n" * (suffix == ".csv") + content)
    with contextlib.suppress(OddframeError):
        assert all(isinstance(event, Event | None) for _, event in events_in(path))


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(OddframeError, match=r"nowhere\.csv"):
        read_event_file(tmp_path / "nowhere.csv")


@quick
@given(labels=st.lists(st.integers(0, 1), max_size=30), header=st.booleans())
def test_frame_labels_come_back_as_written(tmp_path, labels, header):
    path = tmp_path / "clip.csv"
    path.write_text("label\n" * header + "".join(f"{label}\n" for label in labels))
    np.testing.assert_array_equal(read_frame_labels(path), labels)


@pytest.mark.parametrize("text", ["0\n2\n", "0\nodd\n", "time,value\n0,1\n", "0.5\n"])
def test_frame_labels_with_a_mistake_are_named_with_their_line(tmp_path, text):
    path = tmp_path / "clip.csv"
    path.write_text(text)
    with pytest.raises(OddframeError, match=r"clip\.csv line [12]: expected 0 or 1"):
        read_frame_labels(path)


@quick
@given(
    start=st.floats(0, 1e308, allow_nan=False),
    length=st.floats(1e-6, 1e308),
    frames=st.integers(1, 500),
    fps=st.floats(0.2, 120),
)
def test_seconds_give_an_event_inside_the_video_or_an_error(tmp_path, start, length, frames, fps):
    path = tmp_path / "events.csv"
    path.write_text(f"video,start_seconds,end_seconds\na,{start!r},{start + length!r}\n")
    try:
        ((_, event),) = events_in(path, frames, fps)
    except OddframeError:
        assert (start + length) * fps > frames or start + length <= start
    else:
        assert event is not None
        assert 0 <= event.start < event.end <= frames
        assert abs(event.start - start * fps) <= 1
        assert event.end - min((start + length) * fps, frames) <= 1
