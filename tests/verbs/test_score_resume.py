"""A scoring of several videos that is stopped goes on after those that it finished."""

import os
import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from oddframe.cli import main
from oddframe.detections import Detection
from oddframe.training.run_folder import read_run, write_checkpoint
from oddframe.verbs import video_scoring
from oddframe.verbs.kept_scores import KeptScores
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
def stopped(street, manifest, tmp_path, monkeypatch, capsys):
    """The command of a scoring that Ctrl-C stopped in the middle of the third video."""
    command = ["score", str(street.run), str(manifest), "--out", str(tmp_path / "s" / "scores.npz")]
    really = video_scoring.score_frames

    def until_the_last(detector, films, video, *arguments):
        if video.id == "c":
            raise KeyboardInterrupt
        return really(detector, films, video, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(video_scoring, "score_frames", until_the_last)
        assert main(command) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "oddframe: stopped; the same command goes on after the videos that are done"
    )
    return command


def mapped(folder, name):
    """When a video's maps were written: a video that is scored writes them anew."""
    return (folder / "maps" / f"{name}.npy").stat().st_mtime_ns


def written(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_finished_videos_are_not_scored_again(stopped, whole, tmp_path, capsys):
    folder = tmp_path / "s"
    assert not (folder / "scores.npz").exists()
    before = mapped(folder, "a")
    assert main(stopped) == 0
    assert "2 of 3 videos were scored before" in capsys.readouterr().err
    assert mapped(folder, "a") == before
    # The same files with the same bytes, and nothing else: what was kept is gone.
    assert written(folder) == written(whole.path.parent)
    assert any(event.boxes for events in whole.detections.values() for event in events)


@pytest.mark.parametrize("change", ["threshold", "run", "video", "maps", "damage", "one video"])
def test_what_no_longer_fits_is_scored_again(street, stopped, manifest, whole, tmp_path, change):
    folder = tmp_path / "s"
    video = manifest.parent / "films" / "a.mp4"
    changed, other = mapped(folder, "a"), mapped(folder, "b/a")
    fresh = whole.path.parent
    if change == "threshold":
        stopped += ["--threshold", "2.5"]
        fresh = fresh_scores(tmp_path, street.run, manifest, threshold=2.5)
    elif change == "run":
        run = tmp_path / "run"
        shutil.copytree(street.run, run, ignore=shutil.ignore_patterns("scores"))
        fitted: Any = read_run(run).detector
        fitted.config = replace(fitted.config, smoothing_seconds=1.0)
        write_checkpoint(run, fitted)
        stopped[1] = str(run)
        fresh = fresh_scores(tmp_path, run, manifest)
    elif change == "video":
        os.utime(video)
    elif change == "maps":
        (folder / "maps" / "a.npy").unlink()
    elif change == "damage":
        kept = folder / ".scoring" / "a.npz"
        kept.write_bytes(kept.read_bytes()[:50])
    else:
        stopped[2] = str(video)
        fresh = fresh_scores(tmp_path, street.run, video)
    assert main(stopped) == 0
    assert mapped(folder, "a") != changed
    assert (mapped(folder, "b/a") != other) == (change in ("threshold", "run"))
    assert not (folder / ".scoring").exists()
    for name in ("scores.npz", "events.json", "maps/a.npy"):
        assert (folder / name).read_bytes() == (fresh / name).read_bytes()


def fresh_scores(folder, run, footage, **options):
    return score(run, footage, out=folder / "fresh" / "scores.npz", **options).path.parent


def test_features_that_changed_are_scored_again(bags, tmp_path, capsys):
    run, features = tmp_path / "run", tmp_path / "features"
    shutil.copytree(bags.features, features)
    assert bags.train(run, "--detector", "random-scores") == 0
    out = tmp_path / "s" / "scores.npz"
    command = ["score", str(run), str(bags.manifest), "--features", str(features)]
    command += ["--out", str(out)]
    (features / "test_19.npy").rename(tmp_path / "away.npy")
    # A folder in the place of the scores file: all videos are done, and then it fails.
    out.mkdir(parents=True)
    assert main(command) == 2
    out.rmdir()
    (tmp_path / "away.npy").rename(features / "test_19.npy")
    np.save(features / "test_03.npy", np.load(features / "test_03.npy") + 1)
    capsys.readouterr()
    assert main(command) == 0
    assert "18 of 20 videos were scored before" in capsys.readouterr().err
    fresh = score(run, bags.manifest, features=features, out=tmp_path / "fresh" / "scores.npz")
    assert out.read_bytes() == fresh.path.read_bytes()


def test_kept_scores_come_back_bit_for_bit(tmp_path):
    random = np.random.default_rng(0)
    values = random.normal(size=1000).astype(np.float32)
    events = [
        Detection(3, 9, 4, float(random.normal()), float(random.normal()), "motion", "schräg\n„x“"),
        Detection(20, 30, 25, 1e-300, 0.1 + 0.2, boxes=((0, 1, 20, 30), (5, 6, 7, 8))),
    ]
    kept = KeptScores(tmp_path / ".scoring", {"threshold": "inf"})
    kept.begin()
    kept.write("day 1/a", ["source"], (values, events))
    found = KeptScores(tmp_path / ".scoring", {"threshold": "inf"}).read("day 1/a", ["source"])
    assert found is not None
    assert found[0].dtype == np.float32
    np.testing.assert_array_equal(found[0], values)
    assert found[1] == events
    assert kept.read("day 1/a", ["another"]) is None
    assert kept.read("b", ["source"]) is None
