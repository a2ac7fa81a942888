"""``learn``: events of a scoring and of a camera become versions of a run, and are taken back."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest
from tests.made.full_disk import files_of_at_most
from tests.made.live_events import live_event

import oddframe
from oddframe.cli import main
from oddframe.errors import OddframeError
from oddframe.journal.sidecars import write_sidecar
from oddframe.journal.state_folder import StateFolder
from oddframe.media.video_writing import VideoWriter
from oddframe.runs.checkpoint import read_checkpoint
from oddframe.runs.run_folder import CHECKPOINT, read_run
from oddframe.teaching import teach as teaching


@pytest.fixture(scope="module")
def scored(street, tmp_path_factory):
    """Events of the street's odd films, in this order: fast, large."""
    root = tmp_path_factory.mktemp("odd")
    (root / "films").mkdir()
    for name in ("fast", "large"):
        shutil.copy(street.root / f"{name}.mp4", root / "films")
    found = oddframe.score(street.run, root / "films", out=root / "scores.npz", causal=True)
    assert [len(found.detections[name]) for name in ("fast", "large")] == [1, 1]
    return root


def odd(run, scored, tmp_path):
    """How many events each film has by now."""
    found = oddframe.score(run, scored / "films", out=tmp_path / "again" / "s.npz", causal=True)
    return {name: len(found.detections[name]) for name in ("fast", "large")}


def tensors(run):
    """The checkpoint's arrays, by where they are."""

    def flat(value, place):
        if isinstance(value, dict):
            for key, part in value.items():
                yield from flat(part, f"{place}/{key}")
        elif isinstance(value, np.ndarray):
            yield place, value.tobytes()
        else:
            yield place, float(value) if isinstance(value, int) else value

    return dict(flat(read_checkpoint(run / CHECKPOINT)[1]["state"], ""))


def test_an_event_that_is_normal_is_silent_until_it_is_taken_back(
    street_run, scored, tmp_path, capsys
):
    fitted = tensors(street_run)
    taught = oddframe.learn(street_run, scored, normal=["1"])
    assert [note.left for note in taught.made.lessons] == [""]
    assert read_run(street_run).version == 1
    assert odd(street_run, scored, tmp_path) == {"fast": 0, "large": 1}
    # The other one as well, and the first is still silent.
    oddframe.learn(street_run, scored / "events.json", normal=["2"])
    assert odd(street_run, scored, tmp_path) == {"fast": 0, "large": 0}
    assert main(["learn", str(street_run), "--list"]) == 0
    listed = capsys.readouterr().out
    assert "version 0: as fitted" in listed
    assert "fast 0:03" in listed
    assert "is version 2" in listed
    oddframe.learn(street_run, undo=True, version=1)
    assert odd(street_run, scored, tmp_path) == {"fast": 1, "large": 0}
    oddframe.learn(street_run, undo=True)
    assert read_run(street_run).version == 4
    assert tensors(street_run) == fitted
    with pytest.raises(OddframeError, match="nothing was taught that could be taken back"):
        oddframe.learn(street_run, undo=True)


def test_what_was_called_odd_stays_odd(street_run, scored, tmp_path):
    oddframe.learn(street_run, scored, odd=["2"])
    with pytest.warns(oddframe.OddframeWarning, match="like what you called odd"):
        taught = oddframe.learn(street_run, scored, normal=["2"])
    assert "still odd" in taught.made.lessons[0].left
    assert odd(street_run, scored, tmp_path) == {"fast": 1, "large": 1}


def test_an_event_of_a_camera_is_learnt_from_its_clip(street_run, street, scored, tmp_path):
    state = StateFolder(tmp_path / "state")
    event = live_event(camera="street")
    files = state.files_of(event)
    files.folder.mkdir(parents=True)
    shutil.copy(street.root / "fast.mp4", files.clip())
    (state.root / "journal.sqlite").touch()
    event = state.with_its_files(event)
    write_sidecar(files, event)
    taught = oddframe.learn(street_run, state.root, normal=[event.id])
    assert taught.made.lessons[0].of == event.id
    assert odd(street_run, scored, tmp_path) == {"fast": 0, "large": 1}
    files.clip().unlink()
    with pytest.raises(OddframeError, match="no film of it"):
        oddframe.learn(street_run, state.root, odd=[event.id])
    with pytest.raises(OddframeError, match="no event 0000000000000000 on disk"):
        oddframe.learn(street_run, state.root, odd=["0" * 16])
    with pytest.raises(OddframeError, match="expected the id of an event"):
        oddframe.learn(street_run, state.root, odd=["3"])


def test_an_event_of_a_camera_that_rings_earlier_than_its_run_is_learnt_too(
    street_run, street, tmp_path
):
    state, threshold = StateFolder(tmp_path / "state"), 0.8  # a third of the run's own
    event = live_event(camera="street", threshold=threshold)
    files = state.files_of(event)
    files.folder.mkdir(parents=True)
    shutil.copy(street.root / "calm.mp4", files.clip())
    (state.root / "journal.sqlite").touch()
    write_sidecar(files, state.with_its_files(event))

    def odd_frames(name: str) -> int:
        found = tmp_path / name / "s.npz"
        oddframe.score(street_run, street.root / "calm.mp4", out=found, causal=True)
        return int((np.load(found)["calm"] > threshold).sum())

    before = odd_frames("before")
    taught = oddframe.learn(street_run, state.root, normal=[event.id])
    (note,) = taught.made.lessons
    after = odd_frames("after")
    assert before > 20
    assert after < before / 4
    assert (after > 0) == ("still odd" in note.left), (after, note.left)


def test_normal_footage_is_added_without_fitting_again(street_run, scored, tmp_path):
    footage = tmp_path / "more"
    footage.mkdir()
    shutil.copy(scored / "films" / "large.mp4", footage)
    taught = oddframe.train(footage, onto=street_run)
    assert taught.version == 1
    assert odd(street_run, scored, tmp_path) == {"fast": 1, "large": 0}
    with pytest.raises(OddframeError, match="give one of them"):
        oddframe.train(footage, tmp_path / "new", onto=street_run)
    for given in ({"detector": "giorno"}, {"settings": {"fit_looks": 9}}, {"oracle": True}):
        with pytest.raises(OddframeError, match=f"--{next(iter(given))} is for another one"):
            oddframe.train(footage, onto=street_run, **given)
    with pytest.raises(OddframeError, match="give a video, folder or manifest"):
        oddframe.train(None, onto=street_run)


def test_killed_between_its_files_the_next_word_makes_the_version(
    street_run, scored, tmp_path, monkeypatch
):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(teaching, "write_checkpoint", killed)
        with pytest.raises(KeyboardInterrupt):
            oddframe.learn(street_run, scored, normal=["1"])
    assert read_run(street_run).version == 0, "the version before, whole"
    oddframe.learn(street_run, scored, normal=["2"])
    assert read_run(street_run).version == 2
    assert odd(street_run, scored, tmp_path) == {"fast": 0, "large": 0}


def test_a_full_disk_leaves_the_version_before(street_run, scored):
    with (
        files_of_at_most(20_000),
        pytest.raises(OddframeError, match=r"cannot be written|No space|too large"),
    ):
        oddframe.learn(street_run, scored, normal=["1"])
    assert read_run(street_run).version == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--normal 9", "no event 9; there are 2, counted from 1 on"),
        ("--normal 1 --odd 1", "called both normal and odd"),
        ("", "say which events are normal or odd"),
        ("--undo --normal 1", "--undo, or --list; found more"),
        ("--undo --version 3", "say which|found more|nothing was taught"),
        ("--version 3 --normal 1", "give both"),
    ],
)
def test_words_that_say_nothing_are_one_line(words, said, street_run, scored, capsys):
    given = [] if "--undo" in words and "--normal" not in words else [str(scored)]
    assert main(["learn", str(street_run), *given, *words.split()]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert any(part in error for part in said.split("|"))


def test_other_detectors_say_that_they_cannot_be_taught(scored, tmp_path):
    run = oddframe.train(None, tmp_path / "run", detector="giorno")
    with pytest.raises(OddframeError, match="giorno cannot be taught; fixed-camera can"):
        oddframe.learn(run.folder, scored, normal=["1"])


def test_a_version_is_made_of_what_this_run_was_fitted_to(street_run, scored, tmp_path):
    fitted = (street_run / CHECKPOINT).read_bytes()
    oddframe.learn(street_run, scored, normal=["1"])
    lessons, aside = street_run / "lessons", tmp_path / "aside"
    taught = (street_run / CHECKPOINT).read_bytes()
    lessons.rename(aside)
    with pytest.raises(OddframeError, match=r"fitted\.pt: is missing, and .* is version 1"):
        oddframe.learn(street_run, scored, normal=["2"])
    assert (street_run / CHECKPOINT).read_bytes() == taught
    aside.rename(lessons)
    # Fitted again into the same folder, it must not become what it was before.
    (lessons / "fitted.pt").write_bytes(taught)
    (street_run / CHECKPOINT).write_bytes(fitted)
    with pytest.raises(OddframeError, match="was fitted again since it was taught; move"):
        oddframe.learn(street_run, scored, normal=["2"])
    assert (street_run / CHECKPOINT).read_bytes() == fitted


def test_footage_of_another_camera_is_refused(street_run, tmp_path):
    with VideoWriter(tmp_path / "other.mp4", 12.5, (80, 128)) as writer:
        for level in range(30):
            writer.write(np.full((128, 80, 3), level, np.uint8))
    with pytest.raises(OddframeError, match=r"other\.mp4: pictures of 80x128 are of another shape"):
        oddframe.train(tmp_path / "other.mp4", onto=street_run)
    assert not (street_run / "lessons" / "versions.json").exists()


def test_a_recording_that_changed_is_not_looked_at(street_run, scored, tmp_path):
    films = tmp_path / "films"
    shutil.copytree(scored / "films", films)
    oddframe.score(street_run, films, out=tmp_path / "s.npz", causal=True)
    shutil.copy(films / "large.mp4", films / "fast.mp4")
    with pytest.raises(OddframeError, match=r"fast\.mp4: is not there any more as it was scored"):
        oddframe.learn(street_run, tmp_path, normal=["1"])
    oddframe.learn(street_run, tmp_path / "events.json", normal=["2"])


def one_version(**said) -> str:
    version = {"number": 1, "at": "2026-12-01T09:00:00+00:00", **said}
    return json.dumps({"format": "oddframe-versions/1", "versions": [version]})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "versions.json"),
        ('{"format": "oddframe-versions/9"}', "expected oddframe-versions/1"),
        ('{"format": "oddframe-versions/1", "versions": [{"number": 4, "at": ""}]}', "from 1 on"),
        ('{"format": "oddframe-versions/1", "versions": [{"number": "a", "at": ""}]}', "versions"),
        (one_version(at=""), "expected a time with its zone, such as .*, found ''"),
        (one_version(at="0001-01-01"), "found '0001-01-01'"),
        (one_version(without=[1]), r"takes back \[1\], which are no versions before it"),
        (one_version(lessons=[{"number": 2, "word": "odd", "of": "x"}] * 2), r"found \[2, 2\]"),
    ],
)
def test_damaged_versions_are_one_line(content, said, street_run):
    (street_run / "lessons").mkdir()
    (street_run / "lessons" / "versions.json").write_text(content)
    with pytest.raises(OddframeError, match=said):
        oddframe.learn(street_run, list=True)


@pytest.mark.parametrize("name", ["lessons", "lessons/.lock", "lessons/fitted.pt"])
@pytest.mark.parametrize("what", ["pipe", "loop", "nowhere"])
def test_what_lies_in_the_place_of_its_files_is_one_line(what, name, street_run):
    place = street_run / name
    place.parent.mkdir(exist_ok=True)
    if what == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(place if what == "loop" else street_run / "no" / "where")
    with pytest.raises(OddframeError):
        oddframe.learn(street_run, undo=True)


def test_a_damaged_lesson_is_named_and_can_be_taken_back(street_run, scored):
    oddframe.learn(street_run, scored, normal=["1"])
    (street_run / "lessons" / "0001.pt").write_bytes(b"no")
    with pytest.raises(OddframeError, match=r"0001\.pt.*--undo"):
        oddframe.learn(street_run, scored, normal=["2"])
    oddframe.learn(street_run, undo=True)
    assert read_run(street_run).version == 2
