"""Several videos and folders at once, as a shell makes them of *.mp4."""

import shutil

import numpy as np
import pytest

import oddframe
from oddframe.cli import main
from oddframe.errors import OddframeError
from oddframe.footage.given import Footage


@pytest.fixture
def shelf(street, tmp_path):
    """``a/fast.mp4``, ``b/fast.mp4``, ``b/large.mp4``, and a text."""
    for name in ("a/fast", "b/fast", "b/large"):
        target = tmp_path / "shelf" / f"{name}.mp4"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(street.root / target.name, target)
    (tmp_path / "shelf" / "b" / "notes.txt").write_text("none of it is a video")
    return tmp_path / "shelf"


def test_each_is_scored_as_alone_by_its_path_below_what_they_share(street, shelf, tmp_path):
    alone = oddframe.score(street.run, street.root / "fast.mp4", out=tmp_path / "1" / "scores.npz")
    paths = [shelf / "b" / "large.mp4", shelf / "a" / "fast.mp4", shelf / "b" / "fast.mp4"]
    found = oddframe.score(street.run, paths, out=tmp_path / "2" / "scores.npz", maps=False)
    assert list(found.scores) == ["b/large", "a/fast", "b/fast"]
    np.testing.assert_array_equal(found.scores["a/fast"], alone.scores["fast"])
    assert found.detections["b/fast"] == alone.detections["fast"]


def test_folders_and_videos_are_taken_together_and_each_once(shelf):
    given = Footage.of_all([shelf / "b", shelf / "a" / "fast.mp4", shelf / "b" / "large.mp4"])
    assert [video.id for video in given.read()] == ["b/fast", "b/large", "a/fast"]
    assert given.name == "b-and-2-more"
    assert Footage.of_all([shelf / "b"]) == Footage.given(shelf / "b")
    beside = Footage.of_all([shelf / "b" / "fast.mp4", shelf / "b" / "large.mp4"]).read()
    assert [video.id for video in beside] == ["fast", "large"]


def test_on_the_command_line_with_options_before_and_after(street, shelf, tmp_path, capsys):
    out = tmp_path / "out" / "scores.npz"
    films = sorted(map(str, (shelf / "b").glob("*.mp4")))
    assert main(["score", "--maps", "false", str(street.run), *films, "--out", str(out)]) == 0
    assert "2 odd moments in 2 of 2 videos" in capsys.readouterr().out
    assert main(["score", str(street.run), "--out", str(out), *films, "--quiet"]) == 0
    # Without a run, by a detector that needs none.
    out = tmp_path / "never" / "scores.npz"
    words = ["score", *films, "--detector", "giorno", "--out", str(out)]
    assert main(words) == 0
    assert "scored 2 videos" in capsys.readouterr().out


def test_what_is_none_is_one_line(street, shelf, tmp_path, capsys):
    fast, run = str(shelf / "a" / "fast.mp4"), str(street.run)
    for words, said in (
        ([run, fast, str(shelf / "gone.mp4")], "gone.mp4: no such video, folder or manifest"),
        ([run, fast, str(tmp_path / "m.jsonl")], "m.jsonl: a manifest is given alone, found 2"),
        ([run, fast, str(shelf / "b" / "notes.txt")], "notes.txt: "),
        ([fast, fast], "a run is missing that scores it"),
        (["--json"], "score: missing run; see"),
    ):
        assert main(["score", *words]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
    with pytest.raises(OddframeError, match="is a folder of the footage itself"):
        oddframe.score(run, [fast, shelf / "b"], out=shelf / "b" / "scores.npz")
