"""The whole drill, with a real run: numbers, page, going on after a stop, and bad input."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.made.street import Street

from oddframe.cli import main
from oddframe.drills import drilling
from oddframe.drills.drilling import drill_run
from oddframe.drills.faults import FAULTS
from oddframe.drills.judging import score_clip
from oddframe.drills.kept import KEPT
from oddframe.drills.request import DrillRequest
from oddframe.drills.result import Drill, read_drill
from oddframe.errors import OddframeError
from oddframe.footage.given import Footage
from oddframe.runs.run_folder import read_run
from oddframe.verbs.train import train
from oddframe.videos.manifest import Manifest

EXAMPLE = str(Path(__file__).resolve().parents[2] / "docs" / "example_detector.py")
FEW = tuple(
    fault
    for fault in FAULTS
    if fault.name in ("everything faster", "a striped mover", "the camera covered", "rain")
    or fault.kind == "direction"
)


@pytest.fixture(scope="session")
def brightness(lane_films: Street) -> Path:
    """A run of the example's detector, trained on three videos, one of them held out."""
    run = lane_films.root / "run"
    words = ["train", str(lane_films.root / "normal"), "--out", str(run), "--detector", EXAMPLE]
    assert main(words) == 0
    return run


def request(brightness: Path, out: Path, **more) -> DrillRequest:
    return DrillRequest(read_run(brightness, detector=EXAMPLE), out=out, faults=FEW, **more)


@pytest.fixture(scope="session")
def drilled(brightness: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Drill]:
    out = tmp_path_factory.mktemp("drill") / "out"
    return out, drill_run(request(brightness, out, cases=2)).drill


def test_a_drill_is_made_of_held_out_footage_and_says_so(drilled) -> None:
    _, drill = drilled
    assert drill.held_out
    assert drill.footage == "the run's own held-out normal footage, 1 video of 0.3 minutes"
    assert drill.detector == "brightness"
    assert drill.watched == 0  # its streams cannot be copied
    assert {case.video for case in drill.cases} == {drill.cases[0].video}
    rows = {(row.name, row.strength): row for row in drill.rows}
    assert rows["the camera covered", ""].alarmed == 1  # dark everywhere; but it has no name for it
    assert rows["the camera covered", ""].noticed == 0
    assert rows["a striped mover", ""].of == 2  # one stretch has room for two draws
    assert rows["everything faster", "2x"].of == 1  # and for one of what draws nothing


def test_a_drill_is_read_as_it_was_written(drilled) -> None:
    out, drill = drilled
    assert read_drill(out) == drill
    content = json.loads((out / "drill.json").read_text())
    assert content["format"] == "oddframe-drill/1"
    assert len(content["rows"]) == len(drill.rows)
    assert sorted(path.name for path in out.iterdir()) == [
        "cases",
        "drill.html",
        "drill.json",
        "scene.jpg",
    ]


def test_the_page_shows_every_row_and_works_alone(drilled) -> None:
    out, drill = drilled
    page = (out / "drill.html").read_text()
    for row in drill.rows:
        assert row.name in page
    assert 'src="data:image/jpeg' in page
    assert "cases/" not in page
    assert "Would notice: " in page


def test_counts_are_those_of_the_cases(drilled) -> None:
    _, drill = drilled
    for row in drill.rows:
        cases = [
            case for case in drill.cases if case.row == (row.kind, row.name, row.size, row.strength)
        ]
        assert row.of == sum(case.verdict != "rings anyway" for case in cases)
        assert row.noticed == sum(case.verdict == "noticed" for case in cases)
        delays = [c.delay for c in cases if c.verdict == "noticed" and c.delay is not None]
        assert row.delay == (pytest.approx(np.median(delays)) if delays else None)


def stopped_at_the_third(monkeypatch: pytest.MonkeyPatch) -> list:
    """Ctrl-C comes when the third clip is to be scored; the clips until then."""
    seen = []

    def stopping(detector, video, before):
        seen.append(video)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return score_clip(detector, video, before)

    monkeypatch.setattr(drilling, "score_clip", stopping)
    return seen


def test_a_drill_that_was_stopped_goes_on_and_comes_to_the_same(
    brightness: Path, drilled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = stopped_at_the_third(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        drill_run(request(brightness, tmp_path / "out", cases=2))
    assert not (tmp_path / "out" / "drill.json").exists()
    monkeypatch.setattr(drilling, "score_clip", lambda *of: seen.append(of) or score_clip(*of))
    again = drill_run(request(brightness, tmp_path / "out", cases=2)).drill
    _, whole = drilled
    assert again == whole
    assert len(seen) == 1 + len(whole.cases)  # that which was stopped is done again, no other


def test_another_seed_takes_nothing_that_is_kept(brightness, tmp_path, monkeypatch) -> None:
    seen = stopped_at_the_third(monkeypatch)
    for seed in (0, 1):
        seen.clear()
        with pytest.raises(KeyboardInterrupt):
            drill_run(request(brightness, tmp_path / "out", cases=2, seed=seed))
    kept = sorted(path.name for path in (tmp_path / "out" / KEPT).iterdir())
    assert len(kept) == 4  # settings, the untouched stretch, and two cases of the second seed


def test_the_verb_and_what_it_prints(brightness: Path, tmp_path: Path, capsys, lane_films) -> None:
    """All faults; given footage that the run has learnt from, it says so."""
    learnt = sorted((lane_films.root / "normal").iterdir())
    held = {video.path for video in Manifest.read(brightness / "manifest.jsonl").split("val")}
    film = next(path for path in learnt if path.name not in held)
    words = ["drill", str(brightness), str(film), "--cases", "1", "--detector", EXAMPLE]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    for part in ("would notice: ", "would miss: ", "learnt from", str(tmp_path / "out/drill.html")):
        assert part in said
    drill = read_drill(tmp_path / "out")
    assert {case.strength for case in drill.cases if case.name == "a case left behind"} == {"10 s"}
    unmade = "a stay of 30 s and 120 s: the stretches that are watched are shorter"
    assert drill.left_out["a case left behind, small"] == unmade
    assert f"left out: a case left behind, small: {unmade}" in said
    kinds = {case.kind for case in drill.cases}
    assert kinds >= {"pace", "direction", "presence", "control", "staying", "look", "camera"}


def one_line(error: pytest.ExceptionInfo[OddframeError], *parts: str) -> None:
    text = str(error.value)
    assert "\n" not in text
    for part in parts:
        assert part in text


def test_footage_of_another_shape_is_refused(brightness: Path, tmp_path: Path) -> None:
    other = Street(tmp_path, width=256, height=80)
    film = other.film(tmp_path / "wide.mp4", other.images(5, 0))
    with pytest.raises(OddframeError) as error:
        drill_run(request(brightness, tmp_path / "out", footage=Footage.given(film)))
    one_line(error, "wide", "256x80", "128x128", "its own camera")


def test_footage_that_is_too_short_is_refused(brightness: Path, lane_films, tmp_path) -> None:
    film = lane_films.film(tmp_path / "short.mp4", lane_films.images(2, 0))
    with pytest.raises(OddframeError) as error:
        drill_run(request(brightness, tmp_path / "out", footage=Footage.given(film)))
    one_line(error, "at least 3 s", "at most 2.0 s")
    assert not (tmp_path / "out").exists()


def test_footage_without_motion_is_drilled_as_far_as_that_goes(
    brightness: Path, lane_films: Street, tmp_path: Path
) -> None:
    """Also its run's footage shows what moves here, so only paths of this film are missing."""
    film = lane_films.film(tmp_path / "still.mp4", [lane_films.images(1, 0)[0]] * 150)
    asked = request(brightness, tmp_path / "out", footage=Footage.given(film), cases=1)
    drill = drill_run(asked).drill
    assert "nothing moves in this stretch" in drill.left_out["everything faster, 2x"]
    assert any(case.kind == "camera" for case in drill.cases)


def test_a_run_whose_footage_is_gone_says_what_helps(brightness: Path, tmp_path: Path) -> None:
    moved = tmp_path / "run"
    shutil.copytree(brightness, moved)
    text = (moved / "manifest.jsonl").read_text()
    (moved / "manifest.jsonl").write_text(text.replace('"path": "', '"path": "gone/'))
    with pytest.raises(OddframeError) as error:
        drill_run(DrillRequest(read_run(moved, detector=EXAMPLE), out=tmp_path / "out"))
    one_line(error, "not there any more", "FOOTAGE", "--root")
    (moved / "manifest.jsonl").unlink()
    with pytest.raises(OddframeError) as error:
        drill_run(DrillRequest(read_run(moved, detector=EXAMPLE), out=tmp_path / "out"))
    one_line(error, "nothing says what normal footage", "FOOTAGE")


def test_a_run_of_features_cannot_be_drilled(brightness: Path, tmp_path: Path) -> None:
    class Reads:
        name = "rtfm"
        traits = replace(
            read_run(brightness, detector=EXAMPLE).detector.traits, looks_at="features"
        )

    run = replace(read_run(brightness, detector=EXAMPLE), detector=Reads())  # ty: ignore
    with pytest.raises(OddframeError) as error:
        drill_run(DrillRequest(run, out=tmp_path / "out"))
    one_line(error, "rtfm reads features")


def test_a_run_without_a_threshold_is_refused(tmp_path: Path) -> None:
    made = train(None, tmp_path / "run", detector="unmasking")
    with pytest.raises(OddframeError) as error:
        drill_run(DrillRequest(read_run(made.folder), out=tmp_path / "out"))
    one_line(error, "unmasking has no threshold", "train it on normal videos")


def test_a_file_of_another_kind_is_refused(tmp_path: Path, drilled) -> None:
    with pytest.raises(OddframeError) as error:
        read_drill(tmp_path)
    one_line(error, "oddframe drill")
    (tmp_path / "drill.json").write_text('{"format": "oddframe-events/1"}')
    with pytest.raises(OddframeError) as error:
        read_drill(tmp_path)
    one_line(error, "oddframe-drill/1")
    out, _ = drilled
    content = json.loads((out / "drill.json").read_text())
    content["cases"][0]["verdict"] = "perhaps"
    (tmp_path / "drill.json").write_text(json.dumps(content))
    with pytest.raises(OddframeError) as error:
        read_drill(tmp_path)
    one_line(error, "verdict", "perhaps")
