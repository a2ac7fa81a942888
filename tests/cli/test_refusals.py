"""A refused command leaves nothing behind: no folder, no file, whatever verb it was."""

from contextlib import suppress

import numpy as np
import pytest
import torch

from oddframe.cli import main
from oddframe.cli.verbs import VERBS
from oddframe.errors import OddframeError
from oddframe.files.atomic import begun_in, write_text
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.fixture
def refused(tmp_path, capsys):
    """Runs a command that has to be refused; returns the line."""

    def run(*words):
        before = files(tmp_path)
        capsys.readouterr()
        assert main([str(word) for word in words]) == 2
        assert files(tmp_path) == before
        return capsys.readouterr().err.splitlines()[-1]

    return run


@pytest.fixture
def damaged(tmp_path):
    """A manifest of two videos that were readable once."""
    names = ("a", "b")
    for name in names:
        (tmp_path / f"{name}.mp4").write_text("text\n" * 99)
    videos = [Video(name, f"{name}.mp4", "train", "normal", 400, 25.0, 64, 48) for name in names]
    return Manifest("damaged", tuple(videos)).write(tmp_path / "damaged.jsonl")


def test_training_that_is_refused_late(street, bags, damaged, refused, tmp_path):
    out = tmp_path / "new" / "run"
    film = street.film(tmp_path / "short.mp4", street.images(2, 1))
    assert "at least 4 seconds" in refused("train", film, "--out", out)
    assert "fewer than two parts that can be decoded" in refused("train", damaged, "--out", out)
    words = ("train", bags.manifest, "--features", bags.features, "--out", out)
    if not torch.cuda.is_available():
        assert "1 GPU wanted" in refused(*words, "--device", "cuda")
    other = Manifest.read(bags.manifest)
    other = Manifest("x", (*other.videos, Video("gone", "", "train", "normal", 40, 25.0, 0, 0)))
    words = ("train", other.write(tmp_path / "m.jsonl"), *words[2:])
    assert "gone" in refused(*words)


def test_a_default_detector_names_the_option_that_was_given(street, refused, tmp_path):
    words = ("train", street.root / "normal", "--out", tmp_path / "run")
    for options in (["--device", "cuda"], ["--oracle"], ["--nodes", "2"]):
        line = refused(*words, *options)
        assert line.endswith(f"is fitted in one go on the CPU; leave out {options[0]}")
    line = refused(*words, "--device", "cuda", "--precision", "64-true", "--oracle")
    assert line.endswith("leave out --device and --precision and --oracle")


def test_extracting_scoring_and_what_follows(street, bags, damaged, refused, tmp_path):
    out = tmp_path / "new" / "out"
    assert "none of 2 videos" in refused("extract", damaged, "--out", out)
    score = ("score", street.run, damaged, "--split", "train", "--out", out / "scores.npz")
    assert "none of 2 videos" in refused(*score)
    random = np.random.default_rng(0)
    scores = {name: random.random(7) for name in ("a", "b")}
    np.savez(tmp_path / "short.npz", **scores)
    short = tmp_path / "short.npz"
    evaluate = ("evaluate", short, bags.manifest, "--out", out)
    assert "scores" in refused(*evaluate)
    assert "scores" in refused(
        "compare", short, short, "--names", "a,b", *evaluate[3:], "--manifest", bags.manifest
    )
    assert "no such" in refused("import", "rtfm", tmp_path / "gone.pkl", "--out", out)
    assert "expected one file per crop" in refused("merge-crops", bags.features, "--out", out)
    assert "folder" in refused(
        "prepare", "ucf-crime", tmp_path, "--legacy-lists", out / "lists", "--out", out / "m.jsonl"
    )
    assert "cannot be run yet" in refused("reproduce", "rtfm-ucf-crime", "--out", out)
    (tmp_path / "sweep.yaml").write_text("detector: rtfm\n")
    refused("sweep", tmp_path / "sweep.yaml", "--out", out)


def test_only_a_beginning_is_taken_back(tmp_path):
    def refuse(*written):
        with suppress(OddframeError), begun_in(tmp_path / "a" / "b", "config", "x/settings"):
            for name in written:
                write_text(tmp_path / "a" / "b" / name, "x")
            raise OddframeError("no")

    refuse()
    assert files(tmp_path) == []
    refuse("config", "x/settings")
    assert files(tmp_path) == []
    refuse("config", "state")
    assert files(tmp_path / "a" / "b") == ["config", "state"]
    refuse("config", "x/settings")  # config was there before
    assert files(tmp_path / "a" / "b") == ["config", "state"]
    for error, left in ((ValueError, []), (KeyboardInterrupt, ["c", "c/config"])):
        with pytest.raises(error), begun_in(tmp_path / "c", "config"):
            raise error(write_text(tmp_path / "c" / "config", "x"))
        assert [name for name in files(tmp_path) if name.startswith("c")] == left


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"demo"}))
@pytest.mark.parametrize("address", ["rtsp://admin:hunter2@192.0.2.7/x", "https:/a:hunter2@h"])
def test_no_verb_repeats_a_password(verb, address, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words in ([address], [address, address], [address, "--out", address, "--nothing", address]):
        assert main([verb, *words]) == 2
        out = capsys.readouterr()
        assert "hunter2" not in out.out + out.err
