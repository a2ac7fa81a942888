from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.media.clock import Clock
from oddframe.reporting.times import (
    axis_ticks,
    shown_span,
    shown_start,
    shown_time,
    time_ticks,
)


@given(seconds=st.floats(0.04, 1e6), most=st.integers(2, 12))
def test_ticks_start_at_zero_stay_inside_and_are_few(seconds, most):
    ticks = time_ticks(seconds, most)
    assert ticks[0] == 0
    assert ticks[-1] < seconds
    assert len(ticks) <= most + 1


def test_times_of_day_where_the_recording_knows_when_it_began():
    clock = Clock(100, 10.0, start=datetime(2026, 11, 28, 3, 12, 40))
    assert shown_time(clock, 74) == "03:12:47 (0:07.4)"
    assert shown_span(clock, 0, 20, " – ") == "03:12:40 – 03:12:42 (0:00.0 – 0:02.0)"
    assert [label for _, label in axis_ticks(clock, 2)] == ["03:12:40", "03:12:45"]


@pytest.mark.parametrize("fps", [12.5, 7.3, 30000 / 1001, 25.0])
def test_labels_are_round_where_no_frame_is_shown_at_a_round_time(fps):
    clock = Clock(int(17 * fps), fps, start=datetime(2026, 11, 28, 8, 30))
    labels = [label for _, label in axis_ticks(clock, 4)]
    assert labels == ["08:30:00", "08:30:05", "08:30:10", "08:30:15"]


def test_the_date_is_named_once_the_day_is_another():
    clock = Clock(2, 0.1, start=datetime(2026, 12, 31, 23, 59, 55))
    assert shown_time(clock, 1) == "2027-01-01 00:00:05 (0:10.0)"
    assert shown_span(clock, 0, 2) == "23:59:55 to 2027-01-01 00:00:15 (0:00.0 to 0:20.0)"
    assert shown_span(clock, 1, 2) == "2027-01-01 00:00:05 to 00:00:15 (0:10.0 to 0:20.0)"


def test_an_axis_names_the_day_where_it_begins_and_its_labels_stay_short():
    clock = Clock(60, 1.0, start=datetime(2026, 12, 31, 23, 59, 30))
    assert [label for _, label in axis_ticks(clock, 4)] == [
        *("23:59:30", "23:59:45"),
        *("01-01 00:00", "00:00:15"),
    ]
    days = Clock(3, 1 / 86400, start=datetime(2026, 12, 31, 8))
    assert [label for _, label in axis_ticks(days)] == ["08:00:00", "01-01 08:00", "01-02 08:00"]


def test_the_start_names_its_offset_if_it_is_known():
    assert shown_start(datetime(2026, 11, 28, 3, 12)) == "2026-11-28 03:12:00"
    assert shown_start(datetime(2026, 11, 28, 3, 12, tzinfo=UTC)) == "2026-11-28 03:12:00 UTC+0000"


def test_without_a_start_a_time_is_that_of_the_player():
    clock = Clock(4, 1.0, ((0, 0.0), (1, 1.0), (2, 3600.0), (3, 3601.0)))
    assert shown_time(clock, 2) == "1:00:00.0"
    # The end of a part is not the beginning of what follows an hour later.
    assert shown_span(clock, 0, 2) == "0:00.0 to 0:02.0"


def test_no_label_stands_twice_where_frames_are_closer_than_seconds():
    clock = Clock.of_times(np.array([0, 0.4, 0.6, 1.1, 1.3, 2.2, 2.4, 3.0, 3.1]), 1.0)
    assert axis_ticks(clock, 9) == [(0.0, "0:00"), (2.0, "0:01"), (5.0, "0:02"), (7.0, "0:03")]


def test_ticks_do_not_crowd_into_a_jump():
    seconds = np.concatenate([np.arange(200) / 25, 3600 + np.arange(200) / 25])
    clock = Clock.of_times(seconds, 0.11)
    ticks = axis_ticks(clock, 8)
    assert len(ticks) == 8
    assert np.ptp(np.diff([frame for frame, _ in ticks])) == 0
    assert [label for _, label in ticks][3:5] == ["0:06", "1:00:00"]
