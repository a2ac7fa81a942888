"""A scoring that is stopped goes on; what is scored and did not change is not scored again."""

import json
import os
import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from oddframe.cli import main
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media.clock import Clock
from oddframe.media.fingerprints import Fingerprint
from oddframe.runs.checkpoint import write_checkpoint
from oddframe.runs.run_folder import CHECKPOINT, read_run
from oddframe.scores.detections import EventRule, Reason, find_detections
from oddframe.scores.events_file import read_events
from oddframe.scores.frame_scores import Scores
from oddframe.scoring import plan
from oddframe.scoring.kept import KeptScores, KeptVideo, Source, VideoScores
from oddframe.verbs.score import score


@pytest.fixture(scope="module")
def manifest(street, tmp_path_factory):
    """Three videos; something odd is in two of them."""
    root = tmp_path_factory.mktemp("stopped")
    for name, extra in (("a", street.fast), ("b/a", street.large), ("c", None)):
        street.film(root / "films" / f"{name}.mp4", street.images(4, 5, extra))
    assert main(["prepare", "folder", str(root / "films"), "--out", str(root / "m.jsonl")]) == 0
    return root / "m.jsonl"


@pytest.fixture(scope="module")
def whole(street, manifest, tmp_path_factory):
    return score(street.run, manifest, out=tmp_path_factory.mktemp("whole") / "scores.npz")


@pytest.fixture
def scored(monkeypatch):
    """The videos that are really scored."""
    found = []
    really = plan.score_frames

    def noted(detector, films, video, **options):
        found.append(video.id)
        return really(detector, films, video, **options)

    monkeypatch.setattr(plan, "score_frames", noted)
    return found


@pytest.fixture
def stopped(street, manifest, tmp_path, monkeypatch, capsys):
    """The command of a scoring that Ctrl-C stopped in the middle of the third video."""
    command = ["score", str(street.run), str(manifest), "--out", str(tmp_path / "s" / "scores.npz")]
    really = plan.score_frames

    def until_the_last(detector, films, video, **options):
        if video.id == "c":
            raise KeyboardInterrupt
        return really(detector, films, video, **options)

    with monkeypatch.context() as patch:
        patch.setattr(plan, "score_frames", until_the_last)
        assert main(command) == 130
    assert capsys.readouterr().err.splitlines()[-1] == (
        "oddframe: stopped; the same command goes on after the videos that are done"
    )
    return command


def written(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_finished_videos_are_not_scored_again(stopped, whole, scored, tmp_path, capsys):
    folder = tmp_path / "s"
    assert not (folder / "scores.npz").exists()
    assert main(stopped) == 0
    assert scored == ["c"]
    assert "2 of 3 videos were scored before" in capsys.readouterr().err
    # The same files with the same bytes, and nothing else: what was kept is gone.
    assert written(folder) == written(whole.path.parent)
    assert any(event.boxes for events in whole.detections.values() for event in events)


@pytest.mark.parametrize("change", ["run", "video", "maps", "damage", "one video"])
def test_what_no_longer_fits_is_scored_again(
    street, stopped, manifest, whole, scored, tmp_path, change
):
    folder = tmp_path / "s"
    video = manifest.parent / "films" / "a.mp4"
    fresh, wanted = whole.path.parent, ["a", "c"]
    if change == "run":
        run = tmp_path / "run"
        shutil.copytree(street.run, run, ignore=shutil.ignore_patterns("scores"))
        fitted: Any = read_run(run).detector
        fitted.config = replace(fitted.config, smoothing_seconds=1.0)
        write_checkpoint(run / CHECKPOINT, fitted)
        stopped[1] = str(run)
        fresh = score(run, manifest, out=tmp_path / "fresh" / "scores.npz").path.parent
        wanted = ["a", "b/a", "c"]
    elif change == "video":
        before = video.read_bytes()
        street.film(video, street.images(4, 8))
        fresh = score(street.run, manifest, out=tmp_path / "fresh" / "scores.npz").path.parent
    elif change == "maps":
        (folder / ".scoring" / "maps" / "a.npy").unlink()
    elif change == "damage":
        kept = folder / ".scoring" / "videos" / "a.npz"
        kept.write_bytes(kept.read_bytes()[:50])
    else:
        stopped[2] = str(video)
        fresh = score(street.run, video, out=tmp_path / "fresh" / "scores.npz").path.parent
        wanted = []
    scored.clear()
    assert main(stopped) == 0
    assert scored == wanted
    assert not (folder / ".scoring").exists()
    for name in ("scores.npz", "events.json", "maps/a.npy"):
        assert (folder / name).read_bytes() == (fresh / name).read_bytes()
    if change == "video":
        video.write_bytes(before)


@pytest.fixture
def done(whole, tmp_path):
    """A folder of results, with a report and an annotated video of them."""
    folder = tmp_path / "done"
    shutil.copytree(whole.path.parent, folder)
    for name in ("report/report.html", "report/events/a_5.jpg", "annotated/b/a.mp4"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("oddframe, of the scores before")
    (folder / "annotated" / "mine.txt").write_text("not of oddframe")
    return folder


def test_another_threshold_takes_a_moment_and_leaves_nothing_old(
    street, manifest, whole, scored, done
):
    path = done / "scores.npz"
    maps = {p: p.read_bytes() for p in done.rglob("*.npy")}
    found = score(street.run, manifest, out=path, threshold=4.5)
    assert scored == []
    fresh = score(
        street.run, manifest, out=done.parent / "fresh" / "scores.npz", threshold=4.5
    ).path.parent
    names = ("scores.npz", "events.json", *(p.relative_to(done) for p in maps))
    for name in names:
        assert (done / name).read_bytes() == (fresh / name).read_bytes()
    assert found.detections == read_events(done / "events.json") != whole.detections
    assert not (done / "report").exists()
    assert written(done / "annotated").keys() == {type(done)("mine.txt")}


def test_the_same_again_leaves_everything_as_it_is(street, manifest, scored, done):
    before = {p: p.stat().st_mtime_ns for p in done.rglob("*") if p.is_file()}
    os.utime(manifest.parent / "films" / "a.mp4")  # touched, not changed
    score(street.run, manifest, out=done / "scores.npz")
    assert scored == []
    assert {p: p.stat().st_mtime_ns for p in done.rglob("*") if p.is_file()} == before


def test_an_evaluation_beside_the_scores_is_nobody_elses_to_remove(street, manifest, done):
    (done / "report" / "metrics.json").write_text("{}")
    score(street.run, manifest, out=done / "scores.npz", threshold=4.5)
    assert (done / "report" / "report.html").exists()


@pytest.mark.parametrize("seconds", [4, 3])
def test_a_changed_video_among_scored_ones_is_scored_again_and_said(
    street, manifest, scored, done, seconds
):
    film = manifest.parent / "films" / "c.mp4"
    before = film.read_bytes()
    street.film(film, street.images(seconds, 8, street.large))
    with pytest.warns(OddframeWarning, match="changed since they were scored.*: c$"):
        score(street.run, manifest.parent / "films", out=done / "scores.npz")
    assert scored == ["c"]
    film.write_bytes(before)


def test_scores_of_somebody_else_are_not_taken(street, manifest, scored, done):
    found = Scores.read(done)
    Scores({**found.values, "a": found["a"] + 1}, found.meta).write(done / "scores.npz")
    again = score(street.run, manifest, out=done / "scores.npz")
    assert scored == ["a", "b/a", "c"]
    np.testing.assert_array_equal(again.scores["a"], found["a"])


def test_events_by_another_rule(street, manifest, whole, scored, done):
    limit = float(np.quantile(whole.scores["b/a"], 0.5))
    rule = EventRule(limit, 0.1, 0.3)
    found = score(
        street.run, manifest, out=done / "scores.npz", threshold=limit, merge=0.1, min_length=0.3
    )
    assert scored == []
    for video, values in whole.scores.values.items():
        spans = [
            (d.start, d.end) for d in find_detections(values, rule, Clock(len(values), street.fps))
        ]
        assert [(d.start, d.end) for d in found.detections[video]] == spans
    assert EventRule.of(found.scores.meta) == rule
    assert json.loads((done / "events.json").read_text())["rule"]["min_seconds"] == 0.3
    assert len(found.detections["b/a"]) != len(whole.detections["b/a"])


def test_fewer_merged_than_the_promise_counted_is_said(street, manifest, done):
    found = score(street.run, manifest, out=done / "scores.npz", merge=0)
    assert str(found.scores.meta["threshold_source"]).endswith("with 0 s there may be more")


def test_maps_that_nobody_wants(street, manifest, scored, tmp_path):
    path = tmp_path / "s" / "scores.npz"
    score(street.run, manifest, out=path, maps=False)
    assert {p.name for p in path.parent.iterdir()} == {"scores.npz", "events.json", "sources.json"}
    score(street.run, manifest, out=path, maps=False, threshold=2.5)
    assert len(scored) == 3
    found = score(street.run, manifest, out=path, maps=False, threshold=2.5, report=True)
    assert len(scored) == 6  # only a scoring makes them
    assert "4 times the threshold" in found.report.read_text(encoding="utf-8")
    score(street.run, manifest, out=path)
    assert len(scored) == 9
    assert len(list((path.parent / "maps").rglob("*.npy"))) == 3
    score(street.run, manifest, out=path, maps=False)
    assert not (path.parent / "maps").exists()
    assert len(scored) == 9


def test_a_detector_that_names_no_places_has_no_maps_to_make(
    street, manifest, scored, tmp_path, monkeypatch
):
    kind, path = type(read_run(street.run).detector), tmp_path / "s" / "scores.npz"
    monkeypatch.setattr(kind, "traits", replace(kind.traits, places=False))
    score(street.run, manifest, out=path, maps=False)
    score(street.run, manifest, out=path)
    assert len(scored) == 3
    assert not (path.parent / "maps").exists()


def test_annotations_of_that_name_are_not_overwritten(street, manifest, scored, tmp_path):
    own = tmp_path / "events.json"
    own.write_text('{"a": [{"start_frame": 1, "end_frame": 2}]}')
    with pytest.raises(OddframeError, match=r"events\.json: expected events that oddframe wrote"):
        score(street.run, manifest, out=tmp_path / "scores.npz")
    assert scored == []
    assert [path.name for path in tmp_path.iterdir()] == ["events.json"]


def test_two_scorings_of_one_folder(street, manifest, scored, done, held_elsewhere):
    with held_elsewhere(done), pytest.raises(OddframeError, match="is writing in this folder"):
        score(street.run, manifest, out=done / "scores.npz", threshold=4.5)
    assert scored == []


def test_features_that_changed_are_scored_again(bags, tmp_path, capsys, monkeypatch):
    run, features = tmp_path / "run", tmp_path / "features"
    shutil.copytree(bags.features, features)
    assert bags.train(run, "--detector", "random-scores") == 0
    out = tmp_path / "s" / "scores.npz"
    command = ["score", str(run), str(bags.manifest), "--features", str(features)]
    command += ["--out", str(out)]
    (features / "test_19.npy").rename(tmp_path / "away.npy")

    def full(*_: Any, **__: Any) -> None:
        raise OddframeError("the disk is full")

    with monkeypatch.context() as patch:  # all videos are done, and then it fails
        patch.setattr("oddframe.scoring.footage.place", full)
        assert main(command) == 2
    (tmp_path / "away.npy").rename(features / "test_19.npy")
    np.save(features / "test_03.npy", np.load(features / "test_03.npy") + 1)
    capsys.readouterr()
    assert main(command) == 0
    said = capsys.readouterr().err
    assert "18 of 20 videos were scored before" in said
    assert "changed since they were scored, so scored again: test_03" in said
    fresh = score(run, bags.manifest, features=features, out=tmp_path / "fresh" / "scores.npz")
    assert out.read_bytes() == fresh.path.read_bytes()


def test_kept_scores_come_back_bit_for_bit(tmp_path):
    random = np.random.default_rng(0)
    values = random.normal(size=1000).astype(np.float32)
    reasons = (
        Reason(4, "motion", "schräg\n„x“"),
        Reason(25, "", "", ((0, 1, 20, 30), (5, 6, 7, 8))),
    )
    (tmp_path / "film").write_bytes(b"frames")
    source = Source([tmp_path / "film"], {"fps": 0.1 + 0.2})
    video = KeptVideo(
        VideoScores(values, reasons), source.facts, Fingerprint.of(source.files), True
    )
    kept = KeptScores(tmp_path / ".scoring", {"causal": True})
    kept.begin()
    kept.write("day 1/a", video)
    found = KeptScores(tmp_path / ".scoring", {"causal": True}).read("day 1/a")
    assert found is not None
    assert found.found.values.dtype == np.float32
    np.testing.assert_array_equal(found.found.values, values)
    assert found.row() == video.row()
    assert found.serves(source, True)
    assert not found.serves(Source(source.files, {"fps": 0.3}), True)
    assert found.is_of(source)
    (tmp_path / "film").write_bytes(b"others")
    assert not found.is_of(source)
    assert kept.read("b") is None
    # A worker of a scoring with other settings wrote late.
    KeptScores(tmp_path / ".scoring", {"causal": False}).write("day 1/a", video)
    assert kept.read("day 1/a") is None
