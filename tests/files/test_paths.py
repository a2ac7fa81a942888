"""Paths at the public doors: text, Path, anything that is a path; nothing that only looks so."""

import inspect
import os
import re
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

import oddframe
from oddframe.cli.verbs import VERBS
from oddframe.errors import OddframeError
from oddframe.files.paths import is_path, text_paths

CALLS = {
    "demo": {"out": "file/demo"},
    "prepare": {"dataset": "folder", "root": "nowhere", "out": "m.jsonl"},
    "export": {"run": "nowhere", "out": "package"},
    "extract": {"footage": "nowhere", "out": "features"},
    "merge_crops": {"folder": "nowhere", "out": "merged"},
    "train": {"footage": "nowhere/", "out": "run"},
    "score": {"run": "nowhere", "footage": "a.mp4"},
    "cite": {"what": "nowhere"},
    "info": {"what": "nowhere"},
    "learn": {"run": "nowhere"},
    "losses": {"run": "nowhere"},
    "drill": {"run": "nowhere", "footage": "file", "out": "out", "root": "."},
    "watch": {"what": "nowhere", "source": "lavfi:testsrc2", "state": "state"},
    "serve": {"cameras": "nowhere.yaml", "state": "state"},
    "evaluate": {"scores": "a.npz", "manifest": "nowhere.jsonl", "out": "e"},
    "compare": {"scores": ["nowhere.npz", "b.npz"], "out": "c", "manifest": "nowhere.jsonl"},
    "sweep": {"file": "nowhere.yaml"},
    "track": {"runs": "nowhere", "to": ["tensorboard"]},
    "reproduce": {"recipe": "nowhere.yaml", "data": "d", "out": "o"},
    "import_checkpoint": {"detector": "rtfm", "checkpoint": "nowhere.pkl", "out": "r"},
    "fetch": {"what": "list", "out": "nowhere"},
}
"""Arguments with which each verb gets as far as a file that is not there; fetch does not fail."""


class Bookmark:
    """A path of some other library."""

    def __init__(self, text):
        self.text = text

    def __fspath__(self):
        return self.text


@text_paths
def door(footage: Path, out: Path, *, root: Path | None = None, many: list[Path] | None = None):
    return footage, out, root, many


KINDS = [str, Path, PurePosixPath, Bookmark]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_path_arrives_as_a_path(kind):
    found = door(kind("a/b"), out=kind("c"), root=kind("d"), many=[kind("e"), kind("f/")])
    assert found == (Path("a/b"), Path("c"), Path("d"), [Path("e"), Path("f")])
    assert all(type(part) is type(Path()) for part in (*found[:3], *found[3]))
    assert door(kind("a"), kind("b"), many=kind("c"))[3] == [Path("c")]
    assert door(kind("a"), kind("b")) == (Path("a"), Path("b"), None, None)
    assert door(kind("a"), kind("b"), many=(kind("c"),))[3] == [Path("c")]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "footage: expected a path, found empty text"),
        ("a\0b", "footage: expected a path, found text with a zero byte"),
        (5, "footage: expected a path as text or as a Path, found int"),
        (None, "footage: expected a path as text or as a Path, found NoneType"),
        (b"a", "footage: expected a path as text or as a Path, found bytes"),
        (["a"], "footage: expected a path as text or as a Path, found list"),
        ("rtsp://host//stream/", "rtsp://host//stream/: footage must be a file or folder"),
        ("https://host/a.mp4", "https://host/a.mp4: footage must be"),
        (Path("rtsp://host/stream"), "rtsp://host/stream: footage must be"),
        (Path("/tmp") / "a\0", "zero byte"),
    ],
)
def test_what_is_no_path_is_one_line(value, message):
    with pytest.raises(OddframeError, match=r"^[^\n]*\Z") as error:
        door(value, "out")
    assert message in str(error.value)


def test_a_folder_with_a_colon_is_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cam:").mkdir()
    (tmp_path / "cam:" / "a").touch()
    assert door("cam:/a", "2026:11:28/b")[:2] == (Path("cam:/a"), Path("2026:11:28/b"))
    assert door("c:/videos", "d")[0] == Path("c:/videos")


def test_a_door_keeps_its_signature():
    assert str(inspect.signature(door)).startswith("(footage: pathlib.Path, out: pathlib.Path")
    with pytest.raises(TypeError, match="missing a required argument: 'out'"):
        door("a")


def test_all_verbs_with_paths_are_called():
    named = {"import": "import_checkpoint"}
    without = {"completion", "doctor"}
    assert set(CALLS) == {named.get(verb, verb.replace("-", "_")) for verb in VERBS} - without


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("kind", [str, Bookmark])
def test_every_verb_takes_text(name, kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    verb = getattr(oddframe, name)
    parameters = inspect.signature(verb, eval_str=True).parameters
    paths = [part for part in parameters if is_path(parameters[part].annotation)]
    given = {
        part: _each(kind, value) if part in paths else value for part, value in CALLS[name].items()
    }
    for part in paths:
        with pytest.raises(OddframeError, match=f"^{part}: expected a path as text or"):
            verb(**given | {part: 5})
    with nullcontext() if name == "fetch" else pytest.raises(OddframeError, match=r"nowhere|file"):
        verb(**given)


def _each(kind, value):
    return [kind(part) for part in value] if isinstance(value, list) else kind(value)


def test_readers_take_text(tmp_path, street):
    for kind in (str, Bookmark):
        manifest = oddframe.Manifest.read(kind(os.fspath(street.run / "manifest.jsonl")))
        with oddframe.open_video(kind(os.fspath(street.root / "calm.mp4"))) as video:
            assert video.info.width == street.width
        path = oddframe.Scores({v.id: [0.0] * v.frames for v in manifest}).write(
            kind(os.fspath(tmp_path / "a.npz"))
        )
        assert set(oddframe.Scores.read(kind(os.fspath(path)))) == {v.id for v in manifest}
        manifest.write(kind(os.fspath(tmp_path / "b.jsonl")))
        moved = oddframe.Manifest("m", manifest.videos, root=kind("footage"))
        assert moved.locate(moved.videos[0]) == Path("footage", moved.videos[0].path)
    for read in (oddframe.Manifest.read, oddframe.open_video, oddframe.Scores.read):
        for wrong, said in {"rtsp://cam/1": "found an address", "": "found empty text"}.items():
            with pytest.raises(OddframeError, match=said):
                read(wrong)


def test_the_example_in_the_package_docstring(street, tmp_path, monkeypatch):
    """Word for word; and each example that is added there has to be tested here."""
    examples = re.findall(r"``(oddframe\.\w+\(.*?\))``", oddframe.__doc__)
    assert examples == ['oddframe.train("normal/", "run")']
    monkeypatch.chdir(tmp_path)
    street = replace(street, fps=street.fps / 4)  # a fourth of the frames, so that it is quick
    for name in "ab":
        street.film(Path("normal", f"{name}.mp4"), street.images(11, ord(name)))
    exec(examples[0], {"oddframe": oddframe})
    scored = oddframe.score("run", "normal/a.mp4", maps=False)
    assert len(scored.scores["a"]) == round(11 * street.fps)


def test_where_something_is_written_comes_after_what_is_read():
    """``train(footage, out)``, ``evaluate(scores, manifest, out)``, ``compare(scores, out)``."""
    for name in CALLS:
        parameters = list(inspect.signature(getattr(oddframe, name)).parameters.values())
        required = [part.name for part in parameters if part.default is part.empty]
        assert all(part.kind is part.POSITIONAL_OR_KEYWORD for part in parameters[: len(required)])
        assert "out" not in required or required[-1] == "out"


def test_paths_that_lead_nowhere(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    for path in (tmp_path / "loop", tmp_path / "loop" / "a.mp4"):
        with pytest.raises(OddframeError, match=r"loop.*: footage is a link that leads back to it"):
            door(path, "out")
    with pytest.raises(OddframeError, match="out: expected a path, found half a character"):
        door("a", "\ud800")


def test_names_that_the_language_settings_cannot_write_are_told(tmp_path):
    """What says so is said: by itself Python takes UTF-8 where LC_ALL=C."""
    (tmp_path / "Köln").mkdir()
    settings = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    call = [sys.executable, "-m", "oddframe", "prepare", "folder", "Köln", "--out", "m.jsonl"]
    for more, words in (
        (settings, r"K\udcc3\udcb6ln: expected text in ascii, the encoding that LC_ALL"),
        ({"LC_ALL": "C"}, "Köln: expected videos or folders of numbered pictures, found nothing"),
    ):
        environment = {**os.environ, **more}
        ended = subprocess.run(call, cwd=tmp_path, env=environment, capture_output=True)
        assert ended.returncode == 2
        (line,) = ended.stderr.decode().splitlines()
        assert words in line
