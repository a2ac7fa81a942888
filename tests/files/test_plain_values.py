"""Values against types: what fits comes back, everything else is one line that says where."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddframe.errors import OddframeError
from oddframe.files.plain_values import typed
from oddframe.sweeps.trial_record import Attempt, TrialRecord

TRIAL = {
    "trial": {"id": "a", "configuration": "b", "settings": {}, "varied": {}, "seed": 1},
    "state": "running",
    "attempts": [{"began": "2026-01-01T00:00:00", "exit": None}],
    "stopped_at": None,
}


@dataclass(frozen=True)
class Part:
    name: str
    size: float = 1.0


@pytest.mark.parametrize(
    ("value", "hint", "wanted"),
    [
        (3, int, 3),
        (3, float, 3.0),
        (None, str | None, None),
        ([1, 2], tuple[int, int], (1, 2)),
        ([1.5], tuple[float, ...], (1.5,)),
        ({"a": [True]}, dict[str, list[bool]], {"a": [True]}),
        ("x", Literal["x", "y"], "x"),
        ({"name": "n", "size": 2}, Part, Part("n", 2.0)),
        ([{"name": "n"}], tuple[Part, ...], (Part("n"),)),
        ({"x": {1: 2}}, Any, {"x": {1: 2}}),
    ],
)
def test_what_fits(value, hint, wanted):
    found = typed(value, hint, "f")
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("value", "hint", "message"),
    [
        (True, int, "f: expected a whole number, found True"),
        (1.5, int, "f: expected a whole number, found 1.5"),
        (float("nan"), float, "f: expected a number, found nan"),
        (10**30, float, "f: expected a number, found"),
        ("1", int | None, "f: expected a whole number or nothing, found '1'"),
        ([1], tuple[int, int], "f: expected 2 values, found 1"),
        ([1, "x"], list[int], r"f\[1\]: expected a whole number, found 'x'"),
        ({"a": 1}, dict[str, str], "f.a: expected words, found 1"),
        ({1: 1}, dict[str, int], "f: expected words as names, found 1"),
        ({}, Part, "f: 'name' is missing"),
        ({"name": "n", "more": 1}, Part, "f: expected name, size, found 'more'"),
        ("z", Literal["x", "y"], "f: expected one of x, y, found 'z'"),
        ("\x1b", Literal["x"], r"found '\\x1b'"),
    ],
)
def test_what_does_not_fit(value, hint, message):
    with pytest.raises(OddframeError, match=message):
        typed(value, hint, "f")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3)
    ),
    max_leaves=6,
)


@given(place=st.sampled_from([*TRIAL, "trial.seed", "attempts.0"]), value=PLAIN)
def test_record_with_any_value_is_read_or_refused(place, value):
    row = {**TRIAL, "trial": dict(TRIAL["trial"]), "attempts": list(TRIAL["attempts"])}
    if place == "trial.seed":
        row["trial"]["seed"] = value
    elif place == "attempts.0":
        row["attempts"][0] = value
    else:
        row[place] = value
    with suppress(OddframeError):
        found = typed(row, TrialRecord, "trial.json")
        assert all(isinstance(attempt, Attempt) for attempt in found.attempts)
