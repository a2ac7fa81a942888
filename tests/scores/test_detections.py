"""Detected events against brute force, and their file."""

import json
from dataclasses import asdict, replace
from datetime import datetime

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oddframe.errors import OddframeError
from oddframe.media.clock import Clock
from oddframe.scores.detections import (
    Detection,
    EventRule,
    Reason,
    explained,
    find_detections,
    oddest_moments,
)
from oddframe.scores.events_file import read_events, write_events

quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
levels = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=30)


def brute_force(scores, threshold, gap, least):
    """Frame by frame: open an event, and close it once more than ``gap`` frames are quiet."""
    found, start, last = [], None, None
    for i, score in enumerate(scores):
        if score > threshold:
            if start is None:
                start = i
            last = i
        elif start is not None and i - last > gap:
            found.append((start, last + 1))
            start = None
    if start is not None:
        found.append((start, last + 1))
    return [(start, end) for start, end in found if end - start >= least]


@quick
@given(
    scores=levels,
    threshold=st.sampled_from([0.0, 0.4, 0.5, 2.0]),
    gap=st.integers(0, 6),
    least=st.integers(0, 4),
)
def test_detections_are_those_of_brute_force(scores, threshold, gap, least):
    array = np.array(scores, np.float32)
    found = find_detections(
        array, EventRule(threshold, gap / 10, least / 10), Clock(len(array), 10.0)
    )
    assert [(d.start, d.end) for d in found] == brute_force(scores, threshold, gap, least)
    for detection in found:
        part = scores[detection.start : detection.end]
        assert detection.peak_score == max(part)
        assert scores[detection.peak] == max(part)
        assert detection.start <= detection.peak < detection.end
        assert detection.mean_score == pytest.approx(np.mean(part))


def test_a_gap_of_exactly_the_merge_time_is_merged():
    scores = np.zeros(40)
    scores[[5, 16]] = 1  # ten quiet frames between
    assert len(find_detections(scores, EventRule(0.5, 1.0), Clock(len(scores), 10.0))) == 1
    assert len(find_detections(scores, EventRule(0.5, 0.9), Clock(len(scores), 10.0))) == 2


def test_a_score_at_the_threshold_is_normal():
    assert find_detections(np.full(5, 0.5), EventRule(0.5), Clock(5, 10.0)) == []


def test_a_short_event_counts_after_merging():
    scores = np.zeros(40)
    scores[[5, 9, 30]] = 1  # five frames with the gap, and one frame alone
    (found,) = find_detections(scores, EventRule(0.5, 0.3, 0.5), Clock(len(scores), 10.0))
    assert (found.start, found.end) == (5, 10)


def test_the_rule_travels_with_scores_and_events(tmp_path):
    rule = EventRule(2.5, 4.0, 0.5)
    assert EventRule.of({**asdict(rule), "run": "a"}) == rule
    assert EventRule.of({"threshold": 2}) == EventRule(2, 1.0, 0.0)
    assert EventRule.of({"threshold": None, "merge_seconds": 3}) is None
    path = write_events(tmp_path / "e.json", {}, {}, rule)
    assert EventRule.of(json.loads(path.read_text())["rule"]) == rule


@pytest.mark.parametrize("value", [True, "1", [1], float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["threshold", "merge_seconds", "min_seconds"])
def test_a_rule_that_is_no_number(name, value):
    with pytest.raises(OddframeError, match=f"a finite number as '{name}'"):
        EventRule.of({"threshold": 1.0, name: value})


@pytest.mark.parametrize(("option", "values"), [("merge", (-1, 0)), ("min-length", (0, -1))])
def test_negative_seconds(option, values):
    with pytest.raises(OddframeError, match=f"--{option}: expected seconds, 0 or more, found -1"):
        EventRule(0.5, *values)


coordinates = st.integers(0, 2000)
detections = st.builds(
    Detection,
    start=st.integers(0, 100),
    end=st.integers(101, 200),
    peak=st.integers(0, 200),
    peak_score=st.floats(allow_nan=False, allow_infinity=False),
    mean_score=st.floats(allow_nan=False, allow_infinity=False),
    cue=st.text(max_size=5),
    reason=st.text(max_size=5),
    boxes=st.lists(st.tuples(coordinates, coordinates, coordinates, coordinates), max_size=2).map(
        tuple
    ),
    boxes_at=st.none() | st.integers(0, 200),
)


@quick
@given(found=st.dictionaries(st.text(max_size=5), st.lists(detections, max_size=2), max_size=3))
def test_events_come_back_as_they_were_written(tmp_path, found):
    path = write_events(tmp_path / "events.json", found, dict.fromkeys(found, Clock(100, 12.5)))
    assert read_events(path) == found


def test_events_are_told_in_seconds_too(tmp_path):
    path = write_events(
        tmp_path / "e.json", {"a": [Detection(5, 20, 7, 1.0, 0.5)]}, {"a": Clock(100, 10.0)}
    )
    (event,) = json.loads(path.read_text())["videos"]["a"]["events"]
    assert (event["start_seconds"], event["end_seconds"]) == (0.5, 2.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"format": "oddframe-events/9", "videos": {}}',
        '{"format": "oddframe-events/1"}',
        '{"format": "oddframe-events/1", "videos": {"a": {"events": [{"start": 1}]}}}',
        '{"format": "oddframe-events/1", "videos": {"a": {"events": [3]}}}',
        '{"format": "oddframe-events/1", "videos": [1]}',
    ],
)
def test_another_file_is_refused(tmp_path, text):
    path = tmp_path / "events.json"
    path.write_text(text)
    with pytest.raises(
        OddframeError, match=r"events\.json: expected (oddframe-events/1|detected events)"
    ):
        read_events(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(OddframeError, match="no such file"):
        read_events(tmp_path / "events.json")


def test_an_hour_that_was_not_filmed_parts_two_events():
    seconds = np.concatenate([np.arange(20) / 10, 3600 + np.arange(20) / 10])
    clock = Clock.of_times(seconds, 10.0)
    scores = np.zeros(40)
    scores[[15, 19, 20, 24]] = 1
    found = find_detections(scores, EventRule(0.5), clock)
    assert [(event.start, event.end) for event in found] == [(15, 20), (20, 25)]


def test_events_are_merged_in_seconds_also_where_the_rate_changes():
    # The same five frames of quiet last half a second, then two and a half.
    seconds = np.concatenate([np.arange(20) / 10, 2 + np.arange(20) / 2])
    clock = Clock.of_times(seconds, 10.0)
    scores = np.zeros(40)
    scores[[3, 9, 23, 29]] = 1
    found = find_detections(scores, EventRule(0.5, 1.0), clock)
    assert [(event.start, event.end) for event in found] == [(3, 10), (23, 24), (29, 30)]


def test_reasons_are_looked_for_a_second_away_also_where_the_rate_is_low():
    # Ten frames a second, then one in four seconds.
    seconds = np.concatenate([np.arange(40) / 10, 4 + np.arange(20) * 4])
    clock = Clock.of_times(seconds, 10.0)
    event = Detection(50, 51, 50, 1.0, 1.0)
    before, at = Reason(49, "motion", "of another minute"), Reason(50, "motion", "its own")
    assert explained([event], [before], clock) == [event]
    assert explained([event], [before, at], clock)[0].reason == "its own"
    quick = Detection(10, 11, 10, 1.0, 1.0)
    assert explained([quick], [Reason(19, "motion", "near")], clock)[0].reason == "near"
    assert explained([quick], [Reason(22, "motion", "far")], clock) == [quick]


def test_a_detection_knows_the_frame_that_its_boxes_are_of():
    event, clock = Detection(2, 9, 4, 1.0, 1.0), Clock(10, 10.0)
    box = ((1, 2, 3, 4),)
    assert explained([event], [Reason(6, "pace", "runs", box)], clock)[0].pictured == 6
    (at_peak,) = explained([event], [Reason(4, "pace", "runs", box)], clock)
    assert (at_peak.boxes_at, at_peak.pictured) == (None, 4)
    # A reader may give more frames than were counted, of which there is no picture.
    assert explained([event], [Reason(10, "pace", "runs", box)], clock)[0].pictured == 4


def test_the_time_of_day_and_jumps_are_told(tmp_path):
    start = datetime(2026, 11, 28, 3, 12, 40)
    seconds = np.concatenate([np.arange(20) / 10, 3600 + np.arange(20) / 10])
    clock = replace(Clock.of_times(seconds, 10.0), start=start)
    path = write_events(tmp_path / "e.json", {"a": [Detection(25, 40, 30, 1.0, 0.5)]}, {"a": clock})
    video = json.loads(path.read_text())["videos"]["a"]
    assert (video["start_time"], video["jumps"]) == ("2026-11-28T03:12:40", [20])
    (event,) = video["events"]
    assert (event["start_seconds"], event["end_seconds"]) == (3600.5, 3602.0)
    assert event["start_time"] == "2026-11-28T04:12:40.500"


def test_the_oddest_moments_are_the_peaks_that_lie_apart():
    values = {"a": np.zeros(200), "b": np.zeros(100)}
    values["a"][[50, 60, 120]] = 5, 4, 3
    values["b"][10] = 4.5
    clocks = {name: Clock(len(part), 10.0) for name, part in values.items()}
    found = oddest_moments(values, clocks, 10)
    assert [(one.peak, one.peak_score) for one in found["a"]] == [(50, 5), (120, 3)]
    assert [(one.start, one.end) for one in found["b"]] == [(0, 21)]
    assert [one.peak for one in oddest_moments(values, clocks, 2)["a"]] == [50]
    assert not any(oddest_moments({"a": np.ones(20)}, clocks, 3).values())


def test_a_moment_is_what_stands_out_of_its_own_video():
    values = {"calm": np.full(100, 1.0), "busy": np.full(100, 8.0)}
    values["calm"][40:45] = 3, 5, 4, 2, 5
    values["busy"][70] = 9.0
    clocks = {name: Clock(len(part), 10.0) for name, part in values.items()}
    found = oddest_moments(values, clocks, 6, {"calm": 2.0, "busy": 9.0})
    assert [(one.start, one.end, one.peak) for one in found["calm"]] == [(40, 43, 41)]
    assert found["busy"] == []
