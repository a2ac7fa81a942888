"""Values of a saved state: what a detector takes for granted of them is checked, in one line."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from oddframe.bags.snippets import BagShape
from oddframe.detectors.one_class.mnad import Mnad, MnadConfig
from oddframe.detectors.weakly_supervised.rtfm import RTFM, RTFMConfig
from oddframe.errors import OddframeError
from oddframe.files.saved_state import SavedState

STATE = {
    "a": {
        "number": 1.5,
        "pair": [1, 2.5],
        "whole": 7,
        "words": "x",
        "array": np.ones((2, 3), np.float32),
        "settings": {"size": 1.0, "name": "n", "later": [1]},
    }
}


@dataclass(frozen=True)
class Settings:
    size: float
    name: str = "n"


def take(saved):
    part = saved.part("a")
    return (
        part.number("number", 0, 2),
        part.numbers("pair", 2, 0),
        part.whole("whole", 1, 9),
        part.words("words"),
        part.array("array", np.floating, (None, 3)).tolist(),
        part.dataclass("settings", Settings),
    )


def test_values_as_they_were_saved():
    assert take(SavedState(STATE)) == (
        1.5,
        [1.0, 2.5],
        7,
        "x",
        [[1, 1, 1]] * 2,
        Settings(1.0, "n"),
    )


WRONG = [
    None,
    "",
    -1,
    1e308,
    float("nan"),
    [],
    {},
    True,
    10**30,
    np.zeros(2),
    np.zeros((2, 3), int),
]


@pytest.mark.parametrize("name", list(STATE["a"]))
@pytest.mark.parametrize("value", [*WRONG, np.full((2, 3), np.inf)], ids=lambda v: repr(v)[:20])
def test_other_values_are_one_line(name, value):
    if name == "words" and isinstance(value, str):
        return
    with pytest.raises(OddframeError, match=rf"'a\.{name}.*(expected|is missing)") as caught:
        take(SavedState({"a": {**STATE["a"], name: value}}))
    assert "\n" not in str(caught.value)


def test_missing_values_are_named():
    for name in STATE["a"]:
        left = {key: value for key, value in STATE["a"].items() if key != name}
        with pytest.raises(OddframeError, match=f"'a.{name}' is missing"):
            take(SavedState({"a": left}))
    with pytest.raises(OddframeError, match=r"^expected names and values, found None"):
        SavedState(None)


def rtfm():
    return RTFM(RTFMConfig(width=8), BagShape(1, 16)).state()


def mnad():
    detector = Mnad(MnadConfig(size=16, width=2))
    detector.scales = dict.fromkeys((*detector.weights, "map"), (0.0, 1.0))
    return detector.state()


@pytest.mark.parametrize(
    ("kind", "made", "change", "message"),
    [
        (RTFM, rtfm, lambda s: s["network"].pop("fc1.bias"), "1 missing"),
        (RTFM, rtfm, lambda s: s["network"].update({"fc1.bias": torch.zeros(3)}), "another shape"),
        (RTFM, rtfm, lambda s: s["network"]["fc1.bias"].fill_(torch.nan), "1 not finite"),
        (RTFM, rtfm, lambda s: s["network"].update({"fc1.bias": [0.0] * 8}), "expected a tensor"),
        (RTFM, rtfm, lambda s: s["shape"].update(channels=10**9), "'shape.channels'"),
        (RTFM, rtfm, lambda s: s.update(threshold_source="x" * 10001), "words of at most 10,000"),
        (
            Mnad,
            mnad,
            lambda s: s["config"].update(size=16000),
            "size: expected a multiple of 8, 16 to 4096",
        ),
        (RTFM, rtfm, lambda s: s["shape"].update(channels=10**6), "another shape"),
        (RTFM, rtfm, lambda s: s.update(threshold=None), "'threshold': expected a number"),
        (Mnad, mnad, lambda s: s["config"].update(width=10**4), "another shape"),
        (Mnad, mnad, lambda s: s["scales"].pop("error"), "'scales.error' is missing"),
        (Mnad, mnad, lambda s: s["scales"].update(map=[0.0, 0.0]), "a deviation above 0"),
        (Mnad, mnad, lambda s: s["scales"].update(map=[0.0]), "expected 2 numbers"),
    ],
)
def test_states_of_networks(kind, made, change, message):
    state = made()
    kind.from_state(state)
    change(state)
    with pytest.raises(OddframeError, match=message):
        kind.from_state(state)
