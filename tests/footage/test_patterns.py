"""Several pieces of footage, and patterns in quotes, where footage is taken."""

import shutil

import numpy as np
import pytest

import oddframe
from oddframe.cli import main
from oddframe.errors import OddframeError
from oddframe.footage.given import Footage
from oddframe.footage.patterns import expanded, is_pattern


@pytest.fixture
def films(tmp_path):
    """Files as a camera leaves them, and one with marks of a pattern in its own name."""
    names = ("a/cam2.mp4", "a/cam10.mp4", "a/.hidden.mp4", "b/c/cam1.mp4", "a/notes.txt", "[1].mp4")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a/*.mp4", ["a/cam2.mp4", "a/cam10.mp4"]),
        ("a/cam?.mp4", ["a/cam2.mp4"]),
        ("a/cam[0-9].mp4", ["a/cam2.mp4"]),
        ("**/cam*.mp4", ["a/cam2.mp4", "a/cam10.mp4", "b/c/cam1.mp4"]),
        ("[1].mp4", ["[1].mp4"]),
        ("nowhere.mp4", ["nowhere.mp4"]),
    ],
)
def test_a_pattern_stands_for_what_looks_like_it_in_natural_order(films, pattern, names):
    assert expanded([films / pattern]) == [films / name for name in names]


def test_a_pattern_of_nothing_is_one_line_and_a_file_is_itself(films, capsys):
    assert is_pattern(films / "*.mov")
    assert not is_pattern(films / "[1].mp4")
    with pytest.raises(OddframeError, match=r"\*\.mov: expected files that look like this, found"):
        Footage.given(films / "*.mov")
    for words in (["train", "--out", str(films / "run")], ["extract", "--out", str(films / "f")]):
        assert main([words[0], str(films / "*.mov"), *words[1:]]) == 2
        assert "*.mov: expected files that look like this" in capsys.readouterr().err


def test_a_run_is_fitted_to_several_pieces_as_to_the_folder_of_them(street, tmp_path, capsys):
    """Normal footage lies in two places; together they are the street's own."""
    for name in ("0", "1", "2"):
        place = tmp_path / "films" / ("first" if name == "0" else "more") / f"{name}.mp4"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(street.root / "normal" / f"{name}.mp4", place)
    first, more = (str(tmp_path / "films" / name) for name in ("first/0.mp4", "more/*.mp4"))
    out = tmp_path / "run"
    words = ["train", first, more, "--out", str(out), *street.options(), "--drill", "false"]
    assert main(words) == 0
    manifest = oddframe.Manifest.read(out / "manifest.jsonl")
    assert sorted(video.id for video in manifest) == ["first/0", "more/1", "more/2"]
    capsys.readouterr()
    assert main(["info", str(out)]) == 0
    assert f"{first}, {tmp_path / 'films' / 'more' / '1.mp4'}" in capsys.readouterr().out
    # The same as of the folder that holds both.
    whole = tmp_path / "whole"
    oddframe.train(tmp_path / "films", whole, settings=street.settings, drill=False)
    fast = street.root / "fast.mp4"
    found = [
        oddframe.score(run, fast, out=tmp_path / name / "scores.npz", maps=False).scores["fast"]
        for name, run in (("1", out), ("2", whole))
    ]
    np.testing.assert_array_equal(found[0], found[1])


def test_a_pattern_in_the_place_of_a_run_is_footage(street, tmp_path, capsys):
    films, out = str(street.root / "fa*.mp4"), tmp_path / "o" / "scores.npz"
    assert main(["score", films, "--detector", "giorno", "--out", str(out)]) == 0
    assert main(["score", str(street.run), films, "--out", str(tmp_path / "p.npz"), "--json"]) == 0
    assert '"video": "fast"' in capsys.readouterr().out
