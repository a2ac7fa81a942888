"""The results of a scoring are of one scoring, at whatever moment the process is killed."""

import json
import os
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.media.clock import Clock
from oddframe.media.fingerprints import Fingerprint
from oddframe.scores.detections import EventRule, find_detections
from oddframe.scores.events_file import read_events
from oddframe.scores.frame_scores import Scores
from oddframe.scores.score_files import PENDING
from oddframe.scoring.kept import KEPT, KeptScores, KeptVideo, VideoScores
from oddframe.scoring.result_folder import Beside, Results, drop_maps, finish, place, results_of

RULE = EventRule(0.5)
CLOCK = Clock(8, 10.0)


def made(folder: Path, number: int, names: tuple[str, ...]) -> tuple[KeptScores, dict]:
    """What one scoring has made in ``.scoring/``: everything in it holds the same number."""
    (folder / "film").write_bytes(b"film")
    made_of = Fingerprint.of([folder / "film"])
    kept = KeptScores(folder / KEPT, {"run": number})
    kept.begin()
    videos = {}
    for name in names:
        values = np.full(8, number, np.float32)
        beside = (f"maps/{name}.npy", f"terms/{name}.npz")
        for part in beside:
            (kept.folder / part).parent.mkdir(parents=True, exist_ok=True)
        np.save(kept.folder / beside[0], values[:, None, None].astype(np.float16))
        np.savez(kept.folder / beside[1], a=values, b=values)
        videos[name] = KeptVideo(VideoScores(values), {}, made_of, True, beside)
        kept.write(name, videos[name])
    return kept, videos


def put(folder: Path, number: int, names: tuple[str, ...], name: str = "scores.npz") -> None:
    finish(folder)
    put_in_place(folder / name, number, *made(folder, number, names))


def put_in_place(path: Path, number: int, kept: KeptScores, videos: dict[str, KeptVideo]) -> None:
    values = {name: video.found.values for name, video in videos.items()}
    scores = Scores(values, {"threshold": 0.5, "run": number})
    found = {name: find_detections(array, RULE, CLOCK) for name, array in values.items()}
    clocks = dict.fromkeys(videos, CLOCK)
    place(path, kept, Results(videos, scores, found, clocks, RULE), keep_maps=True)


def number_in(folder: Path) -> int:
    """The one number that a reader finds in all of a folder."""
    scores = Scores.read(folder / "scores.npz")
    events = read_events(folder / "events.json")
    found = {scores.meta["run"]}
    for name, values in scores.values.items():
        found |= set(values.tolist())
        found |= set(np.load(folder / f"maps/{name}.npy").ravel().tolist())
        found |= set(np.load(folder / f"terms/{name}.npz")["a"].tolist())
        found |= {event.peak_score for event in events[name]}
    arrays = {p.stem for part in ("maps", "terms") for p in (folder / part).rglob("*.np*")}
    assert arrays == {Path(name).name for name in scores}
    assert events.keys() == scores.values.keys()
    found.add(json.loads((folder / "sources.json").read_text())["settings"]["run"])
    assert Beside.of(folder / "scores.npz").belongs
    (number,) = found
    return int(number)


def killed(folder: Path, moment: int, videos: dict[str, KeptVideo]) -> bool:
    """Put what was made into the folder, in a process that is killed at a moment.

    Moments are the calls that change files. Returns whether there was such a moment.
    """
    child = os.fork()
    if child == 0:
        left = [moment]

        def count(event: str, arguments: tuple) -> None:
            changes = {"os.rename", "os.remove", "os.rmdir", "os.link", "os.mkdir", "shutil.rmtree"}
            if event in changes or (event == "open" and arguments[1] in ("w", "wb", "x", "a")):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            kept = KeptScores(folder / KEPT, {"run": 2})
            put_in_place(folder / "scores.npz", 2, kept, videos)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_killed_at_any_moment_the_results_are_of_one_scoring(tmp_path):
    before = tmp_path / "before"
    before.mkdir()
    put(before, 1, ("a", "b"))
    shown = ("annotated/a.mp4", "annotated/b.mp4", "clips/a/000001-000004.mp4")
    for part in (*shown, "clips/a/holiday.mp4"):
        (before / part).parent.mkdir(parents=True, exist_ok=True)
        (before / part).write_text("of the scores before")
    assert number_in(before) == 1
    _, videos = made(before, 2, ("b", "day/c"))
    seen, moment, was_there = set(), 0, True
    while was_there:
        folder = tmp_path / str(moment)
        shutil.copytree(before, folder)
        was_there = killed(folder, moment, videos)
        try:
            seen.add(state := number_in(folder))
            if state == 2:
                assert not (folder / "annotated").exists()
                # What somebody else put there stays.
                assert [p.name for p in (folder / "clips").rglob("*.mp4")] == ["holiday.mp4"]
        except OddframeError as error:
            assert "no such scores file; a scoring was stopped as it put" in str(error)  # noqa: PT017
            seen.add("neither")
        # Whoever scores next finds it finished, or as it was before.
        finish(folder)
        assert number_in(folder) in (1, 2)
        assert not (folder / PENDING).exists()
        if moment % 10 == 0:
            put(folder, 2, ("b", "day/c"))
            assert number_in(folder) == 2
        shutil.rmtree(folder)
        moment += 1
    assert seen == {1, 2, "neither"}
    assert moment > 40


def test_only_whole_results_of_the_same_settings_are_taken_again(tmp_path):
    put(tmp_path, 1, ("a", "b"))
    path = tmp_path / "scores.npz"
    found = results_of(path, {"run": 1})
    assert found.keys() == {"a", "b"}
    np.testing.assert_array_equal(found["a"].found.values, np.ones(8))
    assert results_of(path, {"run": 2}) == {}
    (tmp_path / "maps" / "b.npy").unlink()
    assert results_of(path, {"run": 1}).keys() == {"a"}
    scores = Scores.read(path)
    Scores(scores.values, {}).write(path)
    assert results_of(path, {"run": 1}) == {}
    assert not Beside.of(path).belongs
    (tmp_path / "sources.json").write_text("[]")
    assert results_of(path, {"run": 1}) == {}


def test_scores_by_other_settings_take_the_place_of_those_before_even_with_the_same_events(
    tmp_path,
):
    """As by a detector of one's own whose code was changed: no event says so, nor the meta."""
    path = tmp_path / "scores.npz"

    def put_calm(number: int) -> None:
        kept, videos = made(tmp_path, number, ("a",))
        made_of = Fingerprint("film", 4, "stamp", "sha256")  # nobody wrote to the recording
        bare = {name: replace(video, made_of=made_of, beside=()) for name, video in videos.items()}
        scores = Scores({"a": videos["a"].found.values / 10}, {})
        results = Results(bare, scores, {"a": []}, {"a": CLOCK}, RULE)
        place(path, kept, results, keep_maps=True)

    put_calm(1)
    put_calm(2)
    assert Scores.read(path)["a"][0] == np.float32(0.2)
    assert results_of(path, {"run": 2}).keys() == {"a"}


def test_scores_of_another_name_are_not_given_what_is_not_theirs(tmp_path):
    put(tmp_path, 1, ("a",))
    assert Beside.of(tmp_path / "scores.npz").belongs
    put(tmp_path, 2, ("a",), "other.npz")
    assert Beside.of(tmp_path / "other.npz").belongs
    assert not Beside.of(tmp_path / "scores.npz").belongs
    assert Scores.read(tmp_path / "scores.npz")["a"][0] == 1


def test_scores_without_sources_are_believed(tmp_path):
    """Those of other programs, and of an older oddframe."""
    Scores({"a": np.zeros(3)}).write(tmp_path / "scores.npz")
    assert Beside.of(tmp_path / "scores.npz").belongs


def test_nothing_outside_the_folder_is_touched(tmp_path):
    folder = tmp_path / "out"
    (folder / PENDING).mkdir(parents=True)
    (tmp_path / "precious").write_text("")
    (folder / PENDING / "parts.json").write_text(
        json.dumps(
            {"new": [str(tmp_path / "precious")], "old": ["../precious", "a/../../precious"]}
        )
    )
    finish(folder)
    assert (tmp_path / "precious").exists()
    (folder / PENDING).mkdir()
    (folder / PENDING / "parts.json").write_text("{")
    with pytest.raises(
        OddframeError, match=r"parts\.json: cannot be read .* delete .* score again"
    ):
        finish(folder)


def test_maps_are_dropped_with_their_folders(tmp_path):
    put(tmp_path, 1, ("a", "day/c"))
    drop_maps(tmp_path, ["a", "day/c", "none"])
    assert not (tmp_path / "maps").exists()
    assert (tmp_path / "terms" / "day" / "c.npz").exists()


def test_a_file_system_without_links_has_copies(tmp_path, monkeypatch):
    def none(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    put(tmp_path, 1, ("a", "b"))
    monkeypatch.setattr(os, "link", none)
    videos = results_of(tmp_path / "scores.npz", {"run": 1})
    kept = KeptScores(tmp_path / KEPT, {"run": 1})
    kept.begin()
    scores = Scores({name: v.found.values for name, v in videos.items()}, {"run": 1})
    found, clocks = {name: [] for name in videos}, dict.fromkeys(videos, CLOCK)
    results = Results(videos, scores, found, clocks, RULE)
    place(tmp_path / "scores.npz", kept, results, keep_maps=True)
    assert np.load(tmp_path / "maps" / "a.npy").shape == (8, 1, 1)
