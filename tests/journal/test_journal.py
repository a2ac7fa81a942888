"""The journal: what was written is found, by this process and by others, in memory or on disk."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from tests.made.live_events import NOON, live_event

from oddframe.errors import OddframeError
from oddframe.journal.journal import NOT_WATCHED, Journal, open_journal
from oddframe.journal.live_event import LiveEvent
from oddframe.journal.question import Question, State
from oddframe.journal.reading import JournalReader
from oddframe.journal.records import RecordedGap, RecordedState
from oddframe.journal.sidecars import read_sidecar
from oddframe.journal.state_folder import StateFolder


@pytest.fixture
def said():
    return []


@pytest.fixture
def journal(tmp_path, said):
    with open_journal(tmp_path / "state", said.append) as journal:
        yield journal


def reader(journal: Journal) -> JournalReader:
    return JournalReader(StateFolder(journal.state.root))


def test_an_event_is_on_disk_and_another_process_finds_it(journal, said):
    event = journal.write(live_event(), picture=b"\xff\xd8 a picture")
    assert journal.flush(5)
    files = journal.state.files_of(event)
    assert event.picture == files.name(files.picture)
    assert files.picture.read_bytes() == b"\xff\xd8 a picture"
    assert read_sidecar(files) == event
    assert reader(journal).event(event.id) == event
    assert reader(journal).events() == [event]
    assert said == []


def test_before_anything_was_written_nothing_is_found(tmp_path):
    asked = JournalReader(StateFolder(tmp_path / "none"))
    assert asked.events() == asked.gaps("a") == asked.minutes("a") == asked.states("a") == []
    assert asked.event("x") is asked.kept("a", "b") is None
    assert not (tmp_path / "none").exists()


def fits(event: LiveEvent, asked: Question) -> bool:
    """Said again, over the events themselves."""
    states = {
        None: True,
        "open": event.end is None,
        "undecided": event.verdict not in ("odd", "normal"),
        "odd": event.verdict == "odd",
        "normal": event.verdict == "normal",
    }
    return (
        asked.camera in (None, event.camera)
        and event.start < asked.until
        and (event.end is None or event.end >= asked.since)
        and asked.zone in (None, event.zone)
        and asked.cue in (None, event.cue)
        and states[asked.state]
    )


@pytest.fixture
def events():
    """Sixty of every kind."""
    rng = np.random.default_rng(3)
    return [
        live_event(
            NOON + 40 * number,
            ["front", "back"][number % 2],
            end=None if number % 10 == 0 else NOON + 40 * number + float(rng.uniform(1, 300)),
            verdict=[None, "odd", "normal", "later"][number // 2 % 4],
            zone=["", "door", "half a character \ud800"][number % 3],
            cue=["", "pace", 'a "cue" of somebody\'s own'][number // 3 % 3],
        )
        for number in range(60)
    ]


@pytest.mark.parametrize("on_disk", [True, False])
def test_events_are_found_by_every_question_on_disk_or_not(journal, events, on_disk):
    asked = journal
    if on_disk:
        for event in events:
            journal.write(event)
        assert journal.flush(10)
        asked = reader(journal)
    else:
        with journal._writer._disk:  # as if it hung
            for event in events:
                journal.write(event)
            check_all(asked, events)
    check_all(asked, events)


def check_all(asked: JournalReader, events: list[LiveEvent]) -> None:
    times = ((0.0, 1e10), (NOON + 500, NOON + 700), (NOON + 5000, NOON + 1e6))
    questions = [
        Question(camera, since, until, state=state)
        for camera in (None, "front", "back", "side")
        for since, until in times
        for state in (None, *get_args(State))
    ]
    questions += [
        Question("front", zone=zone, cue=cue)
        for zone in (None, "", "door", "half a character \ud800", "gate")
        for cue in (None, "", "pace", 'a "cue" of somebody\'s own', "'; DROP TABLE events")
    ]
    some = 0
    for question in questions:
        wanted = [event for event in events if fits(event, question)]
        wanted.sort(key=lambda event: event.id, reverse=True)
        assert asked.events(question) == wanted
        assert question.among(events) == wanted
        first = asked.events(replace(question, most=3))
        assert first == wanted[:3]
        if first:
            assert asked.events(replace(question, before=first[-1].id)) == wanted[3:]
            later = replace(question, after=wanted[-1].id, most=2)  # the next ones, not the newest
            assert asked.events(later) == later.among(events) == wanted[:-1][::-1][:2]
            some += 1
    assert some > 40


def test_what_waits_for_the_disk_takes_no_places_of_what_is_there(journal, events):
    """Judged a moment ago, they are still undecided on the disk, and the newest there."""
    for event in events:
        journal.write(replace(event, verdict=None))
    assert journal.flush(10)
    with journal._writer._disk:  # as if it hung
        for event in events[-5:]:
            journal.judge(event.id, "odd")
        found = journal.events(Question(state="undecided", most=5))
        assert [event.id for event in found] == [event.id for event in events[-6:-11:-1]]
        assert len(journal.events(Question(state="odd"))) == 5


def test_a_persons_word_outlives_those_who_follow_the_event(journal):
    event = journal.write(live_event(end=None, verdict=None, ending=""))
    journal.flush(5)
    assert journal.judge(event.id, "normal").verdict == "normal"
    later = journal.write(replace(event, mean=9.0).closed(NOON + 20, "quiet"))
    assert (later.verdict, later.mean) == ("normal", 9.0)
    journal.flush(5)
    assert read_sidecar(journal.state.files_of(event)) == later == reader(journal).event(event.id)
    assert journal.judge(event.id, None).verdict is None
    journal.write(later)
    journal.flush(5)
    assert reader(journal).event(event.id) == replace(later, verdict=None)
    with pytest.raises(OddframeError, match="expected the id of an event"):
        journal.judge("nothing", "odd")


def test_a_word_of_long_ago_is_found_again_in_another_process(tmp_path, said):
    with open_journal(tmp_path, said.append) as journal:
        event = journal.write(live_event(verdict=None))
    with open_journal(tmp_path, said.append) as journal:
        journal.judge(event.id, "odd")
    with open_journal(tmp_path, said.append) as journal:
        assert journal.event(event.id) == replace(event, verdict="odd")
    assert said == []


def test_scores_of_a_minute_are_its_lowest_mean_and_highest_however_they_came(tmp_path, said):
    rng = np.random.default_rng(1)
    times = NOON + np.cumsum(rng.uniform(0.02, 0.4, 3000))
    times[1500:] -= 240  # the clock was set back: nothing is lost
    scores = rng.normal(size=3000)
    for part in np.array_split(np.arange(3000), 3):  # three processes, in the middle of minutes
        with open_journal(tmp_path, said.append) as journal:
            for number in part.tolist():
                journal.scored("front", float(times[number]), scores[number], 2.0 + number)
                if number % 400 == 0:
                    journal.flush(5)
    found = JournalReader(StateFolder(tmp_path)).minutes("front")
    minutes = np.floor(times / 60)
    assert [one.minute for one in found] == sorted(set(minutes.tolist()))
    for one in found:
        inside = minutes == one.minute
        assert one.frames == inside.sum()
        assert (one.lowest, one.highest) == (scores[inside].min(), scores[inside].max())
        assert one.mean == pytest.approx(scores[inside].mean(), abs=1e-9)
        assert one.latest == times[inside].max()
        assert one.threshold == 2.0 + np.flatnonzero(inside).max()
    middle = found[2].minute * 60.0
    part = JournalReader(StateFolder(tmp_path)).minutes("front", middle + 30, middle + 60)
    assert part == [found[2]]


def test_no_score_is_nan(journal):
    with pytest.raises(ValueError, match="nan"):
        journal.scored("front", NOON, float("nan"), 1.0)


def test_a_gap_is_open_until_frames_come_again(journal):
    journal.gap_begins("front", NOON, "no answer")
    journal.gap_begins("front", NOON + 5, "again no answer")  # it is known
    assert journal.gaps("front") == [RecordedGap("front", NOON, None, "no answer")]
    journal.gap_ends("front", NOON + 60)
    journal.gap_ends("front", NOON + 61)
    journal.gap_begins("front", NOON + 100, "half a character \ud800")
    journal.gap_ends("front", NOON - 3600)  # the clock was set back
    assert journal.gaps("front") == [
        RecordedGap("front", NOON, NOON + 60, "no answer"),
        RecordedGap("front", NOON + 100, NOON + 100, "half a character \\ud800"),
    ]
    assert journal.gaps("front", NOON + 70) == journal.gaps("front")[1:]
    assert journal.gaps("back") == []


def test_the_time_between_two_processes_is_a_gap(tmp_path, said):
    with open_journal(tmp_path, said.append) as journal:
        journal.watching("front", NOON)
        assert journal.gaps("front") == []  # it was never watched before
        journal.scored("front", NOON + 1, 0.5, 1.0)
        journal.scored("front", NOON + 71.5, 0.5, 1.0)
    with open_journal(tmp_path, said.append) as journal:
        journal.watching("front", NOON + 500)
        assert journal.gaps("front") == [RecordedGap("front", NOON + 71.5, None, NOT_WATCHED)]
    with open_journal(tmp_path, said.append) as journal:  # and ended before a frame came
        journal.watching("front", NOON + 600)
        journal.gap_ends("front", NOON + 601)
        assert journal.gaps("front") == [RecordedGap("front", NOON + 71.5, NOON + 601, NOT_WATCHED)]


def test_states_are_what_a_camera_came_to_be(journal):
    for at, state in enumerate(("up", "up", "down", "down", "up")):
        journal.camera_is("front", NOON + at, state, "why")
    journal.camera_is("back", NOON, "paused")
    states = [
        RecordedState("front", NOON + at, state, "why")
        for at, state in ((0, "up"), (2, "down"), (4, "up"))
    ]
    assert journal.states("front") == states
    assert journal.states("front", NOON + 3) == states[1:]  # it was down by then
    assert journal.states("front", NOON + 3, NOON + 4) == states[1:2]


def test_values_are_kept_over_restarts(tmp_path, said):
    with open_journal(tmp_path, said.append) as journal:
        journal.keep("front", "armed", True)
        journal.keep("front", "armed", False)
        assert journal.kept("front", "armed") is False
        journal.flush(5)
        journal.keep("front", "budget", {"peaks": [1.5, 2.5]})
    with open_journal(tmp_path, said.append) as journal:
        assert journal.kept("front", "armed") is False
        assert journal.kept("front", "budget") == {"peaks": [1.5, 2.5]}
        assert journal.kept("back", "armed") is None


def test_many_threads_write_and_read(journal):
    def work(camera: str) -> None:
        for number in range(40):
            event = journal.write(live_event(NOON + number, camera))
            journal.scored(camera, NOON + number, 1.0, 2.0)
            assert journal.event(event.id) == event
            assert len(journal.events(Question(camera))) == number + 1

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, [f"camera {n}" for n in range(6)]))
    assert journal.flush(10)
    assert len(reader(journal).events()) == 240
    assert all(journal.minutes(f"camera {n}")[0].frames == 40 for n in range(6))


def test_what_is_no_plain_value_fails_where_it_is_written(journal):
    with pytest.raises(TypeError):
        journal.write(live_event(mean=np.float32(1.5)))


def test_nobody_waits_for_a_disk_that_hangs(journal):
    with journal._writer._disk:
        for number in range(100):
            event = journal.write(live_event(end=None, mean=float(number)))
            journal.scored("front", NOON, 1.0, 2.0)
            journal.gap_begins("front", NOON, "why")
        assert not journal.flush(0.05)
        assert journal.event(event.id) == event
    assert journal.flush(10)


def test_a_sidecar_and_its_row_say_the_same(journal):
    event = journal.write(live_event())
    journal.flush(5)
    content = json.loads(journal.state.files_of(event).sidecar.read_text())
    assert content.pop("format") == "oddframe-live-event/1"
    (row,) = reader(journal)._rows("SELECT content FROM events")
    assert json.loads(row[0]) == content


def test_the_open_events_of_one_camera_are_closed_while_others_go_on(journal):
    left, closed, other = (
        journal.write(live_event(NOON + index, camera, end=end))
        for index, (camera, end) in enumerate((("front", None), ("front", 1.0), ("back", None)))
    )
    just_over = journal.write(replace(live_event(NOON + 9, "front"), end=None))
    journal.write(just_over.closed(just_over.seen, "quiet"))  # which may not be on disk yet
    told = []
    journal.close_interrupted(told.append, "front")
    assert [event.id for event in told] == [left.id]
    assert told[0] == left.closed(left.seen, "interrupted")
    assert journal.events(Question(state="open")) == [other]
    assert journal.event(closed.id) == closed
