"""Detectors from outside the package: a file that is named, an installed one; and whom to trust."""

import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml

import oddframe
from oddframe.cli import main
from oddframe.console.words import HELD_OUT
from oddframe.detectors import available, load, load_given
from oddframe.detectors.plugins import PREFIX
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media.opening import probe
from oddframe.runs.run_folder import read_run

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "example_detector.py"
SCORED = 1 + EXAMPLE.read_text().partition("odd.max()), ")[0].count("\n")
"""The line of the example that makes a score."""


@pytest.fixture(scope="module")
def example(street, tmp_path_factory):
    """The example of the documentation, copied, and a run that it was trained with."""
    folder = tmp_path_factory.mktemp("own")
    file = shutil.copy(EXAMPLE, folder / "mine.py")
    words = ["train", street.root / "normal", "--detector", file, "--out", folder / "run"]
    assert main([str(word) for word in words]) == 0
    return folder


@pytest.fixture(autouse=True)
def no_file_is_loaded_before():
    def taken():
        names = [name for name in sys.modules if name.startswith(PREFIX)]
        return {name: sys.modules.pop(name) for name in names}

    others = taken()
    yield
    taken()
    sys.modules.update(others)


@pytest.fixture
def refused(capsys):
    def run(*words):
        capsys.readouterr()
        assert main([str(word) for word in words]) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        return err

    return run


def test_the_example_finds_what_is_odd(street, example, capsys):
    run = read_run(example / "run", detector=str(example / "mine.py"))
    assert run.config["detector"] == "brightness"
    assert run.config["settings"]["columns"] == 16
    assert f"of {HELD_OUT}" in run.detector.notes["threshold"]
    out = example / "scores" / "scores.npz"
    words = ("score", example / "run", street.root / "large.mp4", "--out", out, "--report")
    assert main([*map(str, words), "--detector", str(example / "mine.py")]) == 0
    said = capsys.readouterr().out
    assert re.search(r"large  0:0[23]\.\d to 0:0[56]\.\d  score .* is not as bright as usual", said)
    scores = oddframe.Scores.read(out)["large"]
    start, end = street.event
    assert scores[start:end].min() > scores[:start].max()


def test_its_settings_are_explained_and_checked(street, example, refused, capsys, tmp_path):
    assert main(["train", "--detector", str(example / "mine.py"), "--help"]) == 0
    said = capsys.readouterr().out
    assert (
        "settings of brightness:\n  --settings.columns 16 (1 or more)\n      parts of the" in said
    )
    words = ("train", street.root / "normal", "--out", tmp_path / "r", "--detector")
    line = refused(*words, example / "mine.py", "--settings.colums", 3)
    assert "--settings.colums: brightness has no such setting; did you mean 'columns'?" in line
    line = refused(*words, example / "mine.py", "--settings.columns", 0)
    assert "--settings.columns: expected 1 or more, found 0" in line


def test_nothing_held_out_is_not_said_to_be(street, example, tmp_path):
    film = street.film(tmp_path / "one.mp4", street.images(2, 1))
    run = oddframe.train(film, tmp_path / "run", detector=str(example / "mine.py"), track=[])
    assert "held-out" not in run.detector.notes["threshold"]
    assert "that the detector has learnt from as well" in run.detector.notes["threshold"]


def test_a_run_names_its_file_and_never_runs_it(street, example, refused, tmp_path):
    """As somebody gets it who is sent a run folder, with a file that would do harm."""
    sent, trace = tmp_path / "run", tmp_path / "trace"
    shutil.copytree(example / "run", sent)
    evil = sent / "mine.py"
    evil.write_text(EXAMPLE.read_text() + f"open({str(trace)!r}, 'w').close()\n")
    config = yaml.safe_load((sent / "config.yaml").read_text())
    for name in ("brightness", str(evil), "./mine.py"):
        config |= {"detector": name, "detector_source": {"file": str(evil), "sha256": "0" * 64}}
        (sent / "config.yaml").write_text(yaml.safe_dump(config))
        assert f"was trained with the file {evil}" in refused("score", sent, "a.mp4")
        (sent / "options.yaml").write_text(f"detector: {evil}\n")
        line = refused("score", "--config", sent / "options.yaml", sent, "a.mp4")
        assert "run only where the command line names it" in line
        (sent / "checkpoint.pt").rename(sent / "last.pt")
        words = ("train", street.root / "normal", "--out", sent, "--resume")
        assert f"was trained with the file {evil}" in refused(*words)
        (sent / "last.pt").rename(sent / "checkpoint.pt")
    (sent / "sweep.yaml").write_text(
        f"detector: {evil}\nmanifest: {sent}/manifest.jsonl\ngrid: {{rows: [1]}}\n"
    )
    assert "run only where" in refused("sweep", sent / "sweep.yaml", "--out", tmp_path / "s")
    assert not trace.exists()
    # Who names it has it run, and is told that it is another file.
    with pytest.warns(OddframeWarning, match="is not the file that .* was trained with"):
        read_run(sent, detector=str(evil))
    assert trace.exists()


def test_a_run_that_goes_on_needs_its_file_again(street, example, refused):
    words = ("train", street.root / "normal", "--out", example / "run", "--resume")
    assert "give it again: --detector" in refused(*words)
    assert main([*map(str, words), "--detector", str(example / "mine.py")]) == 0
    line = refused(*words, "--detector", "fixed-camera")
    assert "begun with detector brightness" in line
    line = refused("score", example / "run", "a.mp4", "--detector", "rtfm")
    assert "trained with the detector 'brightness', and rtfm is 'rtfm'" in line


def test_unknown_detectors(tmp_path):
    with pytest.raises(OddframeError, match="no such file; --detector takes a name or a file"):
        load_given("./mine.py")
    with pytest.raises(OddframeError, match="unknown detector 'rtf'; did you mean 'rtfm'"):
        load_given("rtf")
    with pytest.raises(OddframeError, match="a file's code is run only where the file is named"):
        load(str(EXAMPLE))
    with (tmp_path / "huge.py").open("wb") as stream:
        stream.truncate(20 << 30)  # a hole, which takes no space
    with pytest.raises(OddframeError, match=r"huge\.py: expected a detector in Python, .* at most"):
        load_given(str(tmp_path / "huge.py"))
    shutil.copy(EXAMPLE, tmp_path / "mine.txt")
    with pytest.raises(OddframeError, match="expected a Python file"):
        load_given(str(tmp_path / "mine.txt"))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package with the example as an entry point."""
    shutil.copy(EXAMPLE, tmp_path / "brightness_module.py")
    information = tmp_path / "brightness-2.5.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: brightness\nVersion: 2.5\n")
    points = "[oddframe.detectors]\nbrightness = brightness_module\nother = brightness_module\n"
    (information / "entry_points.txt").write_text(f"{points}broken = not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("brightness_module", None)


def test_an_installed_detector_has_a_name(package, example, street, refused, tmp_path):
    assert {"brightness", "rtfm"} <= set(available())
    assert load("brightness").CONFIG().rows == 12
    run = oddframe.train(
        street.root / "calm.mp4", tmp_path / "run", detector="brightness", track=[]
    )
    assert run.config["detector_source"] == {"package": "brightness 2.5"}
    assert read_run(tmp_path / "run").source == {"package": "brightness 2.5"}
    with pytest.raises(OddframeError, match=r"DETECTOR\.name is 'brightness', expected 'other'"):
        load("other")
    with pytest.raises(OddframeError, match="'broken' of the package brightness: cannot be loa"):
        load("broken")
    assert "there is a detector 'brightness' already" in refused(
        "score", example / "run", "a.mp4", "--detector", example / "mine.py"
    )


def test_a_mistake_in_a_package_is_told_where_it_is(package, street, refused, tmp_path):
    code = EXAMPLE.read_text().replace("odd.max()), ", "'x'), ")
    (package / "brightness_module.py").write_text(code)
    words = ("train", street.root / "calm.mp4", "--detector", "brightness", "--out", tmp_path / "r")
    assert f"brightness_module.py line {SCORED}: ValueError: could not conv" in refused(*words)


def test_a_run_of_a_package_that_is_gone_names_it(package, street, tmp_path, monkeypatch):
    oddframe.train(street.root / "calm.mp4", tmp_path / "run", detector="brightness", track=[])
    monkeypatch.setattr(sys, "path", [part for part in sys.path if part != str(package)])
    with pytest.raises(OddframeError, match=r"comes from the package brightness 2\.5; install it"):
        read_run(tmp_path / "run")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"mean": self.mean', '"mean": {1: self.mean}', ", mean: expected names as text, found 1"),
        ('"mean": self.mean', '"mean": [self]', ", mean, item 0: expected tensors, arrays of numb"),
        ('"mean": self.mean', '"mean": np.array([self])', "found an array of object; change what"),
        ("odd.max()), ", "'x'), ", f"mine.py line {SCORED}: ValueError: could not convert string"),
    ],
)
def test_mistakes_in_a_file_are_told_where_they_are(
    street, refused, tmp_path, before, after, message
):
    file, out = tmp_path / "mine.py", tmp_path / "run"
    file.write_text(EXAMPLE.read_text().replace(before, after))
    assert message in refused("train", street.root / "calm.mp4", "--detector", file, "--out", out)
    assert not out.exists()


def test_a_state_without_what_from_state_asks_for_is_told_so(street, refused, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(EXAMPLE.read_text().replace('"mean": self.mean', '"middle": self.mean'))
    line = refused("train", street.root / "calm.mp4", "--detector", file, "--out", tmp_path / "run")
    assert "detector 'brightness' does not fit its from_state (" in line
    assert re.search(r"mine\.py line \d+: it lacks 'mean', which from_state asks for\)", line)


SCORE = re.findall(r"return \[FrameScore.*\]", EXAMPLE.read_text())[0]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (
            "FrameScore(number,",
            "FrameScore(number + 1,",
            "expected a FrameScore of frame 0 next, found 1; its stream must give every",
        ),
        (
            "[FrameScore(number",
            "[(number",
            "expected a FrameScore of frame 0 next, found tuple; its stream must give every",
        ),
        (
            "float(odd.max())",
            "float('nan') if number == 7 else 1.0",
            "expected a finite score of frame 7, found nan",
        ),
        ("float(odd.max())", "'high'", "expected a finite score of frame 0, found 'high'"),
        (SCORE, "return None", "expected a list of FrameScore from its stream, found NoneType"),
        (SCORE, "return []", "expected a score of each of the {} frames, found 0"),
        (SCORE, f"{SCORE}[: number < 9]", "expected a score of each of the {} frames, found 9"),
    ],
)
def test_every_frame_has_a_score_in_its_place(
    street, example, refused, tmp_path, before, after, found
):
    file = tmp_path / "mine.py"
    assert EXAMPLE.read_text().count(before) == 1
    file.write_text(EXAMPLE.read_text().replace(before, after))
    calm = street.root / "calm.mp4"
    said = f"detector brightness: {calm}: {found.format(probe(calm).frames)}"
    assert said in refused("train", calm, "--detector", file, "--out", tmp_path / "run")
    with (
        pytest.warns(OddframeWarning, match="or has changed since"),
        pytest.raises(OddframeError, match=re.escape(said)),
    ):
        oddframe.score(example / "run", calm, out=tmp_path / "s.npz", detector=str(file))
