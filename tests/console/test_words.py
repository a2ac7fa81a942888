"""Lists in lines for a person stay short, lengths of time have the unit that fits."""

import pytest

from oddframe.console.words import duration, first_of


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, ""),
        (1, "0"),
        (3, "0, 1, 2"),
        (4, "0, 1, 2 and 1 more"),
        (1207, "0, 1, 2 and 1,204 more"),
    ],
)
def test_of_many_names_the_first_are_told(amount, text):
    assert first_of([str(number) for number in range(amount)]) == text


def test_how_many_is_the_callers():
    assert first_of(["a", "b", "c"], 2) == "a, b and 1 more"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (7.25, "7.2 s"), (45, "45 s"), (59.7, "1 min"), (125, "2 min 05 s"),
     (3599.6, "1 h 00 min"), (3840, "1 h 04 min"), (360_000, "100 h 00 min")],
)  # fmt: skip
def test_duration(seconds, text):
    assert duration(seconds) == text
