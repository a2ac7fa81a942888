"""Drills side by side, against counts made by hand."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from oddframe.cli import main
from oddframe.comparison.drilled import DrillComparison
from oddframe.drills.result import Case, Drill


def case(name: str, number: int, verdict: str, expected: str = "odd") -> Case:
    return Case(
        kind="pace",
        name=name,
        size="",
        strength="2x",
        expected=expected,  # ty: ignore[invalid-argument-type]
        video="a",
        begins=4.0,
        lasts=8.0,
        verdict=verdict,  # ty: ignore[invalid-argument-type]
        alarmed=verdict == "noticed",
        camera="",
        delay=1.0 + number if verdict == "noticed" else None,
        peak=2.0,
        shown=50,
        place=None,
        reason="",
        boxes=(),
        surprise=0.8,
        picture=f"cases/{name}-{number}.jpg",
    )


def drill(*verdicts: str) -> Drill:
    cases = [case("faster", number, verdict) for number, verdict in enumerate(verdicts)]
    return Drill(
        run="run",
        run_sha256="0" * 64,
        detector="toy",
        threshold=1.0,
        promise="",
        footage="1 video",
        held_out=True,
        seed=0,
        size=(64, 48),
        stretches=3,
        cases=(*cases, case("rain", 0, "missed", "quiet")),
        left_out={},
        false_alarms=1,
        hours=0.1,
        camera_alarms=0,
        one_sided=None,
    )


ONE = drill("noticed", "noticed", "missed", "rings anyway")
OTHER = drill("missed", "noticed", "noticed", "noticed")


def folders(tmp_path: Path) -> list[str]:
    for name, one in (("one", ONE), ("other", OTHER)):
        one.write(tmp_path / name)
    return [str(tmp_path / "one"), str(tmp_path / "other")]


def test_drills_are_compared_by_the_verb(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "out"
    assert main(["compare", *folders(tmp_path), "--out", str(out)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1].split() == [
        "faster",
        "2x",
        "2",
        "of",
        "3",
        "1.5",
        "s",
        "3",
        "of",
        "4",
        "3.0",
        "s",
    ]
    assert "one notices 67 % of odd things, AUC 0.800" in said
    assert "one alone notices 1 of the cases that both have, other alone 1" in said
    content = json.loads((out / "comparison.json").read_text())
    assert content["drills"]["other"]["share_noticed"] == 0.75
    assert content["rows"][0]["drills"]["one"]["noticed"] == 2
    assert "2 of 3" in (out / "comparison.html").read_text()


def test_the_file_of_a_drill_stands_for_its_folder(tmp_path: Path, capsys) -> None:
    files = [str(Path(folder) / "drill.json") for folder in folders(tmp_path)]
    assert main(["compare", *files, "--out", str(tmp_path / "out")]) == 0
    assert "one notices 67 % of odd things, AUC 0.800" in capsys.readouterr().out.splitlines()


def test_a_drill_and_something_else_are_not_compared(tmp_path: Path, capsys) -> None:
    (tmp_path / "run").mkdir()
    words = ["compare", folders(tmp_path)[0], str(tmp_path / "run"), "--out", str(tmp_path / "out")]
    assert main(words) == 2
    assert "drills are compared with drills" in capsys.readouterr().err


def test_drills_of_other_footage_are_doubted() -> None:
    same = DrillComparison({"a": ONE, "b": OTHER})
    assert same.doubt == ""
    elsewhere = DrillComparison({"a": ONE, "b": replace(OTHER, footage="2 videos")})
    assert "different footage" in elsewhere.doubt
    assert elsewhere.doubt in elsewhere.text()


def test_a_row_that_one_drill_lacks_is_empty_there() -> None:
    without = replace(OTHER, cases=OTHER.cases[:-1])
    rows = DrillComparison({"a": ONE, "b": without}).rows
    assert [row.name for row, _ in rows] == ["faster", "rain"]
    assert set(rows[1][1]) == {"a"}
