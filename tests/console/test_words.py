"""Lists in lines for a person stay short."""

import pytest

from oddframe.console.words import first_of


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
