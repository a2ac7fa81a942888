"""Reading sweep files: what they mean, and every mistake in one line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from oddframe.errors import OddframeError
from oddframe.sweeps.plan import Distribution, Stopping
from oddframe.sweeps.sweep_file import read_sweep
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

REPOSITORY = Path(__file__).resolve().parents[2]


def write_manifest(path: Path, splits: Sequence[str] = ("train", "val", "test")) -> None:
    """A normal and an anomalous video in each split."""
    videos = [
        Video(f"{split}_{label}", "", split, label, 16, 25.0, 0, 0)
        for split in splits
        for label in ("normal", "anomalous")
    ]
    Manifest("made-up", tuple(videos)).write(path)


@pytest.fixture
def base(tmp_path) -> dict[str, Any]:
    write_manifest(tmp_path / "m.jsonl")
    (tmp_path / "f").mkdir()
    return {
        "detector": "rtfm",
        "manifest": str(tmp_path / "m.jsonl"),
        "features": str(tmp_path / "f"),
    }


def write(folder: Path, row: Any) -> Path:
    path = folder / "sweep.yaml"
    path.write_text(row if isinstance(row, str) else yaml.safe_dump(row, sort_keys=False))
    return path


def test_a_short_file_and_what_it_leaves_out(tmp_path, base, monkeypatch):
    monkeypatch.chdir(tmp_path)
    base |= {"manifest": "m.jsonl", "features": "f", "grid": {"width": [8, 16]}}
    found = read_sweep(write(tmp_path, base))
    assert found.manifest == tmp_path / "m.jsonl"
    assert found.features == tmp_path / "f"
    assert found.folder == tmp_path / "sweeps" / "sweep"
    assert found.name == "sweep"
    assert [trial.settings for trial in found.trials()] == [{"width": 8}, {"width": 16}]
    assert (found.metric, found.mode, found.seeds) == ("val/video_auc", "max", (0,))
    assert (found.retries, found.cpus, found.gpus) == (1, 1.0, 0.0)
    assert (found.score, found.oracle, found.track, found.stopping) == (True, False, None, None)


def test_a_file_with_everything(tmp_path, base):
    base |= {
        "root": str(tmp_path),
        "out": str(tmp_path / "there"),
        "settings": {"steps": 100, "width": 8},
        "grid": {"dropout": [0.1, 0.5]},
        "runs": [{"k": 2}, {}],
        "seeds": [3, 5],
        "metric": "val/loss",
        "mode": "min",
        "stopping": {"grace": 20},
        "retries": 0,
        "resources": {"cpus": 0.5, "gpus": 1},
        "device": "cuda",
        "precision": "16-mixed",
        "oracle": True,
        "score": False,
        "track": "tensorboard, tensorboard=x",
    }
    found = read_sweep(write(tmp_path, base))
    assert found.root == tmp_path
    assert found.folder == tmp_path / "there"
    assert read_sweep(found.file, tmp_path / "here").folder == tmp_path / "here"
    assert found.count == len(found.trials()) == 8
    assert found.trials()[4].varied == {"k": 2}
    assert found.stopping == Stopping(20, 3)
    assert (found.cpus, found.gpus, found.retries) == (0.5, 1.0, 0)
    assert (found.metric, found.mode) == ("val/loss", "min")
    assert found.track == ["tensorboard", "tensorboard=x"]
    assert read_sweep(write(tmp_path, base | {"track": "none"})).track == []


@pytest.mark.parametrize(
    ("metric", "mode"),
    [("val/video_auc", "max"), ("val/some_precision", "max"), ("val/loss", "min")],
)
def test_the_mode_follows_from_the_name(tmp_path, base, metric, mode):
    base |= {"runs": [{}], "metric": metric}
    assert read_sweep(write(tmp_path, base), check=False).mode == mode


def test_distributions(tmp_path, base):
    base |= {
        "distributions": {
            "dropout": {"uniform": [0, 0.9]},
            "learning_rate": {"log_uniform": [0.0001, 0.01]},
            "k": {"integer": [1, 4]},
            "loss": {"choice": ["official", "paper"]},
        },
        "samples": 6,
        "seeds": 2,
    }
    found = read_sweep(write(tmp_path, base))
    assert found.distributions["k"] == Distribution("integer", (1, 4))
    assert found.distributions["loss"] == Distribution("choice", ("official", "paper"))
    assert (found.samples, found.search, found.count, found.trials()) == (6, "optuna", 12, ())


def test_numbers_may_be_written_as_on_the_command_line(tmp_path, base):
    text = yaml.safe_dump(base) + "grid: {learning_rate: [1e-3, 5e-4, 0.0001, 1E-2]}\n"
    found = read_sweep(write(tmp_path, text))
    assert found.grid["learning_rate"] == (0.001, 0.0005, 0.0001, 0.01)


def test_a_value_may_be_a_list(tmp_path, base):
    widths = [[64, 64, 64], [64, 128, 256]]
    base |= {"detector": "mgfn", "grid": {"widths": widths, "dropout": [0.0, 0.5]}}
    found = read_sweep(write(tmp_path, base)).trials()
    assert [trial.settings["widths"] for trial in found] == [
        [64, 64, 64], [64, 64, 64], [64, 128, 256], [64, 128, 256],
    ]  # fmt: skip


GRID = {"grid": {"width": [8]}}
DRAWN = {"distributions": {"dropout": {"uniform": [0, 0.9]}}, "samples": 2}


def drawn(value: Any, name: str = "dropout") -> dict[str, Any]:
    return {"distributions": {name: value}, "samples": 2}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "expected 'grid', 'runs' or 'distributions'"),
        ({**GRID, "detecter": "rtfm"}, "unknown key 'detecter'; did you mean 'detector'?"),
        ({**GRID, "stopping": {"grace": 5, "reductoin": 2}}, "did you mean 'reduction'?"),
        ({**GRID, "resources": {"cpu": 2}}, "did you mean 'cpus'?"),
        ({"grid": {"widht": [8]}}, "widht: rtfm has no such setting; did you mean 'width'?"),
        ({"runs": [{"learning_rat": 1}]}, "did you mean 'learning_rate'?"),
        ({**GRID, "settings": {"dropuot": 1}}, "did you mean 'dropout'?"),
        ({**GRID, "detector": "rftm"}, "unknown detector 'rftm'; did you mean 'rtfm'?"),
        ({**GRID, "detector": None}, "'detector': expected words"),
        ({**GRID, "detector": "mnad"}, "looks at frames, not at features"),
        ({**GRID, "features": None}, "trained on features"),
        ({**GRID, "manifest": None}, "'manifest' is missing"),
        ({**GRID, "manifest": "nowhere.jsonl"}, "no such file"),
        ({**GRID, "manifest": "videos"}, "expected a manifest (.jsonl)"),
        ({**GRID, "features": "nowhere"}, "no such folder"),
        ({**GRID, "root": "nowhere"}, "no such folder"),
        ({"grid": {"width": 8}}, "'grid.width': expected a list of values, found 8"),
        ({"grid": {"width": []}}, "'grid.width': expected a list of values"),
        ({"grid": {}}, "'grid': expected settings with a list of values each"),
        ({"grid": [8]}, "'grid': expected names and values"),
        ({"grid": {"width": ["8"]}}, "with width 8: --settings.width: expected a number"),
        ({"grid": {"width": [8, 10]}}, "with width 10: --settings.width: expected a multiple of 4"),
        ({"grid": {"seed": [1, 2]}}, "give 'seeds' beside it"),
        ({"runs": {"width": 8}}, "'runs': expected a list of settings"),
        ({"runs": [8]}, "'runs, number 1': expected names and values"),
        ({**GRID, "samples": 4}, "'samples' is about 'distributions'"),
        ({**GRID, "search": "random"}, "'search' is about 'distributions'"),
        ({**GRID, **DRAWN}, "'distributions' stand alone"),
        ({**DRAWN, "samples": None}, "'samples': expected a whole number, 1 or more"),
        ({**DRAWN, "samples": 0}, "'samples': expected a whole number, 1 or more"),
        ({**DRAWN, "search": "grid"}, "'search': expected one of random, optuna"),
        (drawn(0.5), "expected one of uniform, log_uniform"),
        (drawn({"unifrom": [0, 1]}), "unknown distribution 'unifrom'; did you mean 'uniform'?"),
        (drawn({"uniform": [0.9, 0.1]}), "the lower number first"),
        (drawn({"uniform": [0.5, 0.5]}), "the lower number first"),
        (drawn({"uniform": [0.1]}), "expected two numbers"),
        (drawn({"uniform": [0, float("inf")]}), "expected two numbers"),
        (drawn({"uniform": [0, 1.5]}), "with dropout 1.5: --settings.dropout: expected at least 0"),
        (drawn({"log_uniform": [0, 0.1]}), "numbers above 0"),
        (drawn({"integer": [1, 2.5]}, "k"), "two whole numbers"),
        (drawn({"integer": [8, 16]}, "width"), "with width 9: --settings.width: expected a mult"),
        (drawn({"uniform": [8, 16]}, "width"), "expected integer or choice for whole numbers"),
        (drawn({"choice": []}), "expected a list"),
        (drawn({"choice": ["papre"]}, "loss"), "--settings.loss: expected one of"),
        ({**GRID, "seeds": 0}, "'seeds': expected 1 to 10,000 seeds, found 0"),
        ({**GRID, "seeds": 10**12}, "'seeds': expected 1 to 10,000 seeds"),
        ({**GRID, "seeds": [1, 1]}, "a list of different ones"),
        ({**GRID, "seeds": []}, "a list of different ones"),
        ({**GRID, "seeds": [True]}, "a list of different ones"),
        ({**GRID, "seeds": [-1]}, "'seeds': expected numbers from 0"),
        ({**GRID, "metric": "test/micro_auc"}, "what is chosen on the test videos is an oracle"),
        ({**GRID, "metric": "video_auc"}, "expected a metric of the validation"),
        ({**GRID, "metric": "val/step"}, "expected a metric of the validation"),
        ({**GRID, "mode": "maximum"}, "'mode': expected one of max, min"),
        ({**GRID, "stopping": 20}, "'stopping': expected names and values"),
        ({**GRID, "stopping": {}}, "'stopping.grace' is missing"),
        ({**GRID, "stopping": {"grace": 5, "reduction": 1}}, "a whole number, 2 or more, found 1"),
        ({**GRID, "stopping": {"grace": 1500}}, "expected a grace below the 1500 steps"),
        ({**GRID, "retries": -1}, "'retries': expected a whole number, 0 or more"),
        ({**GRID, "resources": {"cpus": -1}}, "'resources.cpus': expected a number, 0 or more"),
        ({**GRID, "resources": {"cpus": 0}}, "a share of a CPU or of a GPU"),
        ({**GRID, "device": "cuda"}, "'device' is cuda, and the trials get no GPU"),
        (
            {"detector": "fixed-camera", "features": None, **DRAWN,
             "distributions": {"fit_looks": {"choice": [100, 200]}}},
            "'search': fixed-camera is fitted in one go, without a validation to learn from",
        ),
        ({**GRID, "device": "tpu"}, "--device: expected one of"),
        ({**GRID, "precision": 32}, "'precision': expected words, found 32"),
        ({**GRID, "score": "yes"}, "'score': expected true or false"),
        ({**GRID, "track": {"mlflow": 1}}, "'track': expected names of trackers"),
        ({**GRID, "track": "mlfow"}, "no tracker 'mlfow'; did you mean 'mlflow'?"),
        ({"grid": {"k": list(range(400)), "width": [8] * 300}}, "these are 120,000 trials"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_one_line_that_names_the_file(tmp_path, base, given, words):
    path = write(tmp_path, {**base, **given})
    with pytest.raises(OddframeError) as caught:
        read_sweep(path)
    message = str(caught.value)
    assert words in message
    assert message.startswith(f"{path}: ")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("splits", "given", "words"),
    [
        (("train",), {}, "no videos in split 'val' or 'test'"),
        (("train", "test"), {"stopping": {"grace": 20}}, "'stopping': expected normal and anom"),
    ],
)
def test_a_manifest_without_what_is_wanted(tmp_path, base, splits, given, words):
    write_manifest(tmp_path / "m.jsonl", splits)
    with pytest.raises(OddframeError, match=words):
        read_sweep(write(tmp_path, {**base, **GRID, **given}))


def test_a_damaged_manifest_is_found_before_anything_starts(tmp_path, base):
    (tmp_path / "m.jsonl").write_text("{")
    with pytest.raises(OddframeError, match=r"m\.jsonl"):
        read_sweep(write(tmp_path, {**base, **GRID}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- 1\n", "expected a sweep, keys and values"),
        ("", "expected a sweep, keys and values"),
        ("grid: [1\n", "expected a sweep in YAML; line 2: expected ',' or ']'"),
        ("seeds: 1\nseeds: 2\n", "expected a sweep in YAML; line 2: the key 'seeds' a second time"),
        (
            "a: 1\nb: c: d\n",
            "expected a sweep in YAML; line 2: mapping values are not allowed here",
        ),
        ("a: \x07\n", "expected a sweep in YAML; character 4: special characters are not allow"),
        ("grid: {width: [8], width: [16]}\n", "the key 'width' a second time"),
    ],
)
def test_what_is_no_sweep_file(tmp_path, text, words):
    path = write(tmp_path, text)
    with pytest.raises(OddframeError, match=str(path)) as caught:
        read_sweep(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "unicode string" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(OddframeError, match="found no such file"):
        read_sweep(tmp_path / "sweep.yaml")


def test_a_huge_grid_is_counted_and_not_expanded(tmp_path, base):
    base |= {"grid": {f"s{at}": list(range(100)) for at in range(9)}}
    with pytest.raises(OddframeError, match="these are 1,000,000,000,000,000,000 trials"):
        read_sweep(write(tmp_path, base))


def test_reading_without_checks_imports_nothing_heavy(tmp_path, base):
    path = write(tmp_path, {**base, **GRID})
    code = (
        "import sys; from pathlib import Path; from oddframe.sweeps.sweep_file import read_sweep; "
        f"from oddframe.sweeps.status import status_table; s = read_sweep(Path({str(path)!r}), "
        "check=False); print(status_table(s)); "
        "assert not {'torch', 'ray', 'optuna', 'matplotlib'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "1 trial: 1 waiting; not running" in done.stdout


RECIPES = sorted((REPOSITORY / "recipes" / "sweeps").glob("*.yaml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_sweeps_that_come_with_oddframe_fit_their_detectors(path, tmp_path, monkeypatch):
    row = yaml.safe_load(path.read_text())
    monkeypatch.chdir(tmp_path)
    for key in ("manifest", "features"):
        place = tmp_path / row[key]
        place.parent.mkdir(parents=True, exist_ok=True)
        write_manifest(place) if key == "manifest" else place.mkdir(parents=True, exist_ok=True)
    found = read_sweep(path)
    said = path.read_text().split(" trials")[0].split()[-1]
    assert found.count == int(said), "the comment says how many trials there are"


def test_there_are_sweeps_of_the_published_grids():
    counts = {path.stem: len(read_sweep(path, check=False).trials()) for path in RECIPES}
    assert counts["rtfm-ucf-crime-grid"] == 14  # 15 in the thesis, of which two are the same
    assert counts["rtfm-xd-violence-grid"] == 14
    assert counts["mgfn-ucf-crime-grid"] == 18
    assert counts["mgfn-xd-violence-grid"] == 96
    assert counts["fights-rtfm"] == 12


def test_run_51_of_the_published_product_is_the_one_that_it_singles_out():
    path = REPOSITORY / "recipes" / "sweeps" / "mgfn-xd-violence-grid.yaml"
    found = read_sweep(path, check=False).trials()[51 - 19].varied
    assert found == {
        "weight_decay": 3e-4, "contrast_scale": 1, "dropout": 0.4, "attention_dropout": 0.3,
        "selection_dropout": 0.4, "depths": [3, 2, 1],
    }  # fmt: skip
