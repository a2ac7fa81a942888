"""The verbs evaluate and compare: foreign scores, events, names."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from oddframe.cli.results import describe, evaluation_table
from oddframe.comparison.compared import short_names
from oddframe.comparison.result import Comparison
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.evaluation.result import Evaluation
from oddframe.files.atomic import sha256_of, write_json
from oddframe.results.given_scores import GivenScores
from oddframe.scores.detections import Detection
from oddframe.scores.events_file import Told
from oddframe.scores.frame_scores import Scores
from oddframe.scores.maps import map_writer
from oddframe.verbs.compare import compare
from oddframe.verbs.evaluate import evaluate
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video


@pytest.fixture
def truth(tmp_path):
    """A manifest of three videos without footage, and scores that know something of the truth."""
    videos = tuple(
        Video(name, f"{name}.mp4", "test", label, 50, 10.0, 8, 8, events=events)
        for name, label, events in (
            ("a", "anomalous", (Event(10, 20),)),
            ("b/c", "anomalous", (Event(0, 5), Event(40, 50))),
            ("d", "normal", ()),
        )
    )
    manifest = Manifest("toy", videos)
    manifest.write(tmp_path / "m.jsonl")
    random = np.random.default_rng(0)
    values = {v.id: random.random(50) + 0.5 * v.frame_labels() for v in videos}
    return manifest, values


def test_foreign_scores_from_a_folder(truth, tmp_path):
    manifest, values = truth
    for name, array in values.items():
        (tmp_path / "s" / name).parent.mkdir(parents=True, exist_ok=True)
        np.save(tmp_path / "s" / f"{name}.npy", array)
    out = tmp_path / "out"
    found = evaluate(tmp_path / "s", tmp_path / "m.jsonl", out, resamples=20, report=False)
    labels = np.concatenate([video.frame_labels() for video in manifest])
    expected = roc_auc_score(labels, np.concatenate(list(values.values())).astype(np.float32))
    assert found.metrics["micro_auc"].value == pytest.approx(expected)
    assert found.hashes["manifest"] == sha256_of(tmp_path / "m.jsonl")
    assert Evaluation.read(out).metrics == found.metrics
    assert not (out / "report.html").exists()


def test_the_same_seed_gives_the_same_intervals(truth, tmp_path):
    np.savez(tmp_path / "s.npz", **truth[1])

    def interval(seed):
        found = evaluate(
            *(tmp_path / "s.npz", tmp_path / "m.jsonl", tmp_path / "o"),
            resamples=5,
            seed=seed,
            report=False,
        ).metrics["micro_auc"]
        return found.low, found.high

    assert interval(1) == interval(1)
    # Three videos give few different resamples, so two seeds may agree, but not six.
    assert len({interval(seed) for seed in range(6)}) > 1


def test_events_are_those_of_the_scores_with_the_reasons_that_fit(truth):
    manifest, values = truth
    scores = Scores(values, {"threshold": 1.2})
    found = GivenScores(scores, {}, {}).detections(manifest.videos)
    assert {name: bool(part) for name, part in found.items()} == {
        name: bool((array > 1.2).any()) for name, array in values.items()
    }
    assert GivenScores(Scores(values), {}, {}).detections(manifest.videos) == {}
    # What is told explains one event, and has another one that other scores must have made.
    explained = replace(found["a"][0], cue="x", reason="because")
    told = {"a": Told([explained, Detection(1, 4, 2, 9.0, 8.0, "y", "old")]), "b/c": Told()}
    again = GivenScores(scores, {}, {}, told).detections(manifest.videos)
    assert again == found | {"a": [explained, *found["a"][1:]]}


def test_the_page_begins_with_what_is_told_in_the_terminal(truth, tmp_path):
    _, values = truth
    Scores(values, {"threshold": 1.2}).write(tmp_path / "s.npz")
    out = tmp_path / "out"
    found = evaluate(tmp_path / "s.npz", tmp_path / "m.jsonl", out, resamples=0)
    said = found.protocol["found"]
    assert " odd moments in 2 of 3 videos (15 s); the oddest is at 0:0" in said
    page = (out / "report.html").read_text()
    assert page.count(said) == 1
    assert Evaluation.read(out).protocol["found"] == said
    Scores(values).write(tmp_path / "s.npz")
    again = evaluate(tmp_path / "s.npz", tmp_path / "m.jsonl", out, resamples=0)
    assert "found" not in again.protocol


def test_maps_and_events_of_other_scores_are_left_out_and_said(truth, tmp_path):
    manifest, values = truth
    manifest.write(tmp_path / "m.jsonl")
    folder = tmp_path / "scores"
    Scores(values, {"threshold": 1.2}).write(folder / "scores.npz")
    for name, array in values.items():
        with map_writer(folder / "maps" / f"{name}.npy") as writer:
            for value in array:
                writer.write(np.full((2, 2), value))
    command = (folder / "scores.npz", tmp_path / "m.jsonl", tmp_path / "out")
    assert "no score maps" not in evaluate(*command, resamples=0).protocol["localisation"]
    sources: dict[str, Any] = {"format": "oddframe-sources/1", "videos": {}, "settings": {}}
    sources |= {"scores": "scores.npz", "scores_sha256": sha256_of(folder / "scores.npz")}
    write_json(folder / "sources.json", sources)
    assert "no score maps" not in evaluate(*command, resamples=0).protocol["localisation"]
    write_json(folder / "sources.json", {**sources, "scores_sha256": "0" * 64})
    with pytest.warns(OddframeWarning, match="belong to other scores than"):
        found = evaluate(*command, resamples=0)
    assert "no score maps" in found.protocol["localisation"]


def test_annotations_beside_foreign_scores_do_not_stop_an_evaluation(truth, tmp_path):
    manifest, values = truth
    manifest.write(tmp_path / "m.jsonl")
    Scores(values).write(tmp_path / "scores.npz")
    (tmp_path / "events.json").write_text('{"a": [{"start_frame": 1, "end_frame": 2}]}')
    with pytest.warns(OddframeWarning, match=r"without reasons: .*events\.json: expected"):
        found = evaluate(
            *(tmp_path / "scores.npz", tmp_path / "m.jsonl", tmp_path / "out"), resamples=0
        )
    assert found.metrics["micro_auc"].value is not None
    assert (tmp_path / "out" / "report.html").exists()


def test_numbers_never_lie_beside_the_page_of_others(truth, tmp_path):
    manifest, values = truth
    manifest.write(tmp_path / "m.jsonl")
    np.savez(tmp_path / "s.npz", **values)
    command = (tmp_path / "s.npz", tmp_path / "m.jsonl", tmp_path / "out")
    evaluate(*command, resamples=0)
    assert (tmp_path / "out" / "report.html").exists()
    evaluate(*command, resamples=0, report=False)
    assert (tmp_path / "out" / "metrics.json").exists()
    assert not (tmp_path / "out" / "report.html").exists()


def test_validation_and_oracle_scores_from_files(truth, tmp_path):
    manifest, values = truth
    val = [
        Video(f"val{i}", "", "val", label, 20, 10.0, 0, 0)
        for i, label in enumerate(("normal", "anomalous", "normal"))
    ]
    replace(manifest, videos=(*manifest.videos, *val)).write(tmp_path / "m.jsonl")
    own = {"val0": np.full(20, 0.1), "val1": np.linspace(0, 0.9, 20), "val2": np.full(20, 0.4)}
    np.savez(tmp_path / "s.npz", **values)
    Scores(own).write(tmp_path / "val.npz")
    np.savez(tmp_path / "best.npz", **{v.id: v.frame_labels() * 1.0 for v in manifest})
    files = (tmp_path / "s.npz", tmp_path / "m.jsonl", tmp_path / "out")
    beside = {"val_scores": tmp_path / "val.npz", "oracle": tmp_path / "best.npz"}
    found = evaluate(*files, **beside, resamples=5)
    assert found.decisions["val_f1"].threshold == pytest.approx(0.9)
    assert "labels of 3 videos" in found.decisions["val_f1"].chosen_on
    assert found.oracle["micro_auc"].value == 1
    assert found.hashes["oracle_scores"] == sha256_of(tmp_path / "best.npz")
    assert found.hashes["val_scores"] == sha256_of(tmp_path / "val.npz")
    assert Evaluation.read(tmp_path / "out") == found
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "validation, F1" in page
    assert "oracle checkpoint" in page
    assert "this  oracle" in evaluation_table(found)


def test_a_comparison_names_scores_normalised_per_video(truth, tmp_path):
    values = truth[1]
    Scores(values).write(tmp_path / "plain.npz")
    Scores(values, {"normalisation": "per-video"}).write(tmp_path / "scaled.npz")
    found = compare(
        [tmp_path / "plain.npz", tmp_path / "scaled.npz"],
        manifest=tmp_path / "m.jsonl",
        out=tmp_path / "out",
        resamples=0,
    )
    assert list(found.doubts) == ["scaled"]
    assert Comparison.read(tmp_path / "out" / "comparison.json") == found
    lines = describe(found).splitlines()
    assert lines[1].startswith("scaled: the scores are normalised per video")
    alone = evaluate(
        *(tmp_path / "scaled.npz", tmp_path / "m.jsonl", tmp_path / "o"), resamples=0, report=False
    )
    assert lines[1].removeprefix("scaled: ") in evaluation_table(alone).splitlines()


def test_an_oracle_that_is_normalised_otherwise_is_kept_and_said(truth, tmp_path):
    values = truth[1]
    Scores(values, {"normalisation": "none"}).write(tmp_path / "s.npz")
    Scores(values, {"normalisation": "per-video"}).write(tmp_path / "best.npz")
    found = evaluate(
        *(tmp_path / "s.npz", tmp_path / "m.jsonl", tmp_path / "out"),
        oracle=tmp_path / "best.npz",
        resamples=0,
        report=False,
    )
    again = Evaluation.read(tmp_path / "out")
    assert again.protocol["oracle_meta"] == {"normalisation": "per-video"}
    assert evaluation_table(again) == evaluation_table(found)
    assert "“per-video” there and “none” here" in evaluation_table(found)


def test_names_are_as_short_as_can_be():
    assert short_names([Path("x/a.npz"), Path("y/b.npz")]) == ["a", "b"]
    # What every file of `score` is called says nothing, unless it is all that differs.
    assert short_names([Path("x/scores.npz"), Path("y/scores.npz")]) == ["x", "y"]
    assert short_names([Path("x/scores/scores.npz"), Path("y.npz")]) == ["x", "y"]
    assert short_names([Path("x/scores.npz"), Path("x.npz")]) == ["scores", "x"]
    runs = [Path(f"{run}/scores/test/scores.npz") for run in ("a", "b")]
    assert short_names(runs) == ["a/scores/test", "b/scores/test"]
    assert short_names([Path("2026.05.01"), Path("2026.05.02")]) == ["2026.05.01", "2026.05.02"]
    assert short_names([Path("/scores.npz"), Path("/a.npz")]) == ["scores", "a"]
    same = [Path("x/a.npz"), Path("x/a.npz")]
    assert len(short_names(same)) == 2


def test_a_comparison_finds_the_better_one(truth, tmp_path):
    manifest, values = truth
    np.savez(tmp_path / "good.npz", **{v.id: v.frame_labels() * 1.0 for v in manifest})
    np.savez(tmp_path / "weak.npz", **values)
    found = compare(
        [tmp_path / "good.npz", tmp_path / "weak.npz"],
        manifest=tmp_path / "m.jsonl",
        out=tmp_path / "out",
        resamples=50,
    )
    micro = next(part for part in found.differences if part.metric == "micro_auc")
    assert "good" in micro.words
    assert "weak" in micro.words
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_file()) >= [
        "comparison.html"
    ]


def test_compare_needs_two_and_a_name_for_each(truth, tmp_path):
    np.savez(tmp_path / "s.npz", **truth[1])
    common = {"manifest": tmp_path / "m.jsonl", "out": tmp_path / "o"}
    with pytest.raises(OddframeError, match="at least two"):
        compare([tmp_path / "s.npz"], **common)
    with pytest.raises(OddframeError, match="expected 2 different names"):
        compare([tmp_path / "s.npz"] * 2, names=["a"], **common)
