"""Events as they happen are those that are found in the same scores afterwards."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddframe.detectors.frame_score import FrameScore
from oddframe.media.clock import Clock
from oddframe.scores.detections import EventRule, find_detections
from oddframe.watching.event_life import Change, EventLife

LONG = 1e9
AT = 1_700_000_000.0


def lived(values, fps, rule, longest=LONG):
    """All changes of scores at a rate, the end with them."""
    life, changes = EventLife(rule, longest), []
    for frame, value in enumerate(values):
        score, seconds = FrameScore(frame, float(value)), frame / fps
        changes += life.add(score, seconds, AT + seconds, 1 / fps)
    return changes + life.finish()


@given(
    values=st.lists(st.sampled_from([0.0, 0.5, 1.5, 2.0, 3.0]), min_size=1, max_size=120),
    fps=st.sampled_from([1.0, 5.0, 12.5, 25.0, 29.97]),
    merge=st.sampled_from([0.0, 0.3, 1.0, 2.5]),
    least=st.sampled_from([0.0, 0.2, 1.0]),
)
@settings(max_examples=200, deadline=None)
def test_events_are_those_that_score_finds(values, fps, merge, least):
    # Both round times to whole frames, each in its way; what is in between is not compared.
    if 0.4 < merge * fps % 1 < 0.6:
        return
    rule = EventRule(1.0, merge, round(least * fps) / fps)
    wanted = find_detections(np.array(values), rule, Clock(len(values), fps))
    closed = [change.event for change in lived(values, fps, rule) if change.kind == "close"]
    assert [round((event.at - AT) * fps) for event in closed] == [one.start for one in wanted]
    assert [round((event.end - AT) * fps) for event in closed] == [one.end for one in wanted]
    assert [event.peak for event in closed] == [one.peak_score for one in wanted]
    assert [event.oddest.frame for event in closed] == [one.peak for one in wanted]
    assert [event.mean for event in closed] == pytest.approx([one.mean_score for one in wanted])


def kinds(changes: list[Change]) -> list[str]:
    return [change.kind for change in changes]


def test_an_event_is_told_once_it_is_long_enough_and_again_when_it_is_odder():
    rule = EventRule(1.0, 1.0, 0.5)
    values = [0, 2, 2, 2, 2, 2, 3, 0, 0, 0]
    life = EventLife(rule, LONG)
    told = [
        (frame, change.kind)
        for frame, value in enumerate(values)
        for change in life.add(FrameScore(frame, value), frame / 10, AT + frame / 10, 0.1)
    ]
    assert told == [(5, "open"), (6, "peak")]
    assert kinds(life.pause(1.7)) == []
    assert kinds(life.pause(1.75)) == ["close"]
    assert kinds(life.pause(9.0)) == []


def test_what_lasts_too_long_is_told_as_a_state_and_then_no_more():
    rule = EventRule(1.0, 0.5)
    changes = lived([2.0] * 40 + [5.0] * 20 + [0.0] * 20 + [2.0], 10, rule, longest=3.0)
    assert kinds(changes) == ["open", "still", "open", "close"]
    assert changes[1].event.seconds == pytest.approx(3.1)


def test_frames_that_nothing_was_found_out_about_are_never_odd():
    life = EventLife(EventRule(1.0), LONG)
    assert life.add(FrameScore(0, 9.0, tested=False), 0.0, AT, 0.1) == []


def test_a_clock_that_is_set_back_changes_names_only():
    life = EventLife(EventRule(1.0, 0.5), LONG)
    changes = life.add(FrameScore(0, 2.0), 0.0, AT, 0.1)
    changes += life.add(FrameScore(1, 2.0), 0.1, AT - 3600, 0.1)
    changes += life.pause(5.0)
    assert kinds(changes) == ["open", "close"]
    assert changes[-1].event.at == AT
    assert changes[-1].event.seconds == pytest.approx(0.2)
