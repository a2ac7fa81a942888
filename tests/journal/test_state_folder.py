"""Where the files of an event lie, and which files are nobody's."""

import json

import pytest
from tests.made.full_disk import files_of_at_most
from tests.made.live_events import NOON, live_event

from oddframe.errors import OddframeError
from oddframe.files.atomic import CannotWriteError
from oddframe.journal.sidecars import FORMAT, read_sidecar, write_sidecar
from oddframe.journal.state_folder import StateFolder


def test_files_lie_where_the_design_says_in_utc_whatever_the_zone(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    state = StateFolder(tmp_path)
    event = live_event(start=NOON - 7200)  # found out later that it began earlier
    files = state.files_of(event)
    place = tmp_path / "cameras" / "front" / "2026-03-01"
    assert files.sidecar == place / f"120000-{event.id}.json"
    assert files.picture == place / f"120000-{event.id}.jpg"
    assert files.clip() == place / f"120000-{event.id}.mp4"
    assert files.clip(2, ".mkv") == place / f"120000-{event.id}-2.mkv"
    assert files.name(files.clip()) == f"cameras/front/2026-03-01/120000-{event.id}.mp4"
    assert state.journal == tmp_path / "journal.sqlite"
    assert state.outbox == tmp_path / "outbox"
    assert list(tmp_path.iterdir()) == []  # asking makes nothing
    for part, ending in ((0, ".mp4"), (1, ".exe")):
        with pytest.raises(ValueError, match="no name of a clip"):
            files.clip(part, ending)


def test_only_files_of_exactly_this_event_are_its_own(tmp_path):
    files = StateFolder(tmp_path).files_of(event := live_event())
    write_sidecar(files, event)
    own = [files.clip(), files.clip(2), files.clip(11), files.picture, files.sidecar]
    other = [f"{files.stem}.txt", f"{files.stem}.mp4.bak", f"{files.stem}-0.mp4", "holiday.mp4"]
    other += [f"{files.stem}-2.jpg", f"x{files.stem}.mp4", f"{files.stem}-a.mp4"]
    for path in (*own[:-1], *(files.folder / name for name in other)):
        path.write_bytes(b"x")
    (files.folder / f"{files.stem}-3.mp4").mkdir()
    assert files.there() == own
    assert files.clips() == own[:3]
    assert all(files.own(files.name(path)) for path in own[:-1])
    assert not any(files.own(files.name(files.folder / name)) for name in other)
    assert not files.own(files.name(files.folder / ".." / "2026-03-01" / files.picture.name))


def test_sidecars_are_found_in_their_place_and_nothing_else_is(tmp_path):
    state = StateFolder(tmp_path)
    events = [live_event(NOON + n, camera) for n, camera in enumerate(("front", "back", "back"))]
    for event in events:
        write_sidecar(state.files_of(event), event)
    there = state.files_of(events[0])
    text = there.sidecar.read_text()
    wrong_day = tmp_path / "cameras" / "front" / "2026-03-02"
    wrong_day.mkdir()
    (wrong_day / there.sidecar.name).write_text(text)
    (there.folder / "notes.json").write_text("{}")
    (there.folder / f".{there.stem}.partial.json").write_text("{")
    (there.folder / f"235959-{events[0].id}.json").write_text(text)
    assert {files.event_id for files in state.events_on_disk()} == {event.id for event in events}
    assert len(list(state.events_on_disk())) == 3
    assert [read_sidecar(state.files_of(event)) for event in events] == events


def changed(content: dict, change: dict) -> str:
    return json.dumps({**content, **change})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "oddframe-live-event/2"}, "expected an event of the format"),
        ({"format": None}, "expected an event of the format"),
        ({"camera": "back"}, "of camera 'front', found"),
        ({"clip": "../../../etc/passwd"}, "expected files of this event"),
        ({"picture": "/etc/passwd"}, "expected files of this event"),
        ({"later_clips": ["cameras/front/2026-03-01/other.mp4"]}, "expected files of this event"),
        ({"mean": "low"}, "'mean'"),
    ],
)
def test_a_sidecar_that_is_not_of_this_event_is_refused_in_one_line(tmp_path, change, said):
    files = StateFolder(tmp_path).files_of(event := live_event())
    write_sidecar(files, event)
    content = json.loads(files.sidecar.read_text())
    assert content["format"] == FORMAT
    files.sidecar.write_text(changed(content, change))
    with pytest.raises(OddframeError) as found:
        read_sidecar(files)
    assert str(found.value).startswith(str(files.sidecar))
    assert said in str(found.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '"words"', "\0\0"])
def test_a_sidecar_that_is_no_json_of_an_event_is_refused_in_one_line(tmp_path, text):
    files = StateFolder(tmp_path).files_of(live_event())
    files.folder.mkdir(parents=True)
    files.sidecar.write_text(text)
    with pytest.raises(OddframeError, match="expected an event"):
        read_sidecar(files)


def test_a_sidecar_is_whole_or_as_it_was(tmp_path):
    files = StateFolder(tmp_path).files_of(event := live_event())
    write_sidecar(files, event)
    with files_of_at_most(100), pytest.raises(CannotWriteError, match="cannot write"):
        write_sidecar(files, live_event(id=event.id, reason="longer"))
    assert read_sidecar(files) == event
    assert list(files.folder.iterdir()) == [files.sidecar]
