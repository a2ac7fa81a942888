"""Detectors that are never trained: runs without footage, thresholds, scores without a run."""

import json
import re

import cv2
import numpy as np
import pytest
import yaml
from tests.made.every_detector import filmed
from tests.made.small_settings import small_settings

import oddframe
from oddframe.cli import main
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.media.video_writing import VideoWriter
from oddframe.runs.run_folder import read_run
from oddframe.scores.frame_scores import Scores
from oddframe.scores.untested import were_tested
from oddframe.verbs.evaluate import evaluate
from oddframe.verbs.score import score
from oddframe.verbs.train import train
from oddframe.videos.manifest import Manifest

LONG = f"{'x' * 245}.mp4"


def options(name):
    return [
        word
        for key, value in small_settings(name).items()
        for word in (f"--settings.{key}", str(value))
    ]


def video(path, kind="fast", seed=52, frames=None, still=0):
    """A video; its first picture may stand still for some frames before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    images = filmed(kind, seed)[:frames]
    with VideoWriter(path, 12.5, (64, 40)) as writer:
        for image in [images[0]] * still + images:
            writer.write(image)
    return path


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_train_without_footage_makes_a_run(tmp_path, capsys):
    assert main(["train", "--detector", "giorno", "--out", "run", *options("giorno")]) == 0
    assert "needs no training" in capsys.readouterr().out
    config = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert config["settings"]["window"] == small_settings("giorno")["window"]
    assert (config["seed"], config["oddframe"]) == (0, oddframe.__version__)
    assert config["needs_training"] is False
    assert not {"footage", "manifest_sha256"} & config.keys()
    assert main(["score", "run", str(video(tmp_path / "fast.mp4", still=150))]) == 0
    said = capsys.readouterr().out
    assert "the run has no threshold (train it on normal videos, or give --threshold)" in said
    assert "the highest scores, odd or not:\n  fast  0:" in said


def test_normal_videos_choose_the_threshold_and_nothing_else(tmp_path, footage):
    settings = small_settings("giorno")
    bare = train(None, tmp_path / "bare", detector="giorno", settings=settings)
    given = train(footage.manifest, tmp_path / "given", detector="giorno", settings=settings)
    normal = Manifest.read(footage.manifest).split("train", "val")
    assert given.config["fitted_on"]["held_out_videos"] == len(normal) == 3
    assert np.isinf(bare.detector.threshold)
    assert np.isfinite(given.detector.threshold)
    assert "held-out normal footage" in given.detector.notes["threshold"]
    found = [
        score(run.folder, footage.manifest, out=tmp_path / name / "s.npz", split="train,test")
        for name, run in (("a", bare), ("b", given))
    ]
    highest = 0.0
    for item in Manifest.read(footage.manifest).split("train", "test"):
        np.testing.assert_array_equal(found[0].scores[item.id], found[1].scores[item.id])
        if item.split == "train":
            highest = max(highest, float(found[0].scores.alarming[item.id].max()))
    assert given.detector.threshold >= highest


def test_a_normal_video_that_cannot_be_read_is_left_out_if_there_are_others(tmp_path, capsys):
    for seed, name in enumerate("ab"):
        video(tmp_path / "cam" / "normal" / f"{name}.mp4", "calm", seed)
    assert main(["prepare", "folder", "cam", "--out", "cam.jsonl"]) == 0
    (tmp_path / "cam" / "normal" / "a.mp4").write_bytes(b"no video")
    command = ["train", "cam.jsonl", "--detector", "unmasking", *options("unmasking")]
    assert main([*command, "--out", "run"]) == 0
    assert re.search(r"a: left out \(.*a\.mp4", capsys.readouterr().err)
    (tmp_path / "cam" / "normal" / "b.mp4").write_bytes(b"no video")
    assert main([*command, "--out", "other"]) == 2
    assert "nothing could be compared in 2 normal videos" in capsys.readouterr().err


def test_where_all_is_new_no_moment_is_named(tmp_path, capsys):
    random = np.random.default_rng(5)
    with VideoWriter(tmp_path / "busy.mp4", 10.0, (160, 120)) as writer:
        for _ in range(90):
            writer.write(random.integers(0, 255, (120, 160, 3), np.uint8))
    assert main(["score", "--detector", "unmasking", "busy.mp4", "--report", "--annotate"]) == 0
    said = capsys.readouterr().out
    assert "no moment stands out, so none is named: half of all frames score " in said
    assert "odd or not" not in said
    page = (tmp_path / "unmasking-busy" / "report" / "report.html").read_text()
    assert "No moment stands out, so none is named: half of all frames score " in page
    assert "Moments of the" not in page


def test_what_has_seen_no_footage_takes_deep_pictures_as_they_are(tmp_path, recwarn):
    for number in range(24):
        picture = np.full((40, 64), 7400, np.uint16)
        picture[10:30, 2 * number : 2 * number + 12] = 7900
        (tmp_path / "deep").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "deep" / f"{number:03}.tiff"), picture)
    assert main(["score", "deep", "--detector", "unmasking"]) == 0
    assert not [str(one.message) for one in recwarn if "8 bits" in str(one.message)]


def test_a_refused_score_without_a_run_leaves_none(tmp_path, capsys):
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    assert main(["score", "--detector", "unmasking", "bad.mp4"]) == 2
    assert "cannot be read as a video" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["bad.mp4"]
    video(tmp_path / "fast.mp4")
    assert main(["score", "--detector", "unmasking", "fast.mp4"]) == 0
    made = {path.name for path in (tmp_path / "unmasking-fast" / "run").iterdir()}
    assert main(["score", "--detector", "unmasking", "fast.mp4", "--split", "train"]) == 2
    assert {path.name for path in (tmp_path / "unmasking-fast" / "run").iterdir()} == made


def test_unwere_tested_raise_no_threshold(tmp_path):
    """Videos that are too short score 0.5 throughout, and so do beginnings."""
    video(tmp_path / "normal" / "long.mp4", "calm", 1)
    video(tmp_path / "normal" / "short.mp4", "calm", 2, frames=14)
    settings = {**small_settings("giorno"), "motion_threshold": 15.0}
    with pytest.warns(OddframeWarning, match=r"short\.mp4"):
        run = train(tmp_path / "normal", tmp_path / "run", detector="giorno", settings=settings)
    alone = train(
        video(tmp_path / "alone" / "long.mp4", "calm", 1),
        tmp_path / "other",
        detector="giorno",
        settings=settings,
    )
    assert run.detector.threshold == alone.detector.threshold < 0.5


def test_the_highest_score_is_not_that_of_a_video_that_was_not_tested(tmp_path):
    video(tmp_path / "both" / "long.mp4", "calm", 1, still=150)
    video(tmp_path / "both" / "short.mp4", "calm", 2, frames=14)
    settings = {**small_settings("giorno"), "motion_threshold": 15.0}
    run = train(None, tmp_path / "run", detector="giorno", settings=settings)
    with pytest.warns(OddframeWarning, match=r"short\.mp4"):
        found = score(run.folder, tmp_path / "both", report=True)
    tested = were_tested(found.scores.meta["untested"]["long"], len(found.scores["long"]))
    assert found.scores["long"][tested].max() < found.scores["short"].max() == 0.5
    assert found.report is not None
    assert "The highest score is at 0:" in found.report.read_text()
    assert "in “long”" in found.report.read_text()


def test_normal_videos_in_which_nothing_can_be_compared(tmp_path):
    video(tmp_path / "normal" / "short.mp4", "calm", 2, frames=14)
    with (
        pytest.warns(OddframeWarning, match="nothing in it could be compared"),
        pytest.raises(OddframeError, match="nothing could be compared in 1 normal video"),
    ):
        train(tmp_path / "normal", tmp_path / "run", detector="unmasking")


def test_a_video_is_scored_without_a_run(tmp_path, capsys):
    path = video(tmp_path / "footage" / "fast.mp4", still=150)
    assert main(["score", "--detector", "unmasking", str(path), "--report"]) == 0
    folder = tmp_path / "unmasking-fast"
    run = read_run(folder / "run")
    assert run.detector.name == "unmasking"
    scores = Scores.read(folder / "scores.npz")
    assert scores.meta["run_sha256"] == run.sha256
    assert scores.meta["untested"] == {"fast": [[0, 141], [221, 225]]}
    page = (folder / "report" / "report.html").read_text()
    assert "which is never trained" in page
    assert "normality is what goes on in this video" in page
    assert "<h1>Highest scores in fast.mp4</h1>" in page
    assert "Moments of the highest scores; no threshold" in page
    assert "Odd moments" not in page
    assert "145 frames not tested" in page
    before = (folder / "scores.npz").read_bytes()
    assert main(["score", str(path), "--detector", "unmasking"]) == 0
    assert (folder / "scores.npz").read_bytes() == before
    made = main(["score", str(path.parent), "--detector", "giorno", "--out", "mine/s.npz"])
    assert made == 0
    assert (tmp_path / "mine" / "run" / "checkpoint.pt").exists()
    capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fast.mp4"], "a run is missing that scores it.*--detector giorno or mc2st or unmasking"),
        (["fast.mp4", "--detector", "fixed-camera"], "has to be trained before it scores"),
        (["fast.mp4", "--detector", "rtfm"], "has to be trained before it scores"),
        (["nowhere.mp4", "--detector", "unmasking"], "no such video, folder or manifest"),
        ([LONG, "--detector", "giorno"], "a name of more than 240 bytes"),
        (["fast.mp4", "--detector", "giorno", "--causal"], "leave out --causal"),
        (["run", "--detector", "giorno"], "run: is a run; give the footage"),
        (["fast.mp4", "--detector", "giorno", "--out", "m/s.npz"], "begun with detector mc2st"),
    ],
)
def test_what_cannot_be_scored_without_a_run_is_one_line(tmp_path, capsys, words, said):
    video(tmp_path / "fast.mp4", frames=30)
    (tmp_path / LONG).write_bytes(b"")
    train(None, tmp_path / "run", detector="giorno")
    train(None, tmp_path / "m" / "run", detector="mc2st")
    assert main(["score", *words]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert re.search(said, line)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "fixed-camera learns from footage; give a manifest, a folder of videos or a video"),
        (["--detector", "rtfm", "--features", "f"], "rtfm learns from footage"),
        (["--detector", "giorno", "--device", "cuda"], "giorno is never trained; leave out --dev"),
        (["--detector", "giorno", "--oracle"], "giorno is never trained; leave out --oracle"),
    ],
)
def test_what_cannot_be_trained_without_footage_is_one_line(capsys, words, said):
    assert main(["train", *words, "--out", "run"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line


def test_a_run_without_footage_goes_on_only_without(tmp_path, footage):
    train(None, tmp_path / "run", detector="giorno")
    kept = (tmp_path / "run" / "checkpoint.pt").read_bytes()
    train(None, tmp_path / "run", detector="giorno", resume=True)
    assert (tmp_path / "run" / "checkpoint.pt").read_bytes() == kept
    with pytest.raises(OddframeError, match="begun without footage"):
        train(footage.manifest, tmp_path / "run", detector="giorno", resume=True)


@pytest.mark.parametrize("name", ["giorno", "mc2st"])
def test_order_and_number_of_videos_do_not_matter(tmp_path, footage, name):
    run = train(None, tmp_path / "run", detector=name, settings=small_settings(name))
    every = Manifest.read(footage.manifest)
    alone = Manifest("one", every.split("test")[1:2], every.root)
    turned = Manifest("turned", every.split("test")[::-1], every.root)
    found = [
        score(run.folder, part.write(tmp_path / f"{part.dataset}.jsonl"), maps=False).scores
        for part in (alone, turned)
    ]
    (video_id,) = found[0]
    np.testing.assert_array_equal(found[0][video_id], found[1][video_id])


def test_the_count_of_moving_cubes_stands_among_the_baselines(tmp_path, footage):
    run = train(None, tmp_path / "run", detector="giorno", settings=small_settings("giorno"))
    scored = score(run.folder, footage.manifest, out=tmp_path / "s" / "scores.npz", threshold=0.4)
    found = evaluate(scored.path, footage.manifest, tmp_path / "out", resamples=0)
    assert found.baselines["moving cubes"]["micro_auc"].value is not None
    assert "moving cubes" in (tmp_path / "out" / "report.html").read_text()
    told = json.loads((tmp_path / "s" / "events.json").read_text())["videos"]
    for video_id, spans in scored.scores.meta["untested"].items():
        for event in told[video_id]["events"]:
            assert not any(start <= event["peak"] < end for start, end in spans)


def test_scores_are_scaled_within_each_video_only_on_request(tmp_path, footage):
    run = train(None, tmp_path / "run", detector="giorno", settings=small_settings("giorno"))
    plain = score(run.folder, footage.manifest, out=tmp_path / "a" / "s.npz").scores
    scaled = score(run.folder, footage.manifest, out=tmp_path / "b" / "s.npz", per_video=True)
    assert plain.meta["normalisation"].startswith("none")
    assert "within each video" in scaled.scores.meta["normalisation"]
    for video_id in plain:
        values = plain[video_id]
        tested = were_tested(plain.meta["untested"][video_id], len(values))
        assert (~tested).sum() >= 10
        assert (values[~tested] < values[tested].max()).all()
        wanted = (values - values.min()) / np.ptp(values)
        np.testing.assert_allclose(scaled.scores[video_id], wanted, atol=1e-5)
