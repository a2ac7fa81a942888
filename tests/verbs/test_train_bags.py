"""Training on bags from the command line, scoring with the run, and what can go wrong."""

import importlib
import json
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from oddframe.bags.training import BagTraining
from oddframe.cli import main
from oddframe.detectors.weakly_supervised.sultani import CONFIG
from oddframe.errors import OddframeError
from oddframe.runs.curve import read_curve
from oddframe.runs.run_folder import read_run
from oddframe.scores.frame_scores import Scores
from oddframe.training import loop
from oddframe.training.hardware import Hardware
from oddframe.videos.manifest import Manifest

QUICK = ("--detector", "sultani", "--settings.steps", "30", "--settings.validate_every", "10")


def score(run: Path, *words: str) -> int:
    return main(["score", str(run), *words])


@pytest.fixture(scope="module")
def run(bags, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    options = ("--settings.learning_rate", "0.01", "--oracle", "--settings.steps", "60")
    assert bags.train(folder, *QUICK, *options) == 0
    return folder


def test_a_trained_run_finds_the_planted_moments(bags, run: Path, tmp_path: Path) -> None:
    scores = tmp_path / "scores.npz"
    assert (
        score(run, str(bags.manifest), "--features", str(bags.features), "--out", f"{scores}") == 0
    )
    out = tmp_path / "evaluation"
    words = ["evaluate", str(scores), str(bags.manifest), "--out", str(out), "--report=false"]
    assert main(words) == 0
    metrics = json.loads((out / "metrics.json").read_text())["metrics"]
    assert metrics["micro_auc"]["value"] > 0.9
    found = Scores.read(scores)
    assert found.meta["causal"] is False
    assert "G-mean" in found.meta["threshold_source"]
    for video in Manifest.read(bags.manifest).split("test"):
        assert len(found[video.id]) == video.frames


def test_the_run_folder_says_how_it_was_made(bags, run: Path) -> None:
    config = yaml.safe_load((run / "config.yaml").read_text())
    assert config["detector"] == "sultani"
    assert config["settings"]["steps"] == 60
    assert config["features_info"]["crops"] == 2
    assert config["fitted_on"] == {
        "videos": 36,
        "anomalous": 18,
        "minutes": pytest.approx(9.9, 0.2),
    }
    assert config["selected"]["val"]["video_auc"] > 0.9
    assert "looks at oracle" in (run / "log.txt").read_text()
    curve = read_curve(run / "metrics.jsonl")
    assert {line["split"] for line in curve} == {"train", "val", "oracle"}
    best = max(
        (x for x in curve if x["split"] == "val"), key=lambda x: (x["video_auc"], -x["loss"])
    )
    assert best["video_auc"] > 0.9
    assert sorted(f.name for f in run.glob("*.pt")) == ["checkpoint.pt", "oracle.pt"]


def test_the_oracle_checkpoint_is_marked_wherever_it_scores(
    bags, run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "oracle.npz"
    words = (str(bags.manifest), "--features", str(bags.features), "--out", str(out), "--oracle")
    assert score(run, *words) == 0
    assert "oracle" in Scores.read(out).meta["checkpoint"]


def test_a_folder_of_features_needs_no_manifest(bags, run: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.npz"
    assert score(run, str(bags.features), "--out", str(out)) == 0
    found = Scores.read(out)
    assert len(found) == 56
    array = np.load(bags.features / "test_00.npy")
    assert len(found["test_00"]) == 16 * len(array)


def test_killed_and_resumed_from_the_command_line(bags, tmp_path: Path) -> None:
    options = [*QUICK, "--settings.steps", "4000", "--settings.validate_every", "20"]
    words = ["train", str(bags.manifest), "--features", str(bags.features), "--device", "cpu"]
    words += ["--out", str(tmp_path / "run"), *options]
    process = subprocess.Popen([sys.executable, "-m", "oddframe", *words])
    deadline = time.monotonic() + 300
    while not (tmp_path / "run" / "last.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    assert process.wait() != 0
    kept = torch.load(tmp_path / "run" / "last.pt", weights_only=True)["step"]
    assert 0 < kept < 4000
    assert score(tmp_path / "run", str(bags.features)) == 2  # unfinished
    steps = str(kept + 20)
    short = [*QUICK, "--settings.steps", steps, "--settings.validate_every", "20"]
    assert bags.train(tmp_path / "run", *short, "--resume") == 0
    assert bags.train(tmp_path / "whole", *short) == 0
    curves = [(tmp_path / name / "metrics.jsonl").read_text() for name in ("run", "whole")]
    assert curves[0] == curves[1]


THEN_FAIL = """
from oddframe.errors import OddframeError

def then_fail(job, fabric):
    job(fabric)
    raise OddframeError("x.npy: expected this,\\nfound that")
"""


def test_two_processes_train_what_one_trains_and_fail_as_one_does(
    bags, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Spawned processes can import a module on the path, but not this one.
    (tmp_path / "then_fail.py").write_text(THEN_FAIL)
    monkeypatch.syspath_prepend(tmp_path)
    then_fail = importlib.import_module("then_fail").then_fail
    # Without dropout and batch statistics, halves of a batch have the gradient of the whole.
    config = CONFIG(steps=12, validate_every=6, batch_size=8, dropout=0.0)
    found, errors = [], []
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        folder.mkdir()
        manifest = Manifest.read(bags.manifest)
        manifest.write(folder / "manifest.jsonl")
        (folder / "config.yaml").write_text("{}")
        job = BagTraining(folder=folder, features=bags.features, detector="sultani", config=config)
        with pytest.raises(OddframeError) as failed:
            Hardware("cpu", processes=processes).launch(partial(then_fail, job))
        errors.append(str(failed.value))
        found.append(read_run(folder).detector.state()["network"])
        curve = read_curve(folder / "metrics.jsonl")
        assert [x["step"] for x in curve] == [6, 6, 12, 12]
    assert errors[0] == errors[1] == "x.npy: expected this, found that"
    for name, values in found[0].items():
        assert torch.allclose(values, found[1][name], atol=1e-5), name


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--detector", "fixed-camera"), "looks at frames, not at features"),
        (
            ("--detector", "sultani", "--settings.stepz", "1"),
            "--settings.stepz: sultani has no such setting; did you mean 'steps'?",
        ),
        (("--detector", "sultani", "--device", "tpu"), "--device: expected one of"),
        (("--detector", "sultani", "--processes", "0"), "expected at least 1"),
        (("--detector", "nothing"), "unknown detector 'nothing'"),
        (("--detector", "sultani", "--seed", "-1"), "--seed: expected a whole number from 0"),
    ],
)
def test_wrong_words_are_one_line(
    bags, tmp_path: Path, capsys: pytest.CaptureFixture, words: tuple[str, ...], message: str
) -> None:
    assert bags.train(tmp_path / "run", *words) == 2
    printed = capsys.readouterr().err.strip().splitlines()
    assert len(printed) == 1
    assert message in printed[0]


def broken(bags, folder: Path, change):
    shutil.copytree(bags.root, folder, ignore=shutil.ignore_patterns(".segments"))
    change(folder)
    return type(bags)(folder)


def rewrite(name: str, edit):
    def change(folder: Path) -> None:
        path = folder / "features" / f"{name}.npy"
        np.save(path, edit(np.load(path)))

    return change


def relabel(edit):
    def change(folder: Path) -> None:
        path = folder / "manifest.jsonl"
        header, *rows = path.read_text().splitlines()
        rows = [json.dumps(edit(json.loads(row))) for row in rows]
        path.write_text("\n".join([header, *rows]) + "\n")

    return change


def with_nan(values: np.ndarray) -> np.ndarray:
    values[3, 0, 0] = np.nan
    return values


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (rewrite("train_03", lambda a: a[:-3]), "'train_03': its features have"),
        (rewrite("train_03", with_nan), "train_03.npy: NaN or infinity in snippet 3"),
        (rewrite("train_03", lambda a: a.astype(np.float64)), "train_03.npy: expected float16"),
        (rewrite("train_03", lambda a: a[:, :1]), "train_03.npy: expected 2 crops"),
        (rewrite("train_03", lambda a: a[:, :, :8]), "train_03.npy: expected 2 crops of 16"),
        (rewrite("train_03", lambda a: a.astype(object)), "never loaded"),
        (lambda f: (f / "features" / "train_03.npy").unlink(), "no features of video 'train_03'"),
        (relabel(lambda r: r | {"label": None, "events": []}), "'train_00' has no label"),
        (relabel(lambda r: r | {"label": "normal", "events": []}), "all 24 videos are normal"),
        (relabel(lambda r: r | {"split": "test"}), "no videos in split 'train'"),
    ],
)
def test_bad_data_is_one_line(
    bags, tmp_path: Path, capsys: pytest.CaptureFixture, change, message: str
) -> None:
    copy = broken(bags, tmp_path / "copy", change)
    assert copy.train(tmp_path / "run", *QUICK) == 2
    printed = [x for x in capsys.readouterr().err.strip().splitlines() if "warning" not in x]
    assert len(printed) == 1
    assert message in printed[0]


def test_features_of_another_width_are_refused(
    bags, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    np.save(tmp_path / "x.npy", np.zeros((5, 2, 8), np.float32))
    assert score(run, str(tmp_path)) == 2
    assert "trained on features of 16 channels, these have 8" in capsys.readouterr().err


def test_losses_over_random_pairings(bags, run: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["losses", str(run), "--repeats", "6"]) == 0
    assert "std. error" in capsys.readouterr().out
    found = json.loads((run / "losses.json").read_text())
    assert set(found["splits"]) == {"train", "val", "test"}
    loss = found["splits"]["train"]["loss"]
    assert loss["low"] < loss["mean"] < loss["high"]
    assert loss["standard_error"] == pytest.approx(loss["standard_deviation"] / 6**0.5)
    assert main(["losses", str(run), "--repeats", "1"]) == 2


def test_the_random_predictor_is_a_run_like_any_other(bags, tmp_path: Path) -> None:
    assert bags.train(tmp_path / "run", "--detector", "random-scores") == 0
    outs = [tmp_path / "a.npz", tmp_path / "b.npz"]
    for out in outs:
        assert score(tmp_path / "run", str(bags.features), "--out", str(out)) == 0
    first, second = map(Scores.read, outs)
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert not np.array_equal(first["test_00"][:100], first["test_01"][:100])


def test_a_run_goes_on_only_as_it_began(
    bags, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    same = (*QUICK, "--settings.learning_rate", "0.01", "--settings.steps", "60", "--oracle")
    assert bags.train(run, *same) == 2
    assert "finished run already" in capsys.readouterr().err
    assert bags.train(run, *same, "--resume") == 0
    assert bags.train(run, *same, "--resume", "--seed", "1") == 2
    assert "begun with seed 0, now it is 1" in capsys.readouterr().err
    assert bags.train(run, *QUICK, "--oracle", "--resume") == 2
    assert "begun with --settings.steps 60, now it is 30" in capsys.readouterr().err
    other = broken(bags, tmp_path / "other", relabel(lambda r: r | {"fps": 24.0}))
    words = ("train", str(other.manifest), "--features", str(bags.features), "--out", str(run))
    assert main([*words, *same, "--resume"]) == 2
    assert "begun with another manifest" in capsys.readouterr().err


def test_a_run_keeps_to_having_an_oracle_or_not(
    bags, run: Path, capsys: pytest.CaptureFixture
) -> None:
    same = (*QUICK, "--settings.learning_rate", "0.01", "--settings.steps", "60", "--resume")
    assert bags.train(run, *same, "--oracle") == 0
    capsys.readouterr()
    assert bags.train(run, *same) == 2
    assert "was begun with --oracle" in capsys.readouterr().err


def test_states_of_a_training_that_was_given_up_are_not_taken_over(bags, tmp_path: Path) -> None:
    out = tmp_path / "run"
    out.mkdir()
    for name in ("best.pt", "oracle.pt"):
        (out / name).write_bytes(b"of another detector")
    assert bags.train(out, *QUICK) == 0
    assert sorted(f.name for f in out.glob("*.pt")) == ["checkpoint.pt"]


def test_stopped_before_the_first_step_it_begins_again(
    bags, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Hardware, "launch", stopped)
        assert bags.train(tmp_path / "run", *QUICK) == 130
    assert "begin again with the same command" in capsys.readouterr().err
    assert (tmp_path / "run" / "config.yaml").exists()
    assert bags.train(tmp_path / "run", *QUICK) == 0


def test_no_steps_give_the_untrained_network(bags, tmp_path: Path) -> None:
    assert bags.train(tmp_path / "run", *QUICK, "--settings.steps", "0") == 0
    curve = read_curve(tmp_path / "run" / "metrics.jsonl")
    assert [(line["step"], line["split"]) for line in curve] == [(0, "val")]


def test_validation_videos_of_one_class_keep_the_last_state_also_after_going_on(
    bags, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = loop.save_unfinished

    def save_and_stop(*parts) -> None:
        save(*parts)
        if parts[-1].step == 20:
            raise KeyboardInterrupt

    one = broken(
        bags,
        tmp_path / "one",
        relabel(lambda r: r | ({"label": "normal"} if r["split"] == "val" else {})),
    )
    config = ("--detector", "sultani", "--settings.validate_every", "5", "--settings.steps", "30")
    assert one.train(tmp_path / "whole", *config) == 0
    with monkeypatch.context() as patched:
        patched.setattr(loop, "save_unfinished", save_and_stop)
        assert one.train(tmp_path / "parts", *config) == 130
    assert torch.load(tmp_path / "parts" / "last.pt", weights_only=True)["step"] == 20
    assert not (tmp_path / "parts" / "checkpoint.pt").exists()
    assert one.train(tmp_path / "parts", *config, "--resume") == 0
    states = [read_run(tmp_path / name).detector.state()["network"] for name in ("whole", "parts")]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--seed", "-3"), "--seed: expected a whole number from 0"),
        (("--splits", "[nowhere]"), "no videos in split 'nowhere'; there are train, val, test"),
        (("--features", "NARROW"), "trained on features of 16 channels, these have 8"),
    ],
)
def test_losses_of_what_is_not_there(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture, words: tuple[str, ...], message: str
) -> None:
    np.save(tmp_path / "x.npy", np.zeros((5, 2, 8), np.float32))
    words = tuple(str(tmp_path) if word == "NARROW" else word for word in words)
    assert main(["losses", str(run), "--repeats", "2", *words]) == 2
    printed = capsys.readouterr().err.strip().splitlines()
    assert len(printed) == 1
    assert message in printed[0]


def test_a_run_on_merged_features_asks_for_features_of_a_new_video(
    bags, street, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    merged = broken(bags, tmp_path / "merged", lambda _: None)
    for file in merged.features.glob("*.npy"):
        array = np.load(file)
        for crop in range(2):
            np.save(file.with_name(f"{file.stem}__{crop}.npy"), array[:, crop])
        file.unlink()
    own = tmp_path / "own"
    assert main(["merge-crops", str(merged.features), "--out", str(own)]) == 0
    out = tmp_path / "run"
    words = ["train", str(bags.manifest), "--features", str(own), "--out", str(out)]
    assert main([*words, "--device", "cpu", *QUICK]) == 0
    assert score(out, str(street.root / "calm.mp4")) == 2
    assert "give --features" in capsys.readouterr().err


def test_a_network_of_another_version_is_one_clear_line(
    bags, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    shutil.copytree(run, tmp_path / "run")
    path = tmp_path / "run" / "checkpoint.pt"
    content = torch.load(path, weights_only=True)
    content["state"]["network"].pop("scorer.0.bias")
    torch.save(content, path)
    assert score(tmp_path / "run", str(bags.features)) == 2
    assert "does not fit oddframe" in capsys.readouterr().err


def test_what_a_user_should_know_is_said(
    bags, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert score(run, str(bags.features), "--out", str(tmp_path / "s.npz")) == 0
    assert "score a manifest and give --features" in capsys.readouterr().err
    other = broken(bags, tmp_path / "none", drop_validation)
    assert other.train(tmp_path / "last", *QUICK) == 0
    assert "there are no validation videos" in capsys.readouterr().err
    assert score(tmp_path / "last", str(bags.features), "--oracle") == 2
    assert "no oracle checkpoint; train another with --oracle" in capsys.readouterr().err


def drop_validation(folder: Path) -> None:
    path = folder / "manifest.jsonl"
    rows = [row for row in path.read_text().splitlines() if '"split": "val"' not in row]
    path.write_text("\n".join(rows) + "\n")
