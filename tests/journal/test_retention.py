"""What is removed, in which order, and above all what is not."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.made.live_events import NOON, live_event

from oddframe.journal.journal import Journal, open_journal
from oddframe.journal.live_event import LiveEvent
from oddframe.journal.retention import Retention, make_room

DAY = 86_400.0
NOW = NOON + 100 * DAY
ROOMY = Retention(most_bytes=10**12, most_days=1000.0, least_free=0)


@pytest.fixture
def journal(tmp_path):
    with open_journal(tmp_path / "state", print) as journal:
        yield journal


def filmed(journal: Journal, at: float, camera: str = "front", **changes) -> LiveEvent:
    """An event with a clip in two parts of 60 kB together and a picture of 10 kB."""
    event = live_event(at, camera, **{"verdict": None, **changes})
    files = journal.state.files_of(event)
    files.folder.mkdir(parents=True, exist_ok=True)
    files.clip().write_bytes(b"c" * 40_000)
    files.clip(2, ".mkv").write_bytes(b"c" * 20_000)
    parts = files.name(files.clip()), (files.name(files.clip(2, ".mkv")),)
    return journal.write(replace(event, clip=parts[0], later_clips=parts[1]), b"p" * 10_000)


def files_under(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock" and "journal.sqlite" not in path.name
    }


def test_nothing_goes_while_there_is_room(journal):
    events = [filmed(journal, NOON + n) for n in range(3)]
    room = make_room(journal, "front", ROOMY, NOW)
    assert (room.enough, room.events, room.removed, room.trouble) == (True, 0, 0, "")
    assert journal.events() == events[::-1]


def test_the_oldest_go_first_and_those_called_odd_last(journal):
    odd = filmed(journal, NOON, verdict="odd")
    plain = [filmed(journal, NOON + 600 * n) for n in range(1, 6)]
    other = filmed(journal, NOON - 600, "back")
    journal.flush(10)
    size = journal.sizes()["front"]
    assert size == sum(
        path.stat().st_size
        for event in (odd, *plain)
        for path in journal.state.files_of(event).there()
    )
    room = make_room(journal, "front", replace(ROOMY, most_bytes=int(size * 0.6)), NOW)
    assert room.enough
    assert room.events == 3  # of six of one size: two fifths are two and a bit
    journal.flush(10)
    assert journal.events() == [plain[4], plain[3], odd, other]
    room = make_room(journal, "front", replace(ROOMY, most_bytes=80_000), NOW)
    journal.flush(10)
    assert journal.events() == [odd, other]
    assert room.enough
    room = make_room(journal, "front", replace(ROOMY, most_bytes=80_000), NOW, coming=10_000)
    journal.flush(10)
    assert (room.enough, room.events) == (True, 1)
    assert journal.events() == [other]
    assert journal.sizes().keys() == {"back"}


def test_days_are_days_for_all_of_a_camera(journal):
    old = filmed(journal, NOW - 31 * DAY, verdict="odd")
    young = filmed(journal, NOW - 29 * DAY)
    other = filmed(journal, NOW - 31 * DAY, "back")
    room = make_room(journal, "front", replace(ROOMY, most_days=30.0), NOW)
    journal.flush(10)
    assert (room.events, room.enough) == (1, True)
    assert room.removed > 70_000
    assert journal.events() == [young, other]
    assert not journal.state.files_of(old).folder.exists()
    assert journal.state.files_of(young).there()


def test_what_is_open_or_just_over_stays_and_then_no_clip_is_written(journal):
    going_on = filmed(journal, NOW - 40 * DAY, end=None)
    just_over = filmed(journal, NOW - 60.0)
    little = replace(ROOMY, most_bytes=1000, most_days=1.0)
    room = make_room(journal, "front", little, NOW, coming=500)
    assert (room.enough, room.events) == (False, 0)
    assert "too little for what is going on; no clip is written" in room.trouble
    assert journal.events() == [just_over, going_on]


def test_what_is_not_ours_is_never_removed(journal):
    event = filmed(journal, NOON)
    journal.flush(10)
    root = journal.state.root
    files = journal.state.files_of(event)
    ours = {path.relative_to(root).as_posix() for path in files.there()}
    assert len(ours) == 4
    strangers = [
        files.folder / "holiday.mp4",
        files.folder / f"{files.stem}.txt",
        files.folder / f"{files.stem}.mp4.part",
        files.folder / f"{files.stem}-old.mp4",
        files.folder / f"copy of {files.stem}.mp4",
        files.folder / f"000000-{live_event().id}.mp4",  # a clip whose sidecar is lost
        root / "cameras" / "front" / "readme.txt",
        root / "cameras" / "gate" / "2020-01-01" / "000000-x.json",
        root / "outbox" / "webhook" / "1.json",
        root / "notes.txt",
    ]
    for path in strangers:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 5000)
    outside = root.parent / "outside.mp4"
    outside.write_bytes(b"mine")
    link = files.clip(3)
    link.symlink_to(outside)
    assert files_under(root) == ours | {
        path.relative_to(root).as_posix() for path in (*strangers, link)
    }
    nothing = Retention(most_bytes=0, most_days=0.0, least_free=0)
    make_room(journal, "front", nothing, NOW)
    make_room(journal, "gate", nothing, NOW)
    journal.flush(10)
    assert journal.events() == []
    assert files_under(root) == {path.relative_to(root).as_posix() for path in strangers}
    assert outside.read_bytes() == b"mine"


def test_a_sidecar_that_points_elsewhere_removes_nothing_there(journal):
    """Whatever is called a clip: what is removed is known by its name."""
    target = journal.state.root / "cameras" / "front" / "precious.mp4"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"x")
    event = journal.write(live_event(clip="cameras/front/precious.mp4"))
    journal.flush(10)
    journal.forget(event)
    journal.flush(10)
    assert journal.events() == []
    assert target.exists()


def test_an_event_that_was_forgotten_does_not_come_back(tmp_path):
    with open_journal(tmp_path, print) as journal:
        event = filmed(journal, NOON)
        journal.flush(10)
        journal.judge(event.id, "normal")
        journal.forget(event)  # perhaps while its verdict is being written
        journal.flush(10)
        assert journal.event(event.id) is None
        assert journal.state.files_of(event).there() == []
    with open_journal(tmp_path, print) as journal:
        assert journal.events() == []


def test_what_cannot_be_removed_is_said_and_the_next_goes(journal):
    first, second = filmed(journal, NOON), filmed(journal, NOON + 600)
    journal.flush(10)
    clip = journal.state.files_of(first).clip()
    original = Path.unlink

    def held(self, missing_ok=False):  # as Windows does with a file that somebody plays
        if self == clip:
            raise PermissionError(13, "Permission denied", str(self))
        original(self, missing_ok)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", held)
        room = make_room(journal, "front", replace(ROOMY, most_bytes=100_000), NOW)
    journal.flush(10)
    assert (room.enough, room.events) == (True, 1)
    assert room.trouble == f"{clip}: cannot be removed (Permission denied); remove it"
    assert journal.events() == [first]
    assert clip.exists()
    assert not journal.state.files_of(second).there()


def test_scores_go_after_more_than_a_year(journal):
    for at in (NOW - 401 * DAY, NOW - 399 * DAY):
        journal.scored("front", at, 1.0, 2.0)
        journal.gap_begins("front", at + 60, "no answer")
        journal.gap_ends("front", at + 70)
        journal.camera_is("front", at, f"up {at}")
    make_room(journal, "front", ROOMY, NOW)
    assert [one.latest for one in journal.minutes("front")] == [NOW - 399 * DAY]
    assert [gap.start for gap in journal.gaps("front")] == [NOW - 399 * DAY + 60]
    assert [one.at for one in journal.states("front")] == [NOW - 399 * DAY]
