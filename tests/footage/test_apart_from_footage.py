"""Footage as verbs are given it: nothing is written among what is read."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from oddframe.cli import main
from oddframe.errors import OddframeError
from oddframe.footage.given import Footage
from oddframe.media.video_writing import VideoWriter
from oddframe.verbs.prepare import prepare


def film(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(path, 25, (64, 48)) as video:
        for grey in (40, 90, 140):
            video.write(np.full((48, 64, 3), grey, np.uint8))
    return path


def test_nothing_is_written_among_the_footage(tmp_path):
    films = tmp_path / "films"
    film(films / "a" / "1.mp4")
    (films / "b").mkdir()
    for i in range(3):
        cv2.imwrite(str(films / "b" / f"{i}.png"), np.full((6, 8), 10 * i, np.uint8))
    manifest = tmp_path / "m.jsonl"
    prepare("folder", films, manifest)
    (tmp_path / "linked").symlink_to(films)
    for footage, out in (
        (films, films),
        (films, tmp_path / "linked"),
        (films, films / "a" / ".."),
        (films / "b", films / "b"),
        *((manifest, place) for place in (films, films / "a", films / "b")),
    ):
        with pytest.raises(OddframeError, match="is a folder of the footage itself"):
            Footage.given(footage).read(out=out)
    for footage, out in (
        (films, films / "run"),
        (films, tmp_path),
        (films / "a" / "1.mp4", films / "a"),  # one's own choice of a place beside it
        (manifest, films / "a" / "run"),
        (manifest, tmp_path),
        (manifest, None),
    ):
        assert Footage.given(footage).read(out=out).videos


@pytest.mark.parametrize("verb", ["train", "extract"])
def test_a_verb_refuses_its_own_footage_and_leaves_it_as_it_was(tmp_path, verb, capsys):
    film(tmp_path / "films" / "1.mp4")
    assert main([verb, str(tmp_path / "films"), "--out", str(tmp_path / "films")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        f"oddframe: {tmp_path / 'films'}: is a folder of the footage itself, and nothing is "
        f"written among footage; give --out a folder of its own, such as {tmp_path}/films/results"
    )
    assert [path.name for path in (tmp_path / "films").iterdir()] == ["1.mp4"]


def test_a_manifest_does_not_take_the_place_of_a_film(tmp_path):
    path = film(tmp_path / "films" / "1.mp4")
    before = path.read_bytes()
    with pytest.raises(OddframeError, match=r"1\.mp4: the manifest must .* such as .*1\.jsonl"):
        prepare("folder", tmp_path / "films", path)
    assert path.read_bytes() == before
