"""The default detector in a drill: troubles of the camera by name, what must not ring, runners."""

from __future__ import annotations

import pytest
from tests.made.street import Street

from oddframe.drills.drilling import drill_run
from oddframe.drills.faults import FAULTS
from oddframe.drills.request import DrillRequest
from oddframe.drills.result import Drill, Row
from oddframe.runs.run_folder import read_run


@pytest.fixture(scope="module")
def drilled(street: Street, tmp_path_factory: pytest.TempPathFactory) -> Drill:
    """Faults of the camera itself, and everything three times as fast, once each.

    Not out of focus: at 128 pixels the street has no finer edges than a lens out of focus shows.
    """
    faults = [
        one
        for one in FAULTS
        if one.strength == "3x" or (one.kind == "camera" and "focus" not in one.name)
    ]
    out = tmp_path_factory.mktemp("drilled")
    return drill_run(DrillRequest(read_run(street.run), out=out, cases=1, faults=faults)).drill


def named(rows: list[Row]) -> dict[str, bool | None]:
    return {f"{row.name} {row.strength}".strip(): row.is_good for row in rows}


def test_troubles_of_the_camera_are_named_as_such(drilled: Drill) -> None:
    assert named([row for row in drilled.rows if row.expected == "camera"]) == {
        "the camera covered": True,
        "the camera moved 1 %": True,
        "the camera moved 5 %": True,
        "the stream frozen": True,
    }


def test_light_noise_and_rain_do_not_ring(drilled: Drill) -> None:
    assert named([row for row in drilled.rows if row.expected == "quiet"]) == {
        "brighter light gamma 0.7": True,
        "darker light gamma 1.4": True,
        "warmer light": True,
        "noise as at night sigma 8": True,
        "rain": True,
    }


def test_what_is_three_times_as_fast_is_noticed(drilled: Drill) -> None:
    assert named([row for row in drilled.rows if row.expected == "odd"]) == {
        "everything faster 3x": True
    }
