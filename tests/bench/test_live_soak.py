"""The soak of a live watch: what it renders, what it calls flat, and that it runs."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture
def soak(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    spec = importlib.util.spec_from_file_location("live_soak", BENCH / "live_soak.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "live_soak", module)
    spec.loader.exec_module(module)
    return module


def rows(**changed):
    row = {"hour": 2, "mb": 400.0, "threads": [9, 12], "files": [20, 30], "alarms": 0}
    return [row, row | {"hour": 4}, row | {"hour": 6} | changed]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ["yes ", "yes ", "yes "]),
        ({"mb": 430.0}, ["NO  ", "yes ", "yes "]),
        ({"threads": [10, 12]}, ["yes ", "NO  ", "yes "]),
        ({"files": [21, 30]}, ["yes ", "NO  ", "yes "]),
        ({"alarms": 2}, ["yes ", "yes ", "NO  "]),
    ],
)
def test_what_grows_is_said(soak, changed, said):
    result = {"late": [], "dropped": 0, "spared": 0, "messages": {}, "frames_per_second": 1.0}
    result |= {"camera_hours": 6.0, "wall_hours": 1.0}
    lines = soak.verdicts(result, rows(**changed), budget=6)
    assert [line[:4] for line in lines[:3]] == said


def test_a_minute_of_the_office_is_watched_and_told(
    soak, street_run, real_data, tmp_path, monkeypatch
):
    (street_run / "manifest.jsonl").unlink()  # nothing tells that the street is of another shape
    results = tmp_path / "results.txt"
    results.write_text("what was measured before\n")
    options = ["--hours", "0.02", "--work", str(tmp_path / "work"), "--results", str(results)]
    monkeypatch.setattr(sys, "argv", ["live_soak.py", str(street_run), *options])
    monkeypatch.setattr(soak, "SAMPLE", 0.3)
    soak.main()
    before, blank, date, *_, last = results.read_text().splitlines()
    assert (before, blank) == ("what was measured before", "")
    assert date.startswith("date")
    found = json.loads(last)
    assert found["camera_hours"] >= (72 - soak.LATE) / 3600 - 0.01
    assert sum(part["events"] for part in found["parts"]) > 0
