"""What is refused, what is noticed, and that a package is whole or absent."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr
from tests.made.every_detector import EXAMPLES
from tests.made.waiting import until

import oddframe
from oddframe.cli import main
from oddframe.exporting.answers import Answers, agreement, likeness, spearman
from oddframe.files.tensor_archive import read_tensor_archive, write_tensor_archive
from oddframe.runs.run_folder import read_run

NAME = "conv-ae"


@pytest.fixture(scope="module")
def run(every_detector):
    return every_detector(NAME).run.folder


@pytest.fixture(scope="module")
def made(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "package"
    oddframe.export(run, folder)
    return folder


@pytest.fixture
def package(made, tmp_path):
    """A copy that a test may spoil."""
    return shutil.copytree(made, tmp_path / "package")


def refused(words, capsys) -> str:
    capsys.readouterr()  # of what was made before
    assert main([*map(str, words)]) == 2
    lines = [part for part in capsys.readouterr().err.splitlines() if "warning" not in part]
    assert len(lines) == 1
    return lines[0]


def test_a_package_holds_what_it_needs_and_no_more(made, run, capsys):
    names = {path.name for path in made.iterdir()}
    assert names == {"checkpoint.pt", "config.yaml", "network.onnx", "package.json", "parity.npz"}
    said = json.loads((made / "package.json").read_text())
    assert said["detector"] == NAME
    assert said["files"].keys() == names - {"package.json"}
    looked_at = {part["sample"]: part["frames"] for part in said["parity"]}
    assert looked_at["held out"] == 50  # all that was held out, 4 s
    assert {"black", "white", "noise", "another size", "footage, live"} < looked_at.keys()
    assert all(part["scores"] <= 1e-3 for part in said["parity"])
    assert {"numpy", "onnxruntime", "torch"} < said["made_with"].keys()
    assert main(["export", "--check", str(made)]) == 0
    assert "answers here as its run did" in capsys.readouterr().out
    assert main(["info", str(made)]) == 0
    told = capsys.readouterr().out
    assert NAME in told
    assert "those of the run that was exported" in told


def test_what_cannot_be_exported_is_one_line(every_detector, footage, run, made, tmp_path, capsys):
    out = tmp_path / "out"

    def told(name, *words, detector=()):
        folder = every_detector(name).run.folder
        return refused(["export", folder, "--out", out, *detector, *words], capsys)

    assert "learns nothing" in told("unmasking")
    assert "learns nothing" in told("random-scores")
    own = EXAMPLES[0]
    assert "its own file" in told(own, detector=["--detector", own])
    assert "leave out --features" in told(NAME, "--features", footage.features)
    assert "leave out --footage" in told("rtfm", "--footage", footage.manifest)
    assert "is a package already" in refused(["export", made, "--out", out], capsys)
    assert "something is there" in refused(["export", run, "--out", made], capsys)
    assert "give a run and --out" in refused(["export", run], capsys)
    assert "given alone" in refused(["export", run, "--check", made], capsys)
    assert "no package" in refused(["export", "--check", run], capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_run_whose_footage_is_gone_asks_for_some(run, footage, tmp_path, capsys):
    alone = shutil.copytree(run, tmp_path / "alone")
    (alone / "manifest.jsonl").unlink()
    out = tmp_path / "out"
    assert "--footage FOOTAGE" in refused(["export", alone, "--out", out], capsys)
    film = footage.manifest.parent / "calm50.mp4"
    assert main(["export", str(alone), "--out", str(out), "--footage", str(film)]) == 0
    parity = json.loads((out / "package.json").read_text())["parity"]
    assert parity[0]["frames"] == 75


FICKLE = """
from oddframe.clips.config import ClipConfig
from oddframe.clips.detector import ClipDetector
from oddframe.clips.losses import error_decibel, error_map, intensity
from oddframe.clips.terms import ClipTerms
from dataclasses import dataclass
from torch import nn


@dataclass(frozen=True)
class FickleConfig(ClipConfig):
    pass


class Fickle(ClipDetector):
    name = "fickle"
    config_type = FickleConfig

    def __init__(self, config):
        super().__init__(config)
        self.filter = nn.Conv2d(3, 3, 3, padding=1)

    def losses(self, phase, batch):
        clip = self.as_pixels(batch["clip"])
        return {"loss": intensity(self.filter(clip[:, -1]), clip[:, -1])}

    def measure(self, clip):
        made, real = self.as_unit(self.filter(clip[:, -1])), self.as_unit(clip[:, -1])
        # A number of Python, which a trace takes for a constant.
        error = error_decibel(made, real) + float(real.mean())
        return ClipTerms({"error": error}, error_map(made, real))

    def pictures(self, clip):
        return {"target": clip[:, -1]}


DETECTOR, CONFIG = Fickle, FickleConfig
"""


def test_a_package_that_answers_otherwise_is_not_written(footage, tmp_path, capsys):
    own = tmp_path / "fickle.py"
    own.write_text(FICKLE)
    small = {"size": 32, "steps": 2, "validate_every": 2}
    oddframe.train(footage.manifest, tmp_path / "run", detector=str(own), settings=small)
    out = tmp_path / "out"
    said = refused(["export", tmp_path / "run", "--out", out, "--detector", own], capsys)
    assert "would not answer as the run does" in said
    assert "differ by" in said
    assert {path.name for path in tmp_path.iterdir()} <= {"fickle.py", "run", "__pycache__"}


def spoil(path: Path, at: float = 0.5) -> None:
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 1
    path.write_bytes(content)


def test_wrong_packages_are_one_line(package, footage, capsys):
    score = ["score", package, footage.manifest, "--out", package / "s" / "scores.npz"]
    check = ["export", "--check", package]
    whole = {path.name: path.read_bytes() for path in package.iterdir()}

    def said(words):
        found = refused(words, capsys)
        for name, content in whole.items():
            (package / name).write_bytes(content)
        return found

    for words in (score, check):
        (package / "network.onnx").unlink()
        assert "network.onnx: missing; copy the whole package" in said(words)
        spoil(package / "network.onnx")
        assert "network.onnx" in (told := said(words))
        assert "SHA-256" in told
    spoil(package / "checkpoint.pt", 0.9)
    assert "checkpoint.pt: is not the file that was exported" in said(check)
    spoil(package / "parity.npz")
    assert "parity.npz: is not the file that was exported" in said(check)
    (package / "config.yaml").unlink()
    assert "config.yaml: missing" in said(check)
    described = (package / "package.json").read_text()
    (package / "package.json").write_text(described.replace("package/1", "package/9"))
    assert "found 'oddframe-package/9'" in said(check)
    content = read_tensor_archive(package / "checkpoint.pt", "a checkpoint", "make another")
    write_tensor_archive(package / "checkpoint.pt", {**content, "format": "oddframe-export/9"})
    assert "make it again with this version" in said(score)


def test_a_package_whose_answers_are_others_is_told_by_how_much(package, capsys):
    """The answers that it keeps are changed, and its sums with them."""
    from oddframe.exporting.package import read_parity, write_package, write_parity

    samples, answers = zip(*read_parity(package), strict=True)
    moved = [Answers(one.scores + 0.01, one.terms, one.maps) for one in answers]
    write_parity(package, samples, moved)
    described = json.loads((package / "package.json").read_text())
    (package / "package.json").unlink()
    kept = ("detector", "run", "run_sha256", "precision", "samples")
    write_package(package, {**{name: described[name] for name in kept}, "parity": []})
    said = refused(["export", "--check", package], capsys)
    assert "of sample 'footage' scores differ by 0.0" in said


def test_integers_rank_frames_as_floats_do(every_detector, footage, tmp_path, capsys):
    run = every_detector("future-frame").run
    out = tmp_path / "package"
    assert main(["export", str(run.folder), "--out", str(out), "--int8"]) == 0
    said = json.loads((out / "package.json").read_text())
    assert said["precision"] == "int8"
    network = (out / "network.onnx").read_bytes()
    assert network.count(b"QuantizeLinear") > 10
    detector = read_run(out).detector
    assert detector.scales != run.detector.scales
    assert detector.notes["threshold"]
    film = footage.manifest.parent / "large51.mp4"
    both = [oddframe.open_run(folder) for folder in (out, run.folder)]
    values = [
        one.score(film, out=tmp_path / f"{n}" / "scores.npz").scores.values["large51"]
        for n, one in enumerate(both)
    ]
    assert spearmanr(*values).statistic > 0.99
    assert main(["export", "--check", str(out)]) == 0
    for name, words in (("fixed-camera", "stays the one"), ("rtfm", "with --int8")):
        other = every_detector(name).run.folder
        told = refused(["export", other, "--out", tmp_path / "no", "--int8"], capsys)
        assert words in told


def test_likeness_by_hand():
    wanted = Answers(np.array([0.0, 1.0, 2.0, 6.0, 3.0, 0.5]))
    other = Answers(np.array([0.0, 2.0, 4.0, 8.0, 9.5, 1.0]))  # odd from a frame later on
    found = likeness("s", wanted, other, (5.0, 9.0), ranked=False)
    assert (found.odd, found.otherwise, found.at_threshold, found.fault) == (1, 0, 2, "")
    late = likeness("s", wanted, other, (0.8, 9.0), ranked=False)
    assert "2 of 6 are odd to one" in late.fault  # frames 1 and 2; 3 lies beside the other's 4
    ranks = likeness("s", wanted, other, (5.0, 9.0), ranked=True)
    assert f"is {spearmanr(wanted.scores, other.scores).statistic:.4f}" in ranks.fault
    tied = np.array([1.0, 1.0, 2.0, 0.0, 2.0, 2.0]), np.array([3.0, 1.0, 1.0, 0.0, 7.0, 5.0])
    assert spearman(*tied) == pytest.approx(spearmanr(*tied).statistic)


def test_a_killed_export_leaves_nothing_half(run, tmp_path):
    out = tmp_path / "package"
    command = [sys.executable, "-m", "oddframe", "export", str(run), "--out", str(out)]
    stage = tmp_path / ".package.partial" / "package"
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    until(lambda: (stage / "network.onnx").exists(), 120)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert stage.exists()
    assert not out.exists()
    oddframe.export(run, out)
    oddframe.export(check=out)
    assert [path.name for path in tmp_path.iterdir()] == ["package"]


def test_agreement_by_hand():
    wanted = Answers(np.array([0.0, 2.0, 4.9999, 7.0]), {"a": np.zeros(4)}, np.ones((4, 2, 2)))
    near = Answers(np.array([0.0005, 2.0, 5.0001, 7.0]), {"a": np.zeros(4)}, np.ones((4, 2, 2)))
    found = agreement("s", wanted, near, 5.0)
    assert found.scores == pytest.approx(5e-4)
    assert (found.odd, found.otherwise, found.at_threshold, found.fault) == (1, 0, 1, "")
    far = Answers(near.scores + np.array([0, 0, 0, 0.014]), near.terms, near.maps)
    assert "scores differ by 0.002" in agreement("s", wanted, far, 5.0).fault
    other = Answers(wanted.scores, {"a": np.array([0, 0, 0, 0.01])}, wanted.maps)
    assert "terms differ by 0.01" in agreement("s", wanted, other, 5.0).fault
    fewer = Answers(wanted.scores[:3], wanted.terms, wanted.maps)
    nan = Answers(np.full(4, np.nan), wanted.terms, wanted.maps)
    assert "scores differ by nan" in agreement("s", wanted, nan, 5.0).fault
    assert "scores differ by inf" in agreement("s", wanted, fewer, 5.0).fault
