"""Thresholds and decisions against brute force, scikit-learn and counting by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from oddframe.comparison.compare import compare_scores
from oddframe.errors import OddframeError
from oddframe.evaluation.bootstrap import draw_videos
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.evaluation.frame_samples import Truth
from oddframe.evaluation.intervals import Draws, summarise
from oddframe.evaluation.result import Evaluation
from oddframe.evaluation.thresholds import (
    RULES,
    best_thresholds,
    decisions,
    validation_thresholds,
)
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event


def worth(labels, decided, rule):
    """A rule's aim by its definition."""
    if rule == "f1":
        return f1_score(labels, decided, zero_division=0)
    return np.sqrt(decided[labels].mean() * (~decided[~labels]).mean())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 25), st.sampled_from([2, 5, 10**6]))
def test_no_other_threshold_is_better(seed, frames, levels):
    generator = np.random.default_rng(seed)
    labels = generator.random(frames) < 0.4
    labels[:2] = [True, False]
    scores = (generator.integers(0, levels, frames) / levels).astype(np.float32)
    best_of = best_thresholds(labels, scores)
    assert tuple(best_of) == RULES
    for rule, chosen in best_of.items():
        values = [worth(labels, scores >= level, rule) for level in np.unique(scores)]
        assert worth(labels, scores > chosen, rule) == pytest.approx(max(values))
        # Among equals, it is the one that alarms least.
        best = np.unique(scores)[np.isclose(values, max(values))].max()
        assert (scores > chosen).tolist() == (scores >= best).tolist()


def test_labels_of_one_value_allow_no_choice():
    with pytest.raises(OddframeError, match="expected anomalous and normal labels, found 0"):
        best_thresholds(np.zeros(4), np.arange(4))


@pytest.fixture
def case(make_video):
    """Nine test videos of two classes with probabilities, and the videos' truth."""
    generator = np.random.default_rng(7)
    videos, values = [], {}
    for index in range(9):
        labels = np.zeros(40 + index)
        if index < 5:
            labels[10 : 20 + index] = 1
        video = make_video(f"v{index}", labels)
        name = "run" if index % 2 else "bike"
        classes = (name,) if index < 5 else ()
        events = tuple(Event(e.start, e.end, name) for e in video.events)
        videos.append(replace(video, classes=classes, events=events))
        noise = generator.random(video.frames)
        values[video.id] = np.round(0.6 * noise + 0.3 * labels, 1).astype(np.float32)
    return tuple(videos), Scores(values)


def test_every_metric_on_every_resample_equals_scikit_learn(case):
    videos, scores = case
    truth = Truth.of(videos)
    weights = draw_videos(truth.anomalous, 30, seed=1)
    draws = Draws(weights, truth.anomalous.astype(int))
    found = decisions(scores, truth, draws, classes=("bike", "run"))
    assert list(found) == ["fixed_0.5", "oracle_g_mean", "oracle_f1"]
    for part in found.values():
        rows = []
        for drawn in weights:
            copies = [v for v, times in zip(videos, drawn, strict=True) for _ in range(times)]
            labels = np.concatenate([v.frame_labels() for v in copies])
            decided = np.concatenate([scores[v.id] for v in copies]) > np.float32(part.threshold)
            normal = np.repeat([v.label == "normal" for v in copies], [v.frames for v in copies])
            rows.append(
                {
                    "f1": f1_score(labels, decided),
                    "macro_f1": f1_score(labels, decided, average="macro"),
                    "accuracy": accuracy_score(labels, decided),
                    "precision": precision_score(labels, decided),
                    "recall": recall_score(labels, decided),
                    "false_discovery_rate": 1 - precision_score(labels, decided),
                    "far_normal_videos": decided[normal].mean(),
                }
            )
        assert set(part.metrics) == set(rows[0])
        for name, number in part.metrics.items():
            assert number.value == pytest.approx(rows[0][name]), name
            values = np.array([row[name] for row in rows], dtype=float)
            expected = summarise({name: values}, draws, str)[name]
            assert (number.low, number.high) == pytest.approx((expected.low, expected.high)), name
        # The class mask: only the class's own videos.
        own = [video for video in videos if "run" in video.classes]
        labels = np.concatenate([video.frame_labels() for video in own])
        decided = np.concatenate([scores[video.id] for video in own]) > np.float32(part.threshold)
        assert part.classes["run"]["f1"].value == pytest.approx(f1_score(labels, decided))
        assert part.classes["run"]["accuracy"].value == accuracy_score(labels, decided)


def test_exactly_one_half_is_normal_as_with_rint(make_video):
    values = np.array([0.5, np.nextafter(np.float32(0.5), np.float32(1)), 0.2, 0.9], np.float32)
    videos = (make_video("a", np.array([0, 1, 0, 1])), make_video("b", np.zeros(4)))
    scores = Scores({"a": values, "b": np.zeros(4)})
    draws = Draws(np.ones((1, 2)), np.array([1, 0]))
    part = decisions(scores, Truth.of(videos), draws)["fixed_0.5"]
    expected = accuracy_score([0, 1, 0, 1, 0, 0, 0, 0], np.rint([*values, 0, 0, 0, 0]))
    assert part.metrics["accuracy"].value == expected == 1


def test_a_class_by_hand_with_two_codes_in_one_video(make_video):
    both = make_video("both", np.array([1, 1, 0, 0]), classes=("B1", "B2"))
    one = make_video("one", np.array([0, 0, 1, 1]), classes=("B1",))
    full = make_video("full", np.ones(4), classes=("G",))
    calm = make_video("calm", np.zeros(4))
    videos = (both, one, full, calm)
    scores = Scores(
        {
            "both": np.array([0.9, 0.1, 0.8, 0.2]),  # one hit, one missed, one false, one passed
            "one": np.array([0.1, 0.1, 0.7, 0.7]),
            "full": np.full(4, 0.9),
            "calm": np.zeros(4),
        }
    )
    evaluation = evaluate_scores(scores, Manifest("xd", videos), resamples=0)
    part = evaluation.decisions["fixed_0.5"].classes
    b2, b1 = part["B2"], part["B1"]
    assert (b2["precision"].value, b2["recall"].value, b2["accuracy"].value) == (0.5, 0.5, 0.5)
    assert (b1["precision"].value, b1["recall"].value) == (0.75, 0.75)
    assert b1["false_discovery_rate"].value == 0.25
    assert evaluation.class_counts == {
        "B1": {"videos": 2, "frames": 4},
        "B2": {"videos": 1, "frames": 2},
        "G": {"videos": 1, "frames": 4},
    }
    assert evaluation.classes["B2"]["auc_within"].value == 0.5
    # All frames of "full" are anomalous: nothing under its mask is a number.
    within = [evaluation.classes["G"][name] for name in evaluation.classes["G"] if "within" in name]
    for number in (*part["G"].values(), *within):
        assert number.value is None
        assert "one label value" in number.note
    assert evaluation.classes["G"]["auc"].value == 1


def test_events_of_another_class_are_not_under_the_mask(make_video):
    labels = np.array([1, 1, 0, 1, 1, 0])
    events = (Event(0, 2, "bike"), Event(3, 5, "run"))
    both = make_video("both", labels, classes=("bike", "run"), events=events)
    values = np.array([0.6, 0.4, 0.2, 0.9, 0.9, 0.55])  # the run, loud, is no false alarm of bike
    scores = Scores({"both": values, "calm": np.full(4, 0.1)})
    manifest = Manifest("two", (both, make_video("calm", np.zeros(4))))
    evaluation = evaluate_scores(scores, manifest, resamples=0)
    bike = evaluation.decisions["fixed_0.5"].classes["bike"]
    assert (bike["precision"].value, bike["recall"].value, bike["accuracy"].value) == (
        0.5,
        0.5,
        0.5,
    )
    run = evaluation.decisions["fixed_0.5"].classes["run"]
    assert (run["precision"].value, run["recall"].value) == (pytest.approx(2 / 3), 1)
    kept, own = values[[0, 1, 2, 5]], [1, 1, 0, 0]
    within = evaluation.classes["bike"]
    assert within["auc_within"].value == roc_auc_score(own, kept) == 0.75
    expected = average_precision_score(own, kept)
    assert within["average_precision_within"].value == pytest.approx(expected)


def test_one_video_of_a_class_has_no_interval(make_video):
    names = ("run", "bike", "bike", "", "")
    labels = np.repeat([0, 1], 5)
    videos = tuple(
        make_video(f"v{i}", labels if name else np.zeros(9), classes=(name,) if name else ())
        for i, name in enumerate(names)
    )
    values = np.random.default_rng(3).random((5, 10))
    scores = Scores({video.id: values[i, : video.frames] for i, video in enumerate(videos)})
    evaluation = evaluate_scores(scores, Manifest("few", videos), resamples=50)
    for part in (evaluation.classes, evaluation.decisions["fixed_0.5"].classes):
        for metric in set(part["run"]):
            assert part["run"][metric].value is not None
            assert part["run"][metric].low is None
            assert "fewer than two videos" in part["run"][metric].note
            assert part["bike"][metric].low is not None


def test_undefined_where_nothing_is_alarmed_or_scores_are_no_probabilities(make_video):
    videos = (make_video("a", np.array([0, 1, 1])), make_video("b", np.zeros(3)))
    truth, draws = Truth.of(videos), Draws(np.ones((1, 2)), np.array([1, 0]))
    quiet = Scores({"a": np.full(3, 0.1), "b": np.full(3, 0.1)})
    metrics = decisions(quiet, truth, draws)["fixed_0.5"].metrics
    assert metrics["f1"].value == metrics["recall"].value == 0
    assert metrics["precision"].value is None
    assert metrics["precision"].note == "no score is above the threshold"
    loud = Scores({"a": np.full(3, 3.0), "b": np.full(3, 0.1)})
    assert "fixed_0.5" not in decisions(loud, truth, draws)
    negative = Scores({"a": np.full(3, 0.3), "b": np.full(3, -0.1)})
    assert "fixed_0.5" not in decisions(negative, truth, draws)


def split_case(case, make_video, events):
    """The test videos of the case and four validation videos, with or without events."""
    videos, scores = case
    labels = [np.repeat([0, 1, 0], [4, 3, 3]), np.zeros(10), np.repeat([1, 0], 5), np.zeros(10)]
    values = dict(scores.values)
    val = []
    for index, part in enumerate(labels):
        video = make_video(f"val{index}", part, split="val")
        val.append(video if events else replace(video, events=()))
        values[video.id] = np.where(part, 0.8, 0.3) - 0.02 * index
    return Manifest("case", (*val, *videos)), Scores(values), val


@pytest.mark.parametrize(("events", "how"), [(True, "frame labels"), (False, "labels of 4 videos")])
def test_thresholds_come_from_validation_and_say_how(case, make_video, tmp_path, events, how):
    manifest, scores, val = split_case(case, make_video, events)
    own = {video.id: scores[video.id] for video in val}
    rest = {key: values for key, values in scores.values.items() if key not in own}
    together = evaluate_scores(scores, manifest, resamples=20)
    apart = evaluate_scores(Scores(rest), manifest, validation=Scores(own), resamples=20)
    assert together.decisions == apart.decisions
    for rule in RULES:
        part = apart.decisions[f"val_{rule}"]
        assert how in part.chosen_on
        assert not part.oracle
        # The lowest anomalous score is 0.76, the highest normal one 0.3; all in between are equal.
        assert part.threshold == pytest.approx(0.76, abs=1e-6)
        assert apart.decisions[f"oracle_{rule}"].oracle
    assert how in apart.protocol["decisions"]
    without = evaluate_scores(Scores(rest), manifest, resamples=0)
    assert not any(name.startswith("val") for name in without.decisions)
    assert "none chosen on validation" in without.protocol["decisions"]
    apart.write(tmp_path / "metrics.json")
    assert Evaluation.read(tmp_path) == apart


def test_the_threshold_of_the_scores_has_a_row_unless_it_is_the_fixed_one(case, make_video):
    manifest, scores, _ = split_case(case, make_video, events=True)
    plain = evaluate_scores(scores, manifest, resamples=0).decisions
    source = "threshold 0.30: no alarm in 3.0 minutes of held-out normal footage, which only shows"
    meta = {"threshold": 0.3, "threshold_source": source}
    part = evaluate_scores(Scores(scores.values, meta), manifest, resamples=0).decisions
    assert set(part) == {*plain, "run"}
    assert (part["run"].threshold, part["run"].rule, part["run"].oracle) == (0.3, "own", False)
    assert part["run"].chosen_on == "held-out normal footage"
    test = manifest.split("test")
    labels = np.concatenate([video.frame_labels() for video in test])
    alarmed = np.concatenate([scores[video.id] for video in test]) > 0.3
    assert part["run"].metrics["f1"].value == pytest.approx(f1_score(labels, alarmed))
    by_hand = Scores(scores.values, {"threshold": 0.3, "threshold_source": "given by hand"})
    found = evaluate_scores(by_hand, manifest, resamples=0).decisions
    assert found["run"].chosen_on == "given by hand"
    val = Scores(scores.values, {"threshold": 0.3, "threshold_source": "threshold 0.30: best on a"})
    assert evaluate_scores(val, manifest, resamples=0).decisions["run"].chosen_on == "best on a"
    middle = Scores(scores.values, {"threshold": 0.5})
    assert evaluate_scores(middle, manifest, resamples=0).decisions == plain


def test_on_the_validation_videos_themselves_every_choice_is_an_oracle(case, make_video):
    manifest, scores, val = split_case(case, make_video, events=True)
    own = Scores({video.id: scores[video.id] for video in val})
    for validation in (None, own):
        found = evaluate_scores(scores, manifest, split="val", validation=validation, resamples=0)
        assert list(found.decisions) == ["fixed_0.5", "oracle_g_mean", "oracle_f1"]


def test_comparing_gives_each_set_its_classes_and_thresholds(case, make_video):
    manifest, scores, val = split_case(case, make_video, events=False)
    names = {video.id for video in manifest.split("test")}
    other = Scores({key: 1 - part for key, part in scores.values.items() if key in names})
    found = compare_scores({"both": scores, "test": other}, manifest, resamples=20)
    for name, part in (("both", scores), ("test", other)):
        alone = evaluate_scores(part, manifest, resamples=20)
        assert found.classes[name] == alone.classes
        assert found.decisions[name] == alone.decisions
        assert found.class_counts == alone.class_counts
    assert set(found.classes["both"]) == {"bike", "run"}
    assert {"val_f1", "val_g_mean"} <= set(found.decisions["both"])
    assert not any(name.startswith("val") for name in found.decisions["test"])
    assert len(val) == 4


def test_test_scores_never_move_a_validation_threshold(case, make_video):
    manifest, scores, val = split_case(case, make_video, events=True)
    changed = {
        k: 1 - v if k.startswith("v") and len(k) == 2 else v for k, v in scores.values.items()
    }
    first = evaluate_scores(scores, manifest, resamples=0).decisions
    second = evaluate_scores(Scores(changed), manifest, resamples=0).decisions
    assert first["val_f1"].threshold == second["val_f1"].threshold
    assert first["oracle_f1"].threshold != second["oracle_f1"].threshold
    assert len(val) == 4


def test_bad_validation_scores_are_one_clear_line(case, make_video):
    manifest, scores, val = split_case(case, make_video, events=True)
    test = Manifest("case", manifest.split("test"))
    own = Scores({video.id: scores[video.id] for video in val})
    given = Scores({video.id: scores[video.id] for video in test})
    with pytest.raises(OddframeError, match="no split 'val'"):
        evaluate_scores(given, test, validation=own)
    with pytest.raises(OddframeError, match=r"validation scores: .*no scores for 'val0'"):
        evaluate_scores(given, manifest, validation=given)
    calm = [video for video in val if video.label == "normal"]
    with pytest.raises(OddframeError, match=r"validation split: .*found 0 anomalous of 20"):
        validation_thresholds(own, calm)
    with pytest.raises(OddframeError, match=r"'val1' has no label"):
        validation_thresholds(own, [replace(val[1], label=None)])


def test_an_oracle_checkpoint_is_a_second_column(case):
    videos, scores = case
    manifest = Manifest("case", videos)
    perfect = Scores({v.id: 0.8 * v.frame_labels() for v in videos})
    evaluation = evaluate_scores(scores, manifest, oracle=perfect, resamples=10)
    alone = evaluate_scores(perfect, manifest, resamples=10)
    assert evaluation.oracle == alone.metrics
    assert evaluation.metrics == evaluate_scores(scores, manifest, resamples=10).metrics
    part = evaluation.decisions["oracle_checkpoint_fixed_0.5"]
    assert part.oracle
    assert part.metrics == alone.decisions["fixed_0.5"].metrics
    assert part.metrics["f1"].value == 1
    with pytest.raises(OddframeError, match=r"oracle scores: .*no scores for"):
        evaluate_scores(scores, manifest, oracle=Scores({"v0": scores["v0"]}))
