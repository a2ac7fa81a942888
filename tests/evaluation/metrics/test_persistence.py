"""Peaks that persist against their definition, written out, and events counted at them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.evaluation.metrics.persistence import REACH, count_at_peaks, peaks, regions_around
from oddframe.videos.video import Event, Video


def by_definition(values):
    """Every frame that begins a maximum, and how far it falls on the way to any higher one."""
    found = {}
    for at, value in enumerate(values):
        end = at
        while end + 1 < len(values) and values[end + 1] == value:
            end += 1
        if (at and values[at - 1] >= value) or (end + 1 < len(values) and values[end + 1] > value):
            continue
        ways = [
            min(values[min(at, other) : max(at, other) + 1])
            for other, height in enumerate(values)
            if height > value or (height == value and other < at)
        ]
        found[at] = value - max(ways, default=min(values))
    return found


@given(st.lists(st.integers(0, 6), min_size=1, max_size=24))
def test_peaks_are_those_of_the_definition(values):
    frames, persistence = peaks(np.array(values))
    assert dict(zip(frames.tolist(), persistence.tolist(), strict=True)) == by_definition(values)
    heights = np.array(values)[frames]
    assert (np.diff(heights) <= 0).all()


@given(st.sets(st.integers(0, 400)))
def test_regions_hold_the_frames_near_a_peak_and_are_apart_where_peaks_are(frames):
    found = regions_around(np.array(sorted(frames), int))
    near = {at for frame in frames for at in range(max(frame - REACH, 0), frame + REACH + 1)}
    assert {at for start, end in found for at in range(start, end)} == near
    gaps = [b - a for a, b in zip(sorted(frames), sorted(frames)[1:], strict=False)]
    assert len(found) == bool(frames) + sum(gap >= REACH for gap in gaps)


def video(frames, *events):
    marked = tuple(Event(start, end, "odd") for start, end in events)
    label = "anomalous" if marked else "normal"
    classes = ("odd",) if marked else ()
    return Video("v", "v.mp4", "test", label, frames, 25.0, 8, 8, classes=classes, events=marked)


def test_events_and_false_alarms_counted_by_hand():
    scores = np.zeros(1000)
    scores[[100, 130]] = 1.0, 0.9  # one region: 50 to 180
    scores[300] = 0.8  # a region that holds nothing: 250 to 350
    scores[500] = 0.15  # too low to be kept
    scores[700] = 0.7  # 650 to 750
    truth = video(1000, (150, 200), (170, 240), (480, 520), (750, 760), (900, 910))
    counts = count_at_peaks(scores, truth, 0.2)
    # Events: 150 to 240 (two that overlap), 480, 750 and 900; the first and the third are found.
    assert (counts.events, counts.found, counts.false) == (4, 2, 1)
    assert count_at_peaks(scores, truth, 0.1).found == 3
    none = count_at_peaks(scores, truth, 1.0)
    assert (none.found, none.false) == (0, 0)
    calm = count_at_peaks(scores, video(1000), 0.2)
    assert (calm.events, calm.found, calm.false) == (0, 0, 3)


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_a_constant_score_detects_nothing(value):
    assert count_at_peaks(np.full(30, value), video(30, (3, 9)), 0.0).found == 0
