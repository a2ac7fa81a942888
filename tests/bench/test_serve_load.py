"""The load of viewers: what is called slowed, lost and grown, and that the lines say so."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture
def load(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    spec = importlib.util.spec_from_file_location("serve_load", BENCH / "serve_load.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "serve_load", module)
    spec.loader.exec_module(module)
    return module


def result(viewers=None, unread=None, again=None, counts=None, paint=400.0):
    alone = {
        "lag_ms": 20.0,
        "lag_ms_95": 40.0,
        "judged_ms": 8.0,
        "dropped": 0.001,
        "spared": 0.0,
        "cpus": 0.7,
        "mb": 400,
        "unseen": 380,
        "threads": 30,
        "files": 20,
    }
    seen = {"counts": {"page": 50, **(counts or {})}, "cpus": 0.1, "ms": {"page": [20.0, 50.0]}}
    rows = [
        {"phase": "alone"} | alone,
        {"phase": "viewers", "seen": seen} | alone | (viewers or {}),
        {"phase": "alone again"} | alone,
        {"phase": "some read nothing", "seen": seen} | alone | (unread or {}),
        {"phase": "alone once more"} | alone,
        {"phase": "viewers again", "seen": seen} | alone | (again or {}),
        {"phase": "after"} | alone,
    ]
    return {
        "rows": rows,
        "paints": [{"paint": 300.0, "load": 350.0}, {"paint": paint, "load": 1.0}],
    }


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({}, []),
        ({"viewers": {"lag_ms": 23.0}}, [0]),
        ({"viewers": {"judged_ms": 8.9}}, [0]),
        ({"viewers": {"dropped": 0.02}}, [1]),
        ({"unread": {"spared": 0.02}}, [4]),
        ({"counts": {"still failed: TimeoutError": 1}}, [2, 5, 8]),
        ({"again": {"mb": 430}}, [9]),
        ({"paint": 1100.0}, [10]),
    ],
)
def test_what_is_worse_is_said(load, changed, wrong):
    lines = load.verdicts(result(**changed))
    assert [number for number, line in enumerate(lines) if line.startswith("NO")] == wrong
    assert len(lines) == 11


def test_each_phase_is_a_line(load):
    lines = load.table(result()["rows"])
    assert [line.split("  ")[0] for line in lines[1:]] == [*load.PHASES, "after"]
