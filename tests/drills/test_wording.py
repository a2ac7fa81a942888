"""What a drill found, in words."""

from dataclasses import replace

import pytest
from tests.comparison.test_drilled import ONE, drill

from oddframe.calibration.threshold import Threshold
from oddframe.drills.result import Row
from oddframe.drills.wording import _taken_for_odd, false_alarms, saying, summary


def row(kind: str, name: str, size: str, strength: str) -> Row:
    return Row(kind, name, size, strength, "odd", 1, 1, 0, 1, 1.0, None, 0.9)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [row("pace", "everything faster", "", s) for s in ("2x", "3x")],
            "everything faster (2x, 3x)",
        ),
        ([row("staying", "a case left behind", "small", "10 s")], "a case left behind (10 s)"),
        (
            [row("presence", "somebody", s, "") for s in ("small", "large")],
            "somebody (small, large)",
        ),
        ([row("look", "a striped mover", "usual", "")], "a striped mover"),
    ],
)
def test_rows_of_a_fault_are_said_together(rows, words):
    assert saying(rows) == words


def test_half_of_the_cases_are_enough_to_say_that_it_is_noticed():
    assert summary(ONE)[:2] == ["would notice: faster (2x)", "would miss: nothing of this"]
    seldom = drill("missed", "missed", "noticed")
    assert summary(seldom)[:2] == ["would notice: nothing of this", "would miss: faster (2x)"]


def test_where_every_case_rings_anyway_that_is_said():
    lines = summary(drill("rings anyway", "rings anyway"))
    assert lines[:2] == ["would notice: nothing of this", "would miss: nothing of this"]
    assert lines[2] == "would not ring without reason at: rain (2x)"
    assert lines[3].endswith("where the untouched footage alarms as well: faster (2x)")


def test_a_covered_camera_that_rings_without_a_name_is_not_missed():
    covered = replace(row("camera", "the camera covered", "", ""), expected="camera", noticed=0)
    assert _taken_for_odd(covered)
    assert not _taken_for_odd(replace(covered, alarmed=0))
    assert not _taken_for_odd(replace(covered, noticed=1))


def test_no_alarm_says_as_much_as_training_says_of_the_same_footage():
    seen = 50 / 3600
    said = false_alarms(replace(ONE, false_alarms=0, hours=seen))
    assert said.endswith("only shows that there are fewer than 216 an hour (95 % sure)")
    assert "fewer than 216 an hour (95 % sure)" in Threshold(2.0, seen, 1.0).sentence
