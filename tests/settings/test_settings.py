"""Settings: their ranges, beside their names, and what is refused, in one voice."""

import math
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, get_args, get_type_hints

import pytest
from tests.made.every_detector import every

from oddframe.bags.losses import LossVariant
from oddframe.cli.choices_help import settings_table
from oddframe.clips.config import PredictionConfig
from oddframe.detectors import load_given
from oddframe.detectors.weakly_supervised.mgfn.detector import LOSS_WEIGHTS
from oddframe.errors import OddframeError
from oddframe.networks.flow import FLOWS
from oddframe.settings.checked import CheckedSettings, settings_of
from oddframe.settings.ranges import Range, range_of, setting
from oddframe.settings.reading import read_settings


@dataclass(frozen=True)
class Example:
    """Settings of nothing.

    Attributes:
        steps: how many.
        rate: how fast.
    """

    steps: int = setting(10, at_least=1)
    rate: float = setting(0.1, above=0, at_most=1)
    loss: Literal["official", "paper"] = "official"
    depths: tuple[int, int, int] = setting((3, 3, 2), at_least=1)
    scaled: bool = True
    free: float = 0.0
    file: str = ""


@dataclass(frozen=True)
class Other(Example, CheckedSettings):
    steps: int = 20
    rate: float = setting(0.5, at_least=0.25)
    file: str = "here"


def test_values_take_the_types_of_the_configuration() -> None:
    found = read_settings(
        Example,
        "x",
        {"steps": 5.0, "rate": 1, "loss": "paper", "depths": [1, 2, 3], "scaled": False},
    )
    assert found == Example(5, 1.0, "paper", (1, 2, 3), False)
    assert isinstance(found.steps, int)
    assert isinstance(found.rate, float)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"steps": 1.5}, "--settings.steps: expected a whole number below 2^31, found 1.5"),
    ({"steps": 10**400}, "--settings.steps: expected a whole number below 2^31, found 1000"),
    ({"steps": 1 << 31}, "--settings.steps: expected a whole number below 2^31, found 2147483648"),
    ({"steps": True}, "--settings.steps: expected a number, found True"),
    ({"steps": 0}, "--settings.steps: expected 1 or more, found 0"),
    ({"rate": math.nan}, "--settings.rate: expected a number, found nan"),
    ({"rate": math.inf}, "--settings.rate: expected a number, found inf"),
    ({"rate": 1e300}, "--settings.rate: expected more than 0 and at most 1, found 1e+300"),
    ({"free": 10**400}, "--settings.free: expected a number below 1e300, found 1000"),
    ({"rate": "fast"}, "--settings.rate: expected a number, found 'fast'"),
    ({"rate": 1.5}, "--settings.rate: expected more than 0 and at most 1, found 1.5"),
    ({"loss": "other"}, "--settings.loss: expected one of official, paper, found 'other'"),
    ({"loss": 1}, "--settings.loss: expected one of official, paper, found 1"),
    ({"depths": [1, 2]}, "--settings.depths: expected a list of 3 numbers, found [1, 2]"),
    ({"depths": [1, 2, "x"]}, "--settings.depths: expected a number, found 'x'"),
    ({"depths": [1, 0, 1]}, "--settings.depths: expected 1 or more, found 0"),
    ({"scaled": 1}, "--settings.scaled: expected true or false, found 1"),
    ({"file": 3}, "--settings.file: expected text, found 3"),
]


@pytest.mark.parametrize(("settings", "words"), WRONG)
def test_anything_else_is_one_clear_line(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(OddframeError) as caught:
        read_settings(Example, "x", settings)
    assert str(caught.value).startswith(words)


def test_an_unknown_name_is_told_with_those_that_there_are() -> None:
    with pytest.raises(OddframeError) as caught:
        read_settings(Example, "x", {"stepz": 1})
    assert str(caught.value) == (
        "--settings.stepz: x has no such setting; did you mean 'steps'? it has depths, file, free, "
        "loss, rate, scaled, steps"
    )


def test_a_subclass_keeps_the_bounds_that_it_does_not_name() -> None:
    assert range_of(Other, "steps") == Range(at_least=1)
    assert range_of(Other, "rate") == Range(at_least=0.25, above=0, at_most=1)
    assert Other().steps == 20
    for settings, words in (({"steps": 0}, "1 or more"), ({"rate": 0.2}, "0.25 to 1")):
        with pytest.raises(OddframeError, match=f"expected {words}, found"):
            Other(**settings)


@pytest.mark.parametrize(
    ("bounds", "words", "inside", "outside"),
    [
        ({"at_least": 1}, "1 or more", (1, 7), (0, -1)),
        ({"at_most": 2.5}, "at most 2.5", (-9, 2.5), (2.6,)),
        ({"above": 0}, "more than 0", (1e-9,), (0, -1)),
        ({"below": 1}, "below 1", (0.99, -5), (1, 2)),
        ({"at_least": 16, "at_most": 4096}, "16 to 4096", (16, 4096), (15, 4097)),
        ({"at_least": 0, "below": 1}, "at least 0 and below 1", (0, 0.99), (-0.1, 1)),
        ({"above": 0, "below": 1}, "more than 0 and below 1", (0.5,), (0, 1)),
        ({"multiple_of": 8}, "a multiple of 8", (0, 8, 24), (4, 9)),
        (
            {"at_least": 16, "at_most": 64, "multiple_of": 8},
            "a multiple of 8, 16 to 64",
            (16, 24, 64),
            (8, 20, 72),
        ),
        ({}, "", (-1e9, 0, 1e9), ()),
    ],
)
def test_a_range_in_words_and_numbers(bounds, words, inside, outside) -> None:
    found = Range(**bounds)
    assert str(found) == words
    assert all(number in found for number in inside)
    assert not any(number in found for number in outside)


def test_help_shows_what_is_allowed() -> None:
    lines = settings_table(Example).splitlines()
    assert lines[:4] == [
        "  --settings.steps 10 (1 or more)",
        "      how many.",
        "  --settings.rate 0.1 (more than 0 and at most 1)",
        "      how fast.",
    ]
    assert lines[4:] == [
        "  --settings.loss official (one of official, paper)",
        "  --settings.depths [3, 3, 2] (3 numbers, each 1 or more)",
        "  --settings.scaled true (true or false)",
        "  --settings.free 0.0 (a number)",
        "  --settings.file '' (text)",
    ]


@every()
def test_every_detector_refuses_what_is_out_of_range(name: str) -> None:
    kind = load_given(name).CONFIG
    assert all(field.default is not MISSING for field in fields(kind))
    kind()  # the defaults are allowed
    for part, allowed in settings_of(kind).items():
        wrong: list[Any] = [None, ["word", "word", "word"]]
        bounds = allowed.range
        wrong += [] if bounds.at_least is None else [bounds.at_least - 1]
        wrong += [] if bounds.at_most is None else [bounds.at_most + 1]
        wrong += [bound for bound in (bounds.above, bounds.below) if bound is not None]
        if isinstance(allowed.default, tuple):
            wrong = [(value, *allowed.default[1:]) for value in wrong]
        for value in wrong:
            with pytest.raises(OddframeError, match=rf"^--settings\.{part}: expected .*, found "):
                kind(**{part: value})


@every()
def test_every_setting_is_explained_by_itself(name: str) -> None:
    lines = settings_table(load_given(name).CONFIG).splitlines()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("  --"):
            assert after.startswith("      "), line
            assert not after.strip().startswith(("of ", "the same ")), line


def test_tables_have_an_entry_for_each_choice() -> None:
    assert set(LOSS_WEIGHTS) == set(get_args(LossVariant))
    assert get_args(get_type_hints(PredictionConfig)["flow"]) == ("none", *FLOWS)
