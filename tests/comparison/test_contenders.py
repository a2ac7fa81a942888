"""What compare is given: which scores of a run or a sweep count, and what is said of them."""

import json
import re

import numpy as np
import pytest

from oddframe.comparison.contenders import (
    manifest_of,
    maps_beside,
    read_contender,
    shared_manifest,
)
from oddframe.comparison.result import Comparison
from oddframe.errors import OddframeError
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.runs.run_folder import write_config
from oddframe.scores.frame_scores import Scores
from oddframe.sweeps.folder import SweepFolder
from oddframe.sweeps.sweep_file import read_sweep
from oddframe.sweeps.trial_record import Attempt, TrialRecord, now
from oddframe.verbs.compare import compare
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video

ODD = (Event(5, 12),)
ORACLE = {"checkpoint": "oracle: chosen by the truth of the test videos"}


def video(name, split="test", frames=30, events=ODD):
    label = "anomalous" if events else "normal"
    return Video(name, "", split, label, frames, 10.0, 0, 0, events=events)


@pytest.fixture
def manifest():
    return Manifest("toy", (video("a"), video("b", events=()), video("t", "train", events=())))


@pytest.fixture
def values(manifest):
    random = np.random.default_rng(0)
    return {v.id: random.random(v.frames) + v.frame_labels() for v in manifest.split("test")}


@pytest.fixture
def run(tmp_path, manifest):
    """A run folder as ``train`` leaves it, without scores."""
    folder = tmp_path / "run"
    folder.mkdir()
    write_config(
        folder,
        {"verb": "train", "detector": "rtfm", "seed": 3, "selected": {"val": {"step": 40}}},
    )
    manifest.write(folder / "manifest.jsonl")
    lines = [{"step": 40, "epoch": 1.0, "split": "val", "video_auc": 0.9}]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.mark.parametrize("place", ["scores.npz", "scores/scores.npz", "scores/test/scores.npz"])
def test_the_scores_of_a_run(run, values, place, manifest):
    Scores(values, {"normalisation": "none"}).write(run / place)
    found = read_contender(run, "test", manifest)
    assert [dict(part.values).keys() for part in found.scores] == [values.keys()]
    assert found.oracle == ()
    assert [line["step"] for line in found.curves[0]] == [40]
    assert found.origin == (
        f"run {run}: rtfm, seed 3, checkpoint of step 40, selected on validation; {place}"
    )


def test_the_oracle_of_a_run_is_apart(run, values, manifest):
    Scores(values, {"normalisation": "none"}).write(run / "scores/test/scores.npz")
    better = {key: array + 1 for key, array in values.items()}
    Scores(better, {"normalisation": "none", **ORACLE}).write(run / "scores/test-oracle/scores.npz")
    # Scaled within each video and not only selected otherwise, so not the other's oracle.
    scaled = {"normalisation": "per-video", **ORACLE}
    Scores(better, scaled).write(run / "scores/test-oracle-per-video/scores.npz")
    found = read_contender(run, "test", manifest)
    assert np.array_equal(found.scores[0]["a"], values["a"])
    assert [np.array_equal(part["a"], better["a"]) for part in found.oracle] == [True]
    assert found.oracle[0].meta["normalisation"] == "none"


def test_scores_of_other_videos_do_not_count(run, values, manifest):
    Scores(values).write(run / "scores/test/scores.npz")
    Scores({"street": np.zeros(9)}).write(run / "scores/street/scores.npz")
    Scores({"a": values["a"]}).write(run / "scores/part/scores.npz")
    (run / "scores/broken").mkdir()
    (run / "scores/broken/scores.npz").write_text("not an array file")
    assert "scores/test/scores.npz" in read_contender(run, "test", manifest).origin


def test_several_scores_of_a_run_are_not_guessed_between(run, values, manifest):
    Scores(values).write(run / "scores/test/scores.npz")
    Scores(values, {"normalisation": "per-video"}).write(run / "scores/scaled/scores.npz")
    with pytest.raises(OddframeError) as caught:
        read_contender(run, "test", manifest)
    assert str(caught.value) == (
        f"{run}: 2 score files cover the split 'test': scores/scaled/scores.npz, "
        "scores/test/scores.npz; give the one to compare instead of the folder"
    )
    given = read_contender(run / "scores/scaled/scores.npz", "test", manifest)
    assert given.scores[0].meta == {"normalisation": "per-video"}


def test_several_oracles_of_a_run_are_not_guessed_between(run, values, manifest):
    Scores(values).write(run / "scores/test/scores.npz")
    for name in ("one", "two"):
        Scores(values, ORACLE).write(run / "scores" / name / "scores.npz")
    with pytest.raises(OddframeError, match=r"2 files of oracle scores .*scores/one/scores.npz, "):
        read_contender(run, "test", manifest)


def test_a_run_without_scores_says_how_to_make_them(run, values, manifest):
    with pytest.raises(OddframeError) as caught:
        read_contender(run, "test", manifest)
    command = f"oddframe score {run} {run}/manifest.jsonl --split test"
    assert str(caught.value).endswith(f"make them with '{command}'")
    Scores({**values, "a": values["a"][:-1]}, {}).write(run / "scores.npz")
    with pytest.raises(OddframeError, match=r"scores.npz: scores of .*expected 30 values"):
        read_contender(run, "test", manifest)
    # An oracle alone is no result.
    Scores(values, ORACLE).write(run / "scores.npz")
    with pytest.raises(OddframeError, match="no scores of its selected checkpoint"):
        read_contender(run, "test", manifest)
    config = {"verb": "train", "detector": "rtfm", "features": "/data/features"}
    write_config(run, config)
    other = Manifest("other", (video("x"),))
    with pytest.raises(OddframeError, match=r"MANIFEST --split test --features /data/features'$"):
        read_contender(run, "test", other)


def test_what_is_said_of_other_scores(run, values, tmp_path, manifest):
    foreign = tmp_path / "them"
    foreign.mkdir()
    for name, array in values.items():
        np.save(foreign / f"{name}.npy", array)
    found = read_contender(foreign, "test", manifest)
    assert found.origin == f"scores {foreign}: not stated how they were made"
    assert found.curves == ()
    made = tmp_path / "made.npz"
    Scores(values, {"detector": "mgfn", "run": "elsewhere"}).write(made)
    assert read_contender(made, "test", manifest).origin == f"scores {made}: mgfn, run elsewhere"
    Scores(values).write(run / "scores.npz")
    write_config(run, {"verb": "import", "detector": "rtfm"})
    (run / "metrics.jsonl").unlink()
    imported = read_contender(run, "test", manifest)
    assert imported.origin == f"run {run}: rtfm, imported; scores.npz"
    assert imported.curves == ()
    write_config(run, {"verb": "train", "detector": "rtfm", "seed": 0})
    (run / "metrics.jsonl").write_text('{"step": 1, "split": "train"}\n')
    assert "the last checkpoint, none was selected" in read_contender(run, "test", manifest).origin
    # A run of before ``selected`` was written down.
    (run / "metrics.jsonl").write_text('{"step": 40, "split": "val", "video_auc": 0.9}\n')
    assert (
        "not stated whether its checkpoint was selected"
        in read_contender(run, "test", manifest).origin
    )


def test_a_curve_that_is_no_text_is_one_line(run, values, manifest):
    Scores(values).write(run / "scores.npz")
    with (run / "metrics.jsonl").open("ab") as stream:
        stream.write(b"\xff\xfe\n")
    with pytest.raises(OddframeError, match=r"metrics.jsonl: expected a training curve as UTF-8"):
        read_contender(run, "test", manifest)


def test_what_is_oracle_on_the_test_videos_is_none_on_others(run, manifest, values, tmp_path):
    videos = (*manifest, video("v", "val"), video("w", "val", events=()))
    both = Manifest("toy", videos)
    every = {**values, "v": np.linspace(0, 1, 30), "w": np.zeros(30)}
    Scores(every).write(run / "scores/scores.npz")
    Scores(every, ORACLE).write(run / "scores/oracle/scores.npz")
    Scores(every).write(tmp_path / "other.npz")
    both.write(tmp_path / "both.jsonl")
    for split, shown in (("test", ["run"]), ("val", [])):
        found = compare(
            [run, tmp_path / "other.npz"],
            out=tmp_path / split,
            manifest=tmp_path / "both.jsonl",
            split=split,
            resamples=5,
            timelines=False,
        )
        assert list(found.oracle) == shown


def test_nothing_there(run, tmp_path, manifest):
    with pytest.raises(OddframeError, match="expected scores, found no such file"):
        read_contender(tmp_path / "none", "test", manifest)
    (run / "manifest.jsonl").unlink()
    assert manifest_of(run) is None
    with pytest.raises(OddframeError, match=r"no run that holds one; give --manifest"):
        shared_manifest([run], "test")


def test_runs_agree_on_the_truth(run, manifest, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    write_config(other, {"verb": "train"})
    # In another order, and with other training videos, it is the same test.
    videos = (video("c", "train"), *reversed(manifest.split("test")))
    Manifest("toy", videos).write(other / "manifest.jsonl")
    paths = [tmp_path / "foreign.npz", run, other]
    assert shared_manifest(paths, "test").split("test") == manifest.split("test")
    for changed, said in (
        ((video("a"),), "video 'b' is in one of them only"),
        ((video("a"), video("b", events=()), video("c")), "video 'c' is in one of them only"),
        ((video("a", events=(Event(5, 13),)), video("b", events=())), "events for video 'a'"),
        ((video("a"), video("b", frames=31, events=())), "frames for video 'b'"),
    ):
        Manifest("toy", changed).write(other / "manifest.jsonl")
        with pytest.raises(OddframeError, match="do not agree") as caught:
            shared_manifest(paths, "test")
        assert said in str(caught.value)
        assert str(run) in str(caught.value)
        assert str(other) in str(caught.value)
    # One that has no such videos says nothing about them.
    Manifest("normal", (video("n", "train", events=()),)).write(other / "manifest.jsonl")
    assert shared_manifest(paths, "test").dataset == "toy"


def test_what_is_no_scores_is_said_before_the_truth_that_is_missing(tmp_path):
    numbers = tmp_path / "metrics.json"
    numbers.write_text('{"format": "oddframe-metrics/1"}')
    with pytest.raises(OddframeError, match="found 'oddframe-metrics/1'; give scores"):
        shared_manifest([numbers, tmp_path], "test")


def test_no_truth_at_all(run, tmp_path):
    with pytest.raises(OddframeError, match="found no run that holds one; give --manifest"):
        shared_manifest([Scores({"a": np.zeros(3)}).write(tmp_path / "foreign.npz")], "test")
    Manifest("normal", (video("n", "train", events=()),)).write(run / "manifest.jsonl")
    where = re.escape(f"found no videos in it in {run}/manifest.jsonl; give --manifest")
    with pytest.raises(OddframeError, match=where):
        shared_manifest([run], "test")


SWEEP = """
detector: sultani
manifest: {manifest}
features: {features}
grid:
  learning_rate: [0.1, 0.001]
  dropout: [0.2, 0.4]
seeds: [5, 3]
oracle: true
score: false
"""
VALIDATION = {(0.1, 0.2): (0.9, 0.5), (0.1, 0.4): (0.6, 0.6), (0.001, 0.2): (0.7, 0.8)}
"""Learning rate and dropout to the validation metric of seeds 5 and 3; the fourth never ran."""


def fixed(values, number):
    """Scores by which one knows whose they are."""
    return {key: np.full(len(array), number) for key, array in values.items()}


@pytest.fixture
def sweep(tmp_path, manifest, values):
    """Folder of a sweep of four configurations over two seeds, as its trials leave it."""
    manifest.write(tmp_path / "m.jsonl")
    (tmp_path / "features").mkdir()
    file = tmp_path / "sweep.yaml"
    words = SWEEP.format(manifest=tmp_path / "m.jsonl", features=tmp_path / "features")
    file.write_text(words)
    found = read_sweep(file, tmp_path / "sweep", check=False)
    folder = SweepFolder(found.folder)
    folder.begin(found)
    for number, trial in enumerate(found.trials()):
        own = folder.trial_folder(trial.id)
        own.mkdir(parents=True)
        key = (trial.varied["learning_rate"], trial.varied["dropout"])
        if key not in VALIDATION:
            folder.write(TrialRecord(trial, "failed", (Attempt(now(), now(), 1),)))
            continue
        step = {"step": 10, "video_auc": VALIDATION[key][found.seeds.index(trial.seed)]}
        write_config(own, {"detector": "sultani", "seed": trial.seed, "selected": {"val": step}})
        (own / "checkpoint.pt").touch()
        (own / "metrics.jsonl").write_text(
            json.dumps({"step": number, "epoch": 1.0, "split": "val", "video_auc": 0.5}) + "\n"
        )
        manifest.write(own / "manifest.jsonl")
        Scores(fixed(values, number)).write(own / "scores/scores.npz")
        Scores(fixed(values, -number), ORACLE).write(own / "scores/oracle/scores.npz")
        folder.write(TrialRecord(trial, "finished"))
    return folder


def numbers(sets):
    return [int(part["a"][0]) for part in sets]


def test_the_best_configuration_of_a_sweep_with_all_its_seeds(sweep, manifest):
    found = read_contender(sweep.path, "test", manifest)
    # Trials 4 and 5 have the best mean (0.75), trial 0 the best single seed (0.9).
    assert numbers(found.scores) == [5, 4]  # seed 3, seed 5
    assert numbers(found.oracle) == [-5, -4]
    assert [lines[0]["step"] for lines in found.curves] == [5, 4]
    assert found.origin == (
        f"sweep {sweep.path}: learning_rate 0.001, dropout 0.2, best of 3 configurations by "
        "val/video_auc (1 not finished), 2 seeds (3, 5); the sweep is incomplete: 6 of 8 trials "
        "done, 2 failed"
    )


def test_what_is_said_of_a_sweep_depends_on_how_far_it_is(sweep, manifest):
    with sweep.held():
        running = read_contender(sweep.path, "test", manifest).origin
    assert running.endswith("; the sweep is still running: 6 of 8 trials done, 2 failed")
    for record in sweep.records():
        if record.state == "failed":
            sweep.write(TrialRecord(record.trial, "stopped", stopped_at=4))
    assert read_contender(sweep.path, "test", manifest).origin.endswith("2 seeds (3, 5)")


def trial_of(sweep, seed):
    (record,) = (
        record
        for record in sweep.records()
        if record.trial.varied == {"learning_rate": 0.001, "dropout": 0.2}
        and record.trial.seed == seed
    )
    return sweep.trial_folder(record.trial.id)


def test_an_oracle_of_some_seeds_is_none(sweep, manifest):
    (trial_of(sweep, 3) / "scores/oracle/scores.npz").unlink()
    found = read_contender(sweep.path, "test", manifest)
    assert numbers(found.scores) == [5, 4]
    assert found.oracle == ()


def test_other_scores_in_a_trial_do_not_replace_those_of_the_sweep(sweep, values, manifest):
    Scores(fixed(values, 9)).write(trial_of(sweep, 3) / "scores/again/scores.npz")
    assert numbers(read_contender(sweep.path, "test", manifest).scores) == [5, 4]


def test_a_trial_is_a_run(sweep, manifest):
    found = read_contender(trial_of(sweep, 3), "test", manifest)
    assert numbers(found.scores) == [5]
    assert numbers(found.oracle) == [-5]
    assert "sultani, seed 3" in found.origin


def test_a_trial_that_was_never_scored_is_named(sweep, manifest):
    folder = trial_of(sweep, 5)
    for name in ("scores/scores.npz", "scores/oracle/scores.npz"):
        (folder / name).unlink()
    with pytest.raises(OddframeError) as caught:
        read_contender(sweep.path, "test", manifest)
    assert str(caught.value).endswith(
        f"{folder}: no scores of its selected checkpoint for the split 'test'; make them with "
        f"'oddframe score {folder} {folder}/manifest.jsonl --split test'"
    )


def test_a_sweep_with_nothing_finished(sweep, manifest):
    for record in sweep.records():
        (sweep.trial_folder(record.trial.id) / "checkpoint.pt").unlink(missing_ok=True)
    with pytest.raises(OddframeError, match="no configuration can be chosen: no trial has fin"):
        read_contender(sweep.path, "test", manifest)


def test_a_sweep_brings_the_truth(sweep, run, manifest):
    assert shared_manifest([sweep.path, run], "test").split("test") == manifest.split("test")
    Manifest("toy", (video("a"),)).write(run / "manifest.jsonl")
    with pytest.raises(OddframeError, match="do not agree on the split 'test': video 'b' is in"):
        shared_manifest([sweep.path, run], "test")


def test_compare_takes_the_mean_over_the_seeds_of_a_sweep(sweep, run, manifest, values, tmp_path):
    random = np.random.default_rng(1)
    seeds = {}
    for seed in (3, 5):
        noise = {key: array + random.normal(size=len(array)) for key, array in values.items()}
        seeds[seed] = Scores(noise, {"normalisation": "per-video"} if seed == 5 else {})
        seeds[seed].write(trial_of(sweep, seed) / "scores/scores.npz")
    Scores(values).write(run / "scores.npz")
    out = tmp_path / "out"
    found = compare([run, sweep.path], out=out, names=["one", "many"], timelines=False)
    each = [evaluate_scores(part, manifest).metrics["micro_auc"].value for part in seeds.values()]
    assert found.repeats["many"]["micro_auc"] == each
    assert each[0] != each[1]
    assert found.models["many"]["micro_auc"].value == pytest.approx(np.mean(each))
    assert found.oracle_gaps == {}  # an oracle of raw scores is not that of scaled ones
    assert found.drawn == {"many": "curves and timelines show the first of 2 repeats"}
    # The mark of a seed that is not drawn is not lost.
    assert list(found.doubts) == ["many"]
    assert "normalised per video" in found.doubts["many"][0]
    assert Comparison.read(out / "comparison.json") == found
    assert (out / "comparison.html").is_file()


def test_maps_are_of_the_one_score_file_that_they_lie_beside(manifest, values, tmp_path):
    for place in ("x/scores.npz", "y/one.npz", "y/two.npz", "z/scores.npz"):
        Scores(values).write(tmp_path / place)
    for folder in "xy":
        (tmp_path / folder / "maps").mkdir()
        np.save(tmp_path / folder / "maps" / "a.npy", np.ones((30, 2, 2), np.float32))
    files = {"x": "x/scores.npz", "y1": "y/one.npz", "y2": "y/two.npz", "z": "z/scores.npz"}
    found = {
        name: read_contender(tmp_path / file, "test", manifest) for name, file in files.items()
    }
    maps = maps_beside(found, ["a", "b"])
    assert {name: [list(part) for part in parts] for name, parts in maps.items()} == {
        "x": [["a"]],
        "y1": [[]],
        "y2": [[]],
        "z": [[]],
    }
    (only,) = maps_beside({"y1": found["y1"]}, ["a", "b"])["y1"]
    assert only["a"].shape == (30, 2, 2)
