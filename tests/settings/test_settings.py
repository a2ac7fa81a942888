"""Settings as a person gives them."""

from dataclasses import dataclass
from typing import Literal

import pytest

from oddframe.errors import OddframeError
from oddframe.settings.reading import read_settings


@dataclass(frozen=True)
class Example:
    steps: int = 10
    rate: float = 0.1
    loss: Literal["official", "paper"] = "official"
    depths: tuple[int, int, int] = (3, 3, 2)
    scaled: bool = True


def test_values_take_the_types_of_the_configuration() -> None:
    found = read_settings(
        Example,
        "x",
        {"steps": 5.0, "rate": 1, "loss": "paper", "depths": [1, 2, 3], "scaled": False},
    )
    assert found == Example(5, 1.0, "paper", (1, 2, 3), False)
    assert isinstance(found.steps, int)
    assert isinstance(found.rate, float)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"stepz": 1}, "no setting 'stepz'; did you mean 'steps'. it has depths, loss"),
        ({"steps": 1.5}, "'steps' must be a whole number below 2.31, found 1.5"),
        ({"steps": 10**400}, "'steps' must be a number, found 1000"),
        ({"steps": 1 << 31}, "'steps' must be a whole number below 2.31, found 2147483648"),
        ({"steps": True}, "'steps' must be a number"),
        ({"rate": float("nan")}, "'rate' must be a number, found nan"),
        ({"rate": "fast"}, "'rate' must be a number, found 'fast'"),
        ({"loss": "other"}, "'loss' must be one of official, paper, found 'other'"),
        ({"depths": [1, 2]}, "'depths' must be a list of 3 numbers"),
        ({"depths": [1, 2, "x"]}, "'depths' must be a number, found 'x'"),
        ({"scaled": 1}, "'scaled' must be true or false, found 1"),
    ],
)
def test_anything_else_is_one_clear_line(settings: dict, words: str) -> None:
    with pytest.raises(OddframeError, match=words.replace("[", r"\[")):
        read_settings(Example, "x", settings)
