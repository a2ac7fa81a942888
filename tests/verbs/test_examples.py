"""The examples of the documentation, used as its reader would: found, trained, scored, reported."""

import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from oddframe.cli import main
from oddframe.runs.run_folder import read_run
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event

DOCS = Path(__file__).resolve().parents[2] / "docs"


def command(*words: object) -> None:
    assert main([str(word) for word in words]) == 0


def test_a_feature_folder_and_a_detector_of_features_in_a_file_each(tmp_path: Path) -> None:
    words = [sys.executable, str(DOCS / "example_feature_folder.py"), str(tmp_path / "toy")]
    subprocess.run(words, check=True)
    manifest, run, scores = tmp_path / "toy/manifest.jsonl", tmp_path / "run", tmp_path / "s.npz"
    own = ("--features", tmp_path / "toy/features", "--detector", DOCS / "example_bag_detector.py")
    fast = ("--settings.steps", 60, "--settings.learning_rate", 0.01, "--device", "cpu")
    command("train", manifest, *own, *fast, "--out", run)
    assert read_run(run, detector=str(own[-1])).config["settings"]["width"] == 32
    command("score", run, manifest, *own, "--out", scores)
    command("evaluate", scores, manifest, "--out", tmp_path / "result")
    metrics = json.loads((tmp_path / "result" / "metrics.json").read_text())["metrics"]
    assert metrics["micro_auc"]["value"] > 0.9
    assert "oddest-snippet" in (tmp_path / "result" / "report.html").read_text()


def test_a_detector_of_clips_in_one_file(footage, tmp_path: Path) -> None:
    run, scores = tmp_path / "run", tmp_path / "s.npz"
    own = ("--detector", DOCS / "example_clip_detector.py")
    fast = ("--settings.size", 32, "--settings.steps", 60, "--settings.learning_rate", 0.01)
    command("train", footage.manifest, *own, *fast, "--device", "cpu", "--out", run)
    command("score", run, footage.manifest, *own, "--out", scores)
    command("evaluate", scores, footage.manifest, "--out", tmp_path / "result")
    metrics = json.loads((tmp_path / "result" / "metrics.json").read_text())["metrics"]
    assert metrics["micro_auc"]["value"] > 0.8
    assert list((run / "samples").glob("*.png"))


@pytest.fixture
def tree(footage, tmp_path: Path) -> Path:
    """A data set in its native layout."""
    for video in Manifest.read(footage.manifest):
        folder = tmp_path / "data" / ("testing" if video.split == "test" else "training")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(footage.manifest.parent / video.path, folder)
    lines = "large51,38,75,thing\nfast52,38,75,runner\n"  # from 1, the last one included
    (tmp_path / "data" / "events.csv").write_text(f"video,first,last,kind\n{lines}")
    return tmp_path / "data"


SCRIPT = str(DOCS / "example_data_set.py")


@pytest.fixture
def refusal(tree: Path, tmp_path: Path, monkeypatch):
    """Runs the example in this process; the words with which it ends."""

    def run() -> str:
        monkeypatch.setattr(sys, "argv", [SCRIPT, str(tree), str(tmp_path / "mine.jsonl")])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(SCRIPT, run_name="__main__")
        return str(ended.value.code)

    return run


def test_a_data_set_and_a_detector_of_frames_in_a_file_each(tree: Path, tmp_path: Path) -> None:
    path, run, scores = tmp_path / "mine.jsonl", tmp_path / "run", tmp_path / "s.npz"
    subprocess.run([sys.executable, SCRIPT, str(tree), str(path)], check=True)
    manifest = Manifest.read(path)
    counts = {split: len(manifest.split(split)) for split in ("train", "val", "test")}
    assert counts == {"train": 2, "val": 1, "test": 3}
    assert manifest["large51"].events == (Event(37, 75, "thing"),)
    assert manifest["calm50"].label == "normal"
    own = ("--detector", DOCS / "example_detector.py")
    command("train", path, *own, "--out", run)
    command("score", run, path, *own, "--out", scores)
    command("evaluate", scores, path, "--out", tmp_path / "result")
    metrics = json.loads((tmp_path / "result" / "metrics.json").read_text())["metrics"]
    assert metrics["micro_auc"]["value"] > 0.6
    assert "runner" in (tmp_path / "result" / "report.html").read_text()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("large51,38\n", "events.csv line 4: expected whole numbers, the first and the last frame"),
        ("large51,0,9,odd\n", "events.csv line 4: expected 1 <= first <= last (1-based, last inc"),
        ("large51,1,900,odd\n", "events.csv: video 'large51': event [0, 900) 'odd' ends after the"),
        ("other,1,2,odd\n", "events.csv: there is no test video 'other'"),
        ("calm50,1,2,odd\n", "mine has 76 anomalous of 225 frames, found 78 anomalous of 225"),
    ],
)
def test_a_data_set_that_does_not_fit_is_one_line(tree: Path, refusal, line, said) -> None:
    with (tree / "events.csv").open("a") as table:
        table.write(line)
    told = refusal()
    assert said in told
    assert "\n" not in told


def test_a_part_of_a_data_set_says_so(tree: Path, tmp_path: Path, refusal, monkeypatch) -> None:
    (tree / "testing" / "calm50.mp4").unlink()
    assert "with --allow-partial" in refusal()
    words = [SCRIPT, str(tree), str(tmp_path / "mine.jsonl"), "--allow-partial"]
    monkeypatch.setattr(sys, "argv", words)
    runpy.run_path(SCRIPT, run_name="__main__")
    said = Manifest.read(tmp_path / "mine.jsonl").source
    assert "(partial: 76 anomalous of 150 frames instead of" in said
