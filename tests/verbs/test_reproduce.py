"""Reproducing a row: to the end, again, after a kill, and with things missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from oddframe.cli import main
from oddframe.errors import OddframeError
from oddframe.evaluation.result import Evaluation, Measured
from oddframe.features.feature_folder import FeatureFolder
from oddframe.media.video_writing import VideoWriter
from oddframe.reproduction.outcome import Reproduction, verdict
from oddframe.reproduction.recipe import Value
from oddframe.runs.curve import read_curve
from oddframe.scores.frame_scores import Scores
from oddframe.verbs.reproduce import reproduce
from oddframe.videos.manifest import Manifest

STEPS = 20
RECIPE: dict[str, Any] = {
    "title": "Ranking on made-up videos",
    "paper": {"citation": "nobody", "table": "none"},
    "dataset": {"name": "manifest", "address": "tests/conftest.py"},
    "needs": {
        "features": {"backbone": "onnx", "crops": "2", "channels": 16, "address": "the same"}
    },
    "train": {
        "detector": "sultani",
        "oracle": True,
        "settings": {
            "steps": STEPS,
            "validate_every": 4,
            "segments": 8,
            "batch_size": 2,
            "optimiser": "adam",
        },
    },
    "evaluate": {"metric": "micro_auc", "checkpoint": "selected"},
    "protocol": "Selected on validation; oracle on test.",
    "expected": [
        {"value": 0.999, "by": "published", "where": "a dream"},
        {"value": 0.8, "by": "measured by oddframe", "where": "here", "spread": 0.05},
    ],
    "reference": [{"value": 0.7, "by": "somebody", "where": "elsewhere"}],
}


@dataclass(frozen=True)
class Data:
    """A few of the made-up videos: eight to train on, six held out, four to test."""

    root: Path
    features: Path


@pytest.fixture(scope="module")
def data(bags: Any, tmp_path_factory: pytest.TempPathFactory) -> Data:
    folder = tmp_path_factory.mktemp("few")
    whole = Manifest.read(bags.manifest)
    few = [whole.split(split)[:count] for split, count in (("train", 8), ("val", 6), ("test", 4))]
    replace(whole, videos=tuple(chain(*few))).write(folder / "manifest.jsonl")
    return Data(folder, bags.features)


def write(folder: Path, content: dict[str, Any], name: str = "tiny.yaml") -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture(scope="module")
def done(data: Data, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Reproduction]:
    """The tiny recipe, run to its end in ``out``."""
    folder = tmp_path_factory.mktemp("reproduced")
    found = run(data, write(folder, RECIPE), folder / "out")
    return folder, found


def run(data: Data, recipe: Path, out: Path, **options: Any) -> Reproduction:
    given: dict[str, Any] = {"data": data.root, "features": data.features, **options}
    found = reproduce(str(recipe), out=out, device="cpu", **given)
    assert isinstance(found, Reproduction)
    return found


def test_runs_to_measured_beside_expected(done: tuple[Path, Reproduction]) -> None:
    folder, found = done
    run_folder = folder / "out" / "run"
    evaluation = Evaluation.read(run_folder / "report")
    assert found.measured == {
        "selected": evaluation.metrics["micro_auc"],
        "oracle": evaluation.oracle["micro_auc"],
    }
    meta = Scores.read(run_folder / "scores" / "test-oracle" / "scores.npz").meta
    assert str(meta["checkpoint"]).startswith("oracle")
    assert found.report.is_file()
    text = found.text()
    measured = found.measured["selected"].value
    assert measured is not None
    assert f"difference {measured - 0.999:+.4f}" in text
    assert "oracle: checkpoint selected on the test videos" in text
    assert "protocol: Selected on validation; oracle on test." in text
    assert "for reference, not expected here:\n  selected 0.7000 (somebody, elsewhere)" in text


def test_again_redoes_nothing(
    data: Data, done: tuple[Path, Reproduction], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, first = done
    written = ("manifest.jsonl", "run/checkpoint.pt", "run/report/metrics.json")
    files = [folder / "out" / name for name in written]
    files += sorted((folder / "out").rglob("scores.npz"))
    before = [file.stat().st_mtime_ns for file in files]
    again = run(data, folder / "tiny.yaml", folder / "out")
    assert again.measured == first.measured
    assert [file.stat().st_mtime_ns for file in files] == before
    assert capsys.readouterr().out.count("kept") == 5  # features, training, two scores, evaluation


def test_lost_and_stale_results_are_made_again(
    data: Data, done: tuple[Path, Reproduction], tmp_path: Path
) -> None:
    folder, first = done
    scores = folder / "out" / "run" / "scores" / "test" / "scores.npz"
    whole = Scores.read(scores)
    for key, stale in (("run_sha256", "of another"), ("normalisation", "per-video")):
        Scores(whole.values, {**whole.meta, key: stale}).write(scores)
        (folder / "out" / "run" / "report" / "metrics.json").unlink()
        again = run(data, folder / "tiny.yaml", folder / "out")
        assert again.measured == first.measured
        assert Scores.read(scores).meta.get(key) == whole.meta.get(key)


def test_other_settings_are_refused_in_the_same_folder(
    data: Data, done: tuple[Path, Reproduction]
) -> None:
    folder, _ = done
    other = {**RECIPE, "train": {**RECIPE["train"], "seed": 5}}
    with pytest.raises(OddframeError, match="begun with seed 0, now it is 5"):
        run(data, write(folder, other, "other.yaml"), folder / "out")


def test_killed_in_training_goes_on(
    data: Data, done: tuple[Path, Reproduction], tmp_path: Path
) -> None:
    folder, first = done
    out = tmp_path / "out"
    words = ["reproduce", str(folder / "tiny.yaml"), "--data", str(data.root)]
    words += ["--features", str(data.features), "--out", str(out), "--device", "cpu"]
    process = subprocess.Popen(
        [sys.executable, "-m", "oddframe", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "ODDFRAME_TRACK": "none"},
    )
    try:
        until = time.monotonic() + 300
        while not (out / "run" / "last.pt").exists() and process.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (out / "run" / "checkpoint.pt").exists()
    again = run(data, folder / "tiny.yaml", out)
    looks = [x["step"] for x in read_curve(out / "run" / "metrics.jsonl") if x["split"] == "val"]
    assert looks == list(range(4, STEPS + 1, 4))
    assert again.measured == first.measured


@pytest.mark.parametrize("said", ["stopped at step 3 of 20; go on with --resume", ""])
def test_ctrl_c_gives_advice_for_this_command(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt(said)

    monkeypatch.setattr("oddframe.verbs.reproduce.train", interrupted)
    with pytest.raises(KeyboardInterrupt, match=r"^stopped[^;]*; the same command goes on$"):
        run(data, write(tmp_path, RECIPE), tmp_path / "out")


def test_two_in_one_folder_are_refused(
    data: Data, done: tuple[Path, Reproduction], tmp_path: Path, held_elsewhere: Any
) -> None:
    with (
        held_elsewhere(tmp_path / "out"),
        pytest.raises(OddframeError, match="is writing in this folder"),
    ):
        run(data, done[0] / "tiny.yaml", tmp_path / "out")


def test_check_says_all_that_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "rtfm-ucf-crime", "--check", "--out", str(tmp_path / "o")]) == 2
    shown = capsys.readouterr()
    assert "missing  data      ucf-crime, no --data given" in shown.out
    assert "crcv.ucf.edu" in shown.out
    assert "oddframe fetch ucf-crime" not in shown.out  # fetch cannot get it
    assert "missing  features  i3d-resnet50, 10 crops of 2048 channels" in shown.out
    assert "github.com/tianyu0207/RTFM" in shown.out
    assert "i3d_baseline_32x2_IN_pretrain_400k.pkl" in shown.out
    assert shown.err.count("\n") == 1
    assert "missing: data (ucf-crime, no --data given) and 1 other thing" in shown.err


def test_check_prepares_and_stops_before_training(
    data: Data, done: tuple[Path, Reproduction], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--data", str(data.root), "--features", str(data.features), "--check"]
    recipe = str(done[0] / "tiny.yaml")
    assert main(["reproduce", recipe, *words, "--out", str(tmp_path / "o")]) == 0
    assert "everything is there" in capsys.readouterr().out
    assert (tmp_path / "o" / "manifest.jsonl").is_file()
    assert not (tmp_path / "o" / "run").exists()


def test_wrong_features_are_missing_ones(
    data: Data, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    needs = {"features": {**RECIPE["needs"]["features"], "channels": 2048}}
    recipe = write(tmp_path, {**RECIPE, "needs": needs})
    with pytest.raises(OddframeError, match="features"):
        run(data, recipe, tmp_path / "o")
    out = capsys.readouterr().out
    assert "wrong    features  expected onnx, 2 crops of 2048 channels" in out
    assert "has 2 crops of 16 channels" in out
    few = tmp_path / "few"
    few.mkdir()
    np.save(few / "train_00.npy", np.zeros((12, 2, 16), np.float32))
    with pytest.raises(OddframeError, match="features"):
        run(data, write(tmp_path, RECIPE, "r.yaml"), tmp_path / "o", features=few)
    assert "lacks 17 videos, first 'train_01'" in capsys.readouterr().out


@pytest.mark.parametrize("shape", [(3, 1, 8), (3, 10, 2048)])
def test_wrong_features_do_not_make_the_data_missing(
    real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], shape: tuple[int, ...]
) -> None:
    features = tmp_path / "features"
    features.mkdir()
    np.save(features / "somebody.npy", np.zeros(shape, np.float32))
    given = {"data": real_data / "annotations" / "ucf-crime", "features": features}
    with pytest.raises(OddframeError, match=r"cannot be run yet; wrong: features .*the list above"):
        reproduce("rtfm-ucf-crime", **given, out=tmp_path / "o", check=True)
    out = capsys.readouterr().out
    assert "there    data      ucf-crime, the annotation of the 290 test videos" in out
    assert ("1 crop of 8 channels" if shape[1] == 1 else "1900 of 1900 videos") in out


def test_needless_options_and_wrong_settings_are_refused(
    data: Data, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write(tmp_path, RECIPE)
    with pytest.raises(OddframeError, match="nothing here needs weights"):
        run(data, recipe, tmp_path / "o", weights=tmp_path / "w.pt")
    wrong = {**RECIPE, "train": {"detector": "sultani", "settings": {"step": 1}}}
    with pytest.raises(
        OddframeError, match=r"wrong.yaml: --settings.[a-z]+: sultani has no such setting.*'steps'"
    ):
        run(data, write(tmp_path, wrong, "wrong.yaml"), tmp_path / "o")
    given = {"features": data.features, "weights": tmp_path / "w.pt"}
    with pytest.raises(OddframeError, match=r"missing: data .* and 2 other things"):
        reproduce("mnad-prediction-ped2", **given, out=tmp_path / "o")
    out = capsys.readouterr().out
    assert "wrong    features  mnad looks at frames" in out
    assert "wrong    weights   nothing here needs weights" in out


def film(path: Path, seed: int, odd: bool = False) -> None:
    random = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(path, 10, (48, 48)) as writer:
        for frame in range(24):
            image = np.full((48, 48, 3), 90, np.uint8) + random.integers(
                0, 4, (48, 48, 3), np.uint8
            )
            image[16:32, (frame * 2) % 32 : (frame * 2) % 32 + 8] = 200
            if odd and 8 <= frame < 16:
                image[:, ::2] = 0
            writer.write(image)


def test_frames_from_a_folder_with_events(tmp_path: Path) -> None:
    for index in range(3):
        film(tmp_path / "mine" / "train" / "normal" / f"{index}.mp4", index)
    film(tmp_path / "mine" / "test" / "odd.mp4", 8, odd=True)
    film(tmp_path / "mine" / "test" / "calm.mp4", 9)
    rows = "video,start_frame,end_frame,class\ntest/odd,8,16,stripes\n"
    (tmp_path / "mine" / "events.csv").write_text(rows)
    content = {key: part for key, part in RECIPE.items() if key != "needs"}
    content["dataset"] = {
        "name": "folder",
        "options": {"events": "events.csv", "val_share": 0.34},
        "address": "a camera",
    }
    settings = {"size": 32, "width": 4, "colour": "grey", "steps": 4, "validate_every": 2}
    content["train"] = {"detector": "conv-ae", "settings": {**settings, "batch_size": 2}}
    content["score"] = {"per_video": True}
    content["evaluate"] = {**content["evaluate"], "skip_first": 2}
    content["expected"] = [
        {"value": 0.9, "by": "published", "where": "here", "row": "held-out"},
    ]
    found = reproduce(
        str(write(tmp_path, content)), data=tmp_path / "mine", out=tmp_path / "o", device="cpu"
    )
    assert isinstance(found, Reproduction)
    assert list(found.measured) == ["selected", "held-out"]
    scores = {
        row: Scores.read(tmp_path / "o" / "run" / "scores" / name / "scores.npz")
        for row, name in {"selected": "test", "held-out": "test-held-out"}.items()
    }
    assert str(scores["selected"].meta["normalisation"]).startswith("per-video")
    assert not str(scores["held-out"].meta["normalisation"]).startswith("per-video")
    text = found.text()
    assert "held-out 0.9000 (published, here)" in text
    said = [line for line in text.splitlines() if line.endswith("from frame 2 of each video on")]
    assert [line.split()[0] for line in said] == ["selected"]
    for folder, frames in {"report": 2, "report-held-out": 0}.items():
        made = Evaluation.read(tmp_path / "o" / "run" / folder)
        assert made.protocol["skip_first"] == frames


def test_features_are_extracted_and_completed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["train/normal/a", "train/normal/b", "train/anomalous/c", "train/anomalous/d"]
    names += ["val/normal/e", "val/anomalous/f", "test/normal/g", "test/anomalous/h"]
    for seed, name in enumerate(names):
        film(tmp_path / "mine" / f"{name}.mp4", seed, odd="anomalous" in name)
    rows = "video,start_frame,end_frame,class\ntest/anomalous/h,8,16,stripes\n"
    (tmp_path / "mine" / "events.csv").write_text(rows)
    need = {"backbone": "efficientnet-lite0-change", "crops": "1", "channels": 1280, "address": "-"}
    train = {"detector": "sultani", "settings": {"steps": 2, "batch_size": 2, "segments": 4}}
    dataset = {"name": "folder", "options": {"events": "events.csv"}, "address": "a camera"}
    content = {**RECIPE, "dataset": dataset, "needs": {"features": need}, "train": train}
    recipe = str(write(tmp_path, content))
    out = tmp_path / "o"
    found = reproduce(recipe, data=tmp_path / "mine", out=out, device="cpu")
    assert isinstance(found, Reproduction)
    assert list(found.measured) == ["selected"]
    features = FeatureFolder.open(out / "features")
    assert (len(features.ids), features.channels) == (len(names), 1280)
    # As if it had been killed while it extracted.
    (out / "features" / "test" / "normal" / "g.npy").unlink()
    assert main(["reproduce", recipe, "--data", str(tmp_path / "mine"), "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "to be extracted from the footage" in shown
    assert "2/5  extracting features" in shown
    assert "3/5  training: kept" in shown
    assert len(FeatureFolder.open(out / "features").ids) == len(names)


EXPECTED = Value(0.8, "published", "a table", "oracle")


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        (Measured(0.85, 0.79, 0.9), "difference +0.0500: the expected value lies inside"),
        (Measured(0.7, 0.6, 0.8), "difference -0.1000: the expected value lies inside"),
        (Measured(0.7, 0.6, 0.79), "lies above the measured 95 % interval [0.6000, 0.7900]"),
        (Measured(0.9, 0.85, 0.95), "lies below the measured 95 % interval [0.8500, 0.9500]"),
        (Measured(0.9), "there is no interval to judge it by"),
        (Measured(None, note="one class only"), "undefined (one class only)"),
    ],
)
def test_verdict(measured: Measured, said: str) -> None:
    assert said in verdict(EXPECTED, measured)


def test_verdict_knows_seeds_and_memory() -> None:
    part = replace(EXPECTED, spread=0.05, recalled=True, note="small")
    words = verdict(part, Measured(0.7, 0.6, 0.9))
    assert "it is 2.0 standard deviations of the seeds (0.050) away" in words
    assert words.startswith("oracle 0.8000 (published, recalled, not looked up again, a table; ")


def test_annotation_without_videos(real_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from oddframe.reproduction.annotation import annotation_alone

    folder = real_data / "annotations"
    counts = {
        ("ucsd-ped1", "ucsd"): "36 test clips is there and has the published counts: 4,045",
        ("shanghaitech", "shanghaitech"): "17,326 of 40,791 frames",
        ("xd-violence", "xd-violence"): "537,805 of 2,330,384 frames",
        ("avenue", "avenue"): "the annotation is another one",
        ("avenue", "ucsd"): "",
    }
    for (dataset, name), said in counts.items():
        assert said in annotation_alone(dataset, folder / name, {})
