"""Scores of the same videos where nobody knows what happened, against counts made by hand."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from oddframe.cli import main
from oddframe.comparison.side_by_side import SideBySide
from oddframe.media.clock import Clock
from oddframe.scores.detections import Detection, EventRule
from oddframe.scores.events_file import write_events
from oddframe.scores.frame_scores import Scores


def scored(folder: Path, frames: int, *spans: tuple[int, int]) -> Path:
    values = np.zeros(frames, np.float32)
    events = []
    for start, end in spans:
        values[start:end] = 5.0
        events.append(Detection(start, end, start, 5.0, 5.0, reason="<b>fast</b>"))
    meta = {"detector": "toy", "run": str(folder), "threshold": 1.0}
    meta |= {"merge_seconds": 0.0, "min_seconds": 0.0}
    Scores({"a": values, "b": np.ones(20, np.float32)}, meta).write(folder / "scores.npz")
    clocks = {"a": Clock(frames, 10.0), "b": Clock(20, 10.0)}
    write_events(folder / "events.json", {"a": events, "b": []}, clocks, EventRule(1.0, 0.0, 0.0))
    return folder / "scores.npz"


@pytest.fixture
def two(tmp_path):
    one = scored(tmp_path / "one", 100, (10, 20), (30, 40), (60, 70))
    return one, scored(tmp_path / "two", 100, (35, 50), (48, 62))


def test_what_overlaps_is_one_moment(two):
    found = SideBySide.of(dict(zip(("one", "two"), two, strict=True))).moments()
    assert [(part.start, part.end, sorted(part.found)) for part in found] == [
        (10, 20, ["one"]),
        (30, 70, ["one", "two"]),
    ]


def test_the_page_says_who_finds_what_and_that_nothing_is_measured(two, tmp_path, capsys):
    out = tmp_path / "out"
    command = ["compare", *map(str, two), "--truth", "false", "--out", str(out)]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "one finds 2 odd moments" in said
    assert "one and two find 1 of them both, one alone 1, two alone 0" in said
    page = (out / "comparison.html").read_text()
    assert "no number says who is right" in page
    assert "&lt;b&gt;fast&lt;/b&gt;" in page
    content = json.loads((out / "comparison.json").read_text())
    assert [moment["start"] for moment in content["moments"]] == [10, 30]


def test_footage_with_its_events_beside_it_is_a_truth(street, tmp_path, capsys):
    films = tmp_path / "films"
    films.mkdir()
    for name in ("fast", "large"):
        shutil.copy(street.root / f"{name}.mp4", films)
    for limit in ("1", "3"):
        out = tmp_path / limit / "scores.npz"
        options = ["--threshold", limit, "--out", str(out)]
        assert main(["score", str(street.run), str(films), *options]) == 0
    command = ["compare", *(str(tmp_path / limit / "scores.npz") for limit in ("1", "3"))]
    command += ["--manifest", str(films), "--out", str(tmp_path / "out"), "--resamples", "10"]
    assert main(command) == 2
    assert "films: expected a manifest, or footage with its events" in capsys.readouterr().err
    frames = len(Scores.read(tmp_path / "1" / "scores.npz")["fast"])
    odd = [int(37 <= frame < 75) for frame in range(frames)]
    for name in ("fast", "large"):
        (films / f"{name}.csv").write_text("\n".join(map(str, odd)) + "\n")
    assert main(command) == 0
    found = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert found["videos"] == 2
    assert found["models"]["1"]["micro_auc"]["value"] > 0.8


def test_scores_of_other_videos_are_refused(two, tmp_path, capsys):
    other = scored(tmp_path / "three", 90, (10, 20))
    command = ["compare", str(two[0]), str(other), "--truth", "false"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 2
    assert "'a': 100 frames there, 90 here" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
