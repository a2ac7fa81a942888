"""Events of one's own videos: CSV and JSON, frames and seconds, and every mistake with its row."""

import contextlib
import csv
import json
from dataclasses import replace
from datetime import datetime
from functools import partial
from unicodedata import normalize

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.footage.event_files import read_event_file, read_frame_labels
from oddframe.media.clock import Clock
from oddframe.videos.video import Event

quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
plain = st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Z"))
names = st.text(plain, min_size=1).map(partial(normalize, "NFC"))


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


@pytest.mark.parametrize(
    ("start", "end", "times"),
    [
        ("0.0347", "0.0354", "0:49:58 to 0:50:59"),
        ("0.0347222222222222", "0.0354166666666667", "0:50:00 to 0:51:00"),
        ("0.0347222222222222", "0.0416666666666667", "0:50:00 to 1:00:00"),
        ("0", "0.04", None),  # the first frame
        ("0.04", "0.2", None),
        ("0", "0.2666667", None),  # 6:24:00 of a day, but the film lasts an hour
        ("0.5", "0.501", None),
    ],
)
def test_fractions_of_a_day_are_told_from_seconds(tmp_path, start, end, times):
    path = tmp_path / "events.csv"
    path.write_text(f"video,start_seconds,end_seconds\na,{start},{end}\n")
    if times is None:
        ((_, event),) = events_in(path, frames=90_000, fps=25.0)
        assert abs(event.start - float(start) * 25) <= 1
    else:
        with pytest.raises(OddframeError, match=rf"line 2: .* fractions of a day \({times}\)"):
            events_in(path, frames=90_000, fps=25.0)


@pytest.mark.parametrize(
    ("name", "text"), [("e.csv", "video,start_frame,end_frame\n"), ("e.json", "{}")]
)
def test_a_file_without_a_row_says_that_there_is_no_event(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.warns(OddframeWarning, match=rf"{name}: no event in it, so every test video is"):
        assert read_event_file(tmp_path / name) == []


def test_excel_habits_are_read(tmp_path):
    path = tmp_path / "events.csv"
    path.write_bytes("\ufeffvideo; start_frame ;end_frame\r\na;1;3\r\n\r\n".encode())
    assert events_in(path) == [("a", Event(1, 3))]


@pytest.mark.parametrize(
    "content",
    [
        b"video,start_seconds,end_seconds\r\na,0.5,1.5\r\n,,\r\n ,\t, \r\n",
        b"\xef\xbb\xbfvideo;start_seconds;end_seconds\r\na;0,5;1,5\r\n;;\r\n",
        b"sep=;\r\nvideo;start_seconds;end_seconds\r\na;0,5;1,5\r\n",
        b"video\tstart_seconds\tend_seconds\na\t0,5\t1.5\n",
        "video,start_seconds,end_seconds\na,0.5,1.5\n".encode("utf-16"),
        b"Video,Start_Seconds,End_Seconds,\ra,.5,1.5,\r\r",
        b"video,start_seconds,end_seconds\na,0:00.5,00:01.5\n",
        b"video;start_seconds;end_seconds\na;0:00:00,500;00:00:01,500\n",
        b'"video","start_seconds","end_seconds"\n"a","0.5","1.5"\n',
        b"video,start_seconds,end_seconds,start_frame,end_frame\na,0.5,1.5,5,15\n",
    ],
)
def test_one_event_however_a_spreadsheet_writes_it(tmp_path, content):
    path = tmp_path / "events.csv"
    path.write_bytes(content)
    assert events_in(path) == [("a", Event(5, 15))]


@quick
@given(st.integers(0, 200_000), st.integers(1, 100_000), st.sampled_from(["m", "h"]))
def test_minutes_and_hours_are_seconds(tmp_path, start, length, largest):
    def written(milliseconds):
        seconds, rest = divmod(milliseconds, 1000)
        minutes, seconds = divmod(seconds, 60)
        text = f"{seconds:02d}.{rest:03d}"
        return (
            f"{minutes}:{text}" if largest == "m" else f"{minutes // 60}:{minutes % 60:02d}:{text}"
        )

    path = tmp_path / "events.csv"
    times = f"{written(start)},{written(start + length)}"
    path.write_text(f"video,start_seconds,end_seconds\na,{times}\n")
    (row,) = read_event_file(path)
    assert row.seconds == pytest.approx((start / 1000, (start + length) / 1000), rel=1e-12)


@pytest.mark.parametrize("space", ["\u2028", "\x85", "\x0b", "\u2029", "\x1c", "\r\n", "\t"])
def test_only_the_ends_of_lines_end_a_row(tmp_path, space):
    path = tmp_path / "events.csv"
    path.write_bytes(f'video,start_frame,end_frame,name\na,1,2,"x{space}y"\nb,3,4,z\n'.encode())
    assert events_in(path) == [("a", Event(1, 2, "x y")), ("b", Event(3, 4, "z"))]


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
        ("", "expected an event file, found nothing in it"),
        ("clip,start,end\na,1,2", "header line .* found 'clip,start,end'"),
        ("video,start_frame,end_seconds\na,1,2", "header line"),
        ("video,start_frame,end_frame\na,1,x", "line 2: expected a whole number.*'x'"),
        ("video,start_frame,end_frame\na,1,2\nb,1.5,2", r"line 3: expected a whole number.*'1\.5'"),
        ("video,start_frame,end_frame\na,1,", "line 2: expected both"),
        ("video,start_frame,end_frame\n,1,3", "line 2: the video is not named"),
        ("video,start_frame,end_frame\na,5,5", "line 2: expected 0 <= start < end"),
        ("video,start_frame,end_frame\na,-5,5", "line 2: expected 0 <= start < end"),
        (
            "video,start_frame,end_frame\na,5,1001",
            "2: the event from 5 to 1001 frames ends after",
        ),
        (
            "video,start_seconds,end_seconds\na,5,102",
            "2: the event from 5 to 102 seconds ends",
        ),
        ("video,start_seconds,end_seconds\na,nan,10", "line 2: expected a number of seconds"),
        (
            "video,start_seconds,end_seconds\na,5,1",
            "2: expected 0 <= start < end, found 5 to 1",
        ),
        ("video,start_seconds,end_seconds\na,1_0,20", "expected a number of seconds.*'1_0'"),
        ("video,start_seconds,end_seconds\na,1e999,20", "expected a number of seconds"),
        ("video,start_seconds,end_seconds\na,1:60,2:00", "expected a number of seconds.*'1:60'"),
        ("video,start_seconds,end_seconds\na,1:75:00,2:00", "expected a number of seconds"),
        ("video,start_seconds,end_seconds\na,00:00:01:05,9", "expected a number of seconds"),
        (f"video,start_seconds,end_seconds\na,{'1' * 5000}:00,9", "expected a number of seconds"),
        ('video,start_seconds,end_seconds\na,"0,5","1,5"', "expected a number of seconds.*'0,5'"),
        ("video,start_frame,end_frame\na,0:10,0:12", "expected a whole number of frames"),
        (
            "video,start_frame,end_frame,name\na,1,2,x, y",
            "2: expected at most 4 cells.*quotes",
        ),
        ('video,start_frame,end_frame,name\na,1,2,"x\nb,1,2,', "line 2: .*check the quotes"),
        ("video,start_frame,end_frame,Video\na,1,2,b", "two columns are called 'Video'"),
        ("video,start_frame,end_frame,name\na,1,2,x\u202ey", r"line 2: .*'x\\u202ey'.*rename"),
        (
            "video,start_frame,end_frame,start_seconds,end_seconds\nc,1,2,,\na,10,20,2,3",
            "line 3: frames 10 to 20 contradict the seconds, which are frames 20 to 30; keep one",
        ),
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
    ("seconds", "message"),
    [
        ("10,20", "lies where 'a' has a gap, 4.0 to 3600.0 s, in which nothing.*; check the ann"),
        ("22:30:01,22:30:03", "time of day: .* begins with 0 at 22:30:00"),
        ("30:00:01,30:00:03", "ends after the 200 frames .*; check the annotation"),
        ("3.9,20", (39, 40)),
        ("20,3600.2", (40, 42)),
    ],
)
def test_seconds_where_nothing_was_filmed_and_times_of_day(tmp_path, seconds, message):
    times = np.concatenate([np.arange(40), 36000 + np.arange(160)]) / 10
    clock = replace(Clock.of_times(times, 10.0), start=datetime(2026, 11, 28, 22, 30))
    path = tmp_path / "events.csv"
    path.write_text(f"video,start_seconds,end_seconds\na,{seconds}")
    (row,) = read_event_file(path)
    if isinstance(message, tuple):
        found = row.event(clock)
        assert (found.start, found.end) == message
    else:
        with pytest.raises(OddframeError, match=message):
            row.event(clock)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[1]", "expected"),
        ('{"format": "oddframe-events/1", "videos": {}}', "found 'oddframe-events/1'; give the ev"),
        ('{"a": 3}', "expected"),
        ('{"a": [[1, 2]]}', "expected"),
        ('{"a": [{"start_frame": 1}]}', "video 'a' event 1: expected both"),
        ('{"a": [{"start_frame": 1, "end_frame": [2]}]}', "event 1: expected a whole number"),
        ('{"a": [{"start_frame": 1, "end_frame": true}]}', "event 1: expected a whole number"),
        (f'{{"a": [{{"start_frame": 1, "end_frame": {10**400}}}]}}', "expected a whole number"),
        ('{"a": [{"start_frame": 1, "end_frame": NaN}]}', "NaN, which JSON does not have"),
        ('{"a": [{"start_frame": 1, "end_frame": 2, "name": ["x"]}]}', "name: expected words"),
        ('{"a": [{"start_frame": 1, "end_frame": 2, "name": "\\ud800"}]}', "not valid UTF-8"),
        ('{"a": [], "a": [{"start_frame": 1, "end_frame": 2}]}', "the key 'a' a second time"),
        ('{"a": ' + "[" * 200_000, "too deep"),
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
@given(labels=st.lists(st.integers(0, 1), min_size=1, max_size=30), header=st.booleans())
def test_frame_labels_come_back_as_written(tmp_path, labels, header):
    path = tmp_path / "clip.csv"
    path.write_text("label\n" * header + "".join(f"{label}\n" for label in labels))
    np.testing.assert_array_equal(read_frame_labels(path), labels)


def test_frame_labels_with_a_mistake_are_named_with_their_line(tmp_path):
    path = tmp_path / "clip.csv"
    path.write_text("label\n" + "0\n1\n" * 10 + "2\n")
    with pytest.raises(OddframeError, match=r"clip\.csv line 22: expected 0 or 1.*found '2'"):
        read_frame_labels(path)


@pytest.mark.parametrize(
    "content",
    [
        b"0\n2\n",
        b"0\nodd\n",
        b"time,value\n0,1\n",
        b"0.5\n",
        b"time;Temperatur \xb0C\n0;21,5\n",
        b"PK\x03\x04\0\0",
        b"[" * 100_000,
    ],
)
def test_a_csv_that_holds_something_else_is_no_labels_and_said(tmp_path, content):
    path = tmp_path / "clip.csv"
    path.write_bytes(content)
    with pytest.warns(OddframeWarning, match=r"not read as labels.*clip\.csv"):
        assert read_frame_labels(path) is None


@pytest.mark.parametrize("save", ["%d", "%.18e", "%.1f"])
def test_frame_labels_of_numpy_and_excel_are_read(tmp_path, save):
    path = tmp_path / "clip.csv"
    np.savetxt(path, [0, 1, 1, 0], fmt=save)
    assert read_frame_labels(path).tolist() == [0, 1, 1, 0]
    path.write_bytes('\ufeff"label";\r\n0;\r\n1;\r\n;\r\n'.encode())
    assert read_frame_labels(path).tolist() == [0, 1]


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
    day = (start + length) * 86400 <= frames / fps + 1 + 1e-6  # may be a fraction of one
    try:
        ((_, event),) = events_in(path, frames, fps)
    except OddframeError:
        assert (start + length) * fps > frames or start + length <= start or day
    else:
        assert event is not None
        assert 0 <= event.start < event.end <= frames
        assert abs(event.start - start * fps) <= 1
        assert event.end - min((start + length) * fps, frames) <= 1


@pytest.mark.parametrize("start", ["1.000", "10.000", "1.234.567"])
def test_a_frame_that_could_be_thousands_is_refused(tmp_path, start):
    path = tmp_path / "events.csv"
    path.write_text(f"video;start_frame;end_frame\na;{start};2.000\n")
    with pytest.raises(OddframeError, match=r"line 2: .* thousands or a fraction; write it"):
        read_event_file(path)
