"""What oddframe wrote at commit cc9e586 is read, scored, evaluated and compared as it was then.

``fixtures/version_0/make.py`` made the files with that commit's own code; ``numbers.json`` holds
what they meant to it. Where a number changes on purpose, this file says which, and why.
"""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter1d

from oddframe.cli import main
from oddframe.features.backbones.patch_features import export_network
from oddframe.features.feature_folder import FeatureFolder
from oddframe.scores.events_file import read_events
from oddframe.scores.frame_scores import Scores
from oddframe.scores.maps import read_maps
from oddframe.scores.terms import read_terms
from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.summary import summarise
from oddframe.sweeps.sweep_file import read_sweep
from oddframe.verbs.compare import compare
from oddframe.videos.manifest import Manifest

FIXTURES = Path(__file__).resolve().parent / "fixtures" / "version_0"
NUMBERS: dict[str, Any] = json.loads((FIXTURES / "numbers.json").read_text(encoding="utf-8"))
KINDS = {
    "street": (),
    "bags": ("--features", "bags/features", "--split", "val,test"),
    "squares": (),
}
WRITTEN_IN = "/tmp/oddframe-version-0"
every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("version_0")
    with zipfile.ZipFile(FIXTURES / "files.zip") as archive:
        archive.extractall(root)
    for path in (root / "bags/sweep").rglob("*.json"):
        path.write_text(path.read_text().replace(WRITTEN_IN, str(root)))
    # Only the feature network was taken out, for its size: 3 MB of the packaged weights.
    checkpoint = root / "street/run/checkpoint.pt"
    whole = torch.load(checkpoint, weights_only=True)
    whole["state"]["network"] = torch.frombuffer(bytearray(export_network()), dtype=torch.uint8)
    torch.save(whole, checkpoint)
    return root


@pytest.fixture(autouse=True)
def there(unpacked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All paths in the files are relative."""
    monkeypatch.chdir(unpacked)


def check_scores(found: Scores, kind: str, tolerance: float) -> None:
    kept = NUMBERS[kind]["scores"]
    assert set(found.values) == set(kept)
    for video, (first, middle, last, total) in kept.items():
        values = found[video].astype(float)
        looks = [values[0], values[len(values) // 2], values[-1], values.mean()]
        assert looks == pytest.approx([first, middle, last, total / len(values)], abs=tolerance)


@every_kind
def test_manifests(kind: str) -> None:
    manifest = Manifest.read(f"{kind}/{kind}.jsonl")
    rows = [[v.id, v.split, v.label, v.frames, v.fps] for v in manifest]
    assert rows == NUMBERS[kind]["videos"]
    events = {v.id: [[e.start, e.end, e.name] for e in v.events] for v in manifest}
    assert events == NUMBERS[kind]["events"]


@every_kind
def test_scores_and_events(kind: str) -> None:
    scores = Scores.read(f"{kind}/scores/scores.npz")
    check_scores(scores, kind, 1e-6)
    assert NUMBERS[kind]["meta"].items() <= scores.meta.items()
    found = read_events(f"{kind}/scores/events.json")
    rows = {v: [[d.start, d.end, d.peak, d.reason] for d in x] for v, x in found.items()}
    assert rows == NUMBERS[kind]["found"]


def test_maps_and_terms() -> None:
    for kind in ("street", "squares"):
        frames = {video[0]: video[3] for video in NUMBERS[kind]["videos"] if video[1] == "test"}
        maps = read_maps(Path(kind, "scores/maps"), frames)
        assert {video: len(part) for video, part in maps.items()} == frames
    scores = Scores.read("squares/scores/scores.npz")
    terms = read_terms(Path("squares/scores/terms"), frames)
    for video, parts in terms.items():
        weighed = 0.6 * parts["error"] + 0.4 * parts["memory_distance"]
        smoothed = gaussian_filter1d(weighed, 0.2 * 25, mode="nearest")
        np.testing.assert_allclose(smoothed, scores[video], atol=1e-5)


def test_a_fixed_camera_of_before_asks_to_be_fitted_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What it wrote is read as before; new footage is judged by other cues now."""
    words = ["score", "street/run", "street/street.jsonl", "--out", str(tmp_path / "scores.npz")]
    assert main(words) == 2
    line = capsys.readouterr().err
    assert re.search(r"checkpoint\.pt.*fitted by oddframe 0\.1, .*; fit it again", line), line
    assert line.count("\n") == 1


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"street"}))
def test_runs_score_as_they_did(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "scores.npz"
    words = (f"{kind}/run", f"{kind}/{kind}.jsonl", *KINDS[kind])
    assert main(["score", *words, "--out", str(out)]) == 0
    scores = Scores.read(out)
    check_scores(scores, kind, 1e-3)
    for video, values in Scores.read(f"{kind}/scores/scores.npz").values.items():
        np.testing.assert_allclose(scores[video], values, atol=0.01)
    assert scores.meta["threshold"] == pytest.approx(NUMBERS[kind]["meta"]["threshold"])
    found = read_events(tmp_path / "events.json")
    rows = {v: [[d.start, d.end, d.peak, d.reason] for d in x] for v, x in found.items()}
    threshold = scores.meta["threshold"]
    # A score may be the threshold itself, and the last digit of it, so a side, is the machine's.
    tied = {v for v, values in scores.values.items() if (abs(values - threshold) < 1e-6).any()}
    assert len(tied) <= 1
    before = {v: x for v, x in NUMBERS[kind]["found"].items() if v not in tied}
    assert {v: x for v, x in rows.items() if v not in tied} == before


def test_the_oracle_checkpoint_is_read(tmp_path: Path) -> None:
    words = ("bags/run", "bags/bags.jsonl", "--features", "bags/features", "--oracle")
    assert main(["score", *words, "--out", str(tmp_path / "scores.npz")]) == 0
    assert "oracle" in Scores.read(tmp_path / "scores.npz").meta["checkpoint"]


@every_kind
def test_evaluations_are_the_same(kind: str, tmp_path: Path) -> None:
    words = (f"{kind}/scores/scores.npz", f"{kind}/{kind}.jsonl")
    assert main(["evaluate", *words, "--out", str(tmp_path), "--report=false"]) == 0
    metrics = json.loads((tmp_path / "metrics.json").read_text())["metrics"]
    for name, kept in NUMBERS[kind]["metrics"].items():
        # Intervals were percentiles of resamples, which few videos make too narrow.
        assert metrics[name]["value"] == pytest.approx(kept[0], abs=1e-6), name


def test_sweeps_runs_and_scores_are_compared(tmp_path: Path) -> None:
    trial = "bags/sweep/trials/f9c551d975"  # the one that validation did not choose
    things = [Path("bags/sweep"), Path(trial), Path("bags/scores/scores.npz")]
    names = ["sweep", "run", "scores"]
    found = compare(things, out=tmp_path, names=names, resamples=20, timelines=False)
    row = {name: metrics["micro_auc"].value for name, metrics in found.models.items()}
    best, other = NUMBERS["sweep"]["98a48b61ab"], NUMBERS["sweep"]["f9c551d975"]
    kept = NUMBERS["bags"]["metrics"]["micro_auc"][0]
    assert row == pytest.approx({"sweep": best, "run": other, "scores": kept})


def test_a_sweep_goes_on_where_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    sweep = read_sweep(Path("bags/sweep.yaml"))
    folder = SweepFolder(sweep.folder)
    assert {trial.id for trial in sweep.trials()} == set(NUMBERS["sweep"])
    assert [record.state for record in folder.records()] == ["finished", "finished"]
    summary = summarise(folder)
    values = [part.test["micro_auc"].mean for part in summary.configurations]
    assert sorted(values) == pytest.approx(sorted(NUMBERS["sweep"].values()))
    folder.begin(sweep)  # the same data and settings as when it was begun
    assert main(["sweep", "bags/sweep.yaml", "--status"]) == 0
    assert "nothing left to do" in capsys.readouterr().out


def test_features_are_read_and_kept_or_made_again_alike(unpacked: Path) -> None:
    before = FeatureFolder.open("street/features")
    assert before.info["channels"] == 2560
    kept = {video: before.read(video) for video in ("fast", "large")}
    assert {video: part.shape for video, part in kept.items()} == dict.fromkeys(kept, (7, 1, 2560))
    assert main(["extract", "street/street.jsonl", "--out", "street/features"]) == 0
    after = FeatureFolder.open("street/features")
    for video, part in kept.items():
        np.testing.assert_allclose(after.read(video), part, rtol=0.01, atol=0.01)
