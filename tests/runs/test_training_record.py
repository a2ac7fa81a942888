"""A report shows the training of the run that made its scores, and of no other."""

import json

import cv2
import numpy as np
import pytest

from oddframe.files.atomic import sha256_of
from oddframe.runs.training_record import record_of_scores, training_record
from oddframe.scores.frame_scores import Scores
from oddframe.scores.terms import write_terms
from oddframe.verbs.evaluate import evaluate
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video

CURVE = [
    {"step": 10, "epoch": 1.0, "split": "train", "loss": 2.0},
    {"step": 10, "epoch": 1.0, "split": "val", "loss": 3.0},
]


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    (folder / "samples").mkdir(parents=True)
    (folder / "checkpoint.pt").write_bytes(b"chosen on validation")
    (folder / "oracle.pt").write_bytes(b"chosen on test")
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in CURVE))
    for step in (10, 999_990, 1_000_000):
        picture = np.full((20, 20, 3), 100, np.uint8)
        cv2.imwrite(str(folder / "samples" / f"step-{step:06d}.png"), picture)
    return folder


def test_curve_and_samples_in_the_order_of_the_steps(run, tmp_path):
    record = training_record(run)
    assert record["curve"] == CURVE
    assert [path.stem for path in record["samples"]] == [
        "step-000010",
        "step-999990",
        "step-1000000",
    ]
    assert training_record(tmp_path / "nothing") == {"curve": [], "samples": [], "sights": {}}


@pytest.mark.parametrize("checkpoint", ["checkpoint.pt", "oracle.pt"])
def test_the_run_is_the_one_with_the_checkpoint(run, checkpoint):
    meta = {"run": str(run), "run_sha256": sha256_of(run / checkpoint)}
    assert record_of_scores(meta) == training_record(run)


@pytest.mark.parametrize("sha256", ["0" * 64, None])
def test_another_run_of_that_name_is_not_shown(run, tmp_path, sha256):
    nothing = {"curve": [], "samples": [], "sights": {}}
    assert record_of_scores({"run": str(run), "run_sha256": sha256}) == nothing
    right = sha256_of(run / "checkpoint.pt")
    assert record_of_scores({"run": str(tmp_path / "gone"), "run_sha256": right}) == nothing
    assert record_of_scores({}) == nothing


def test_evaluate_shows_training_and_terms(run, tmp_path):
    videos = tuple(
        Video(name, "", "test", label, 50, 10.0, 0, 0, events=events)
        for name, label, events in (("a/b", "anomalous", (Event(10, 20),)), ("c", "normal", ()))
    )
    Manifest("toy", videos).write(tmp_path / "m.jsonl")
    values = {video.id: np.random.default_rng(0).normal(size=50) for video in videos}
    meta = {"run": str(run), "run_sha256": sha256_of(run / "checkpoint.pt")}
    path = Scores(values, meta).write(tmp_path / "scores" / "scores.npz")
    for video in videos:
        terms = {"error": values[video.id], "classifier": -values[video.id]}
        write_terms(path.parent / "terms" / f"{video.id}.npz", terms)
    out, common = tmp_path / "out", {"manifest": tmp_path / "m.jsonl", "resamples": 2}
    evaluate(path, out=out, **common)
    html = (out / "report.html").read_text(encoding="utf-8")
    assert html.count('<polyline class="series2"') == 2
    assert '<section id="training">' in html
    assert "After 1,000,000 steps" in html
    assert (out / "plots" / "terms" / "a" / "b.png").is_file()
    # The run was trained again since, and one video's terms are gone; the folder is given.
    (run / "checkpoint.pt").write_bytes(b"another")
    (path.parent / "terms" / "c.npz").unlink()
    evaluate(path.parent, out=out, **common)
    html = (out / "report.html").read_text(encoding="utf-8")
    assert html.count('<polyline class="series2"') == 1
    assert '<section id="training">' not in html
