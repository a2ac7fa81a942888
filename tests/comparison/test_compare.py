import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind
from sklearn.metrics import roc_auc_score

from oddframe.comparison.compare import compare_scores
from oddframe.comparison.paired_differences import (
    beyond_the_seeds,
    paired_differences,
)
from oddframe.comparison.result import Comparison
from oddframe.comparison.wording import difference_in_words, oracle_in_words
from oddframe.errors import OddframeError
from oddframe.evaluation.bootstrap import draw_videos
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.evaluation.intervals import Draws, differences, summarise
from oddframe.evaluation.metric_samples import mean_of_repeats
from oddframe.evaluation.result import Measured
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event


@pytest.fixture
def case(make_video):
    """Videos of very different difficulty, and two detectors of which one is a little better."""
    generator = np.random.default_rng(1)
    videos = []
    good, better = {}, {}
    for index in range(12):
        labels = np.zeros(80)
        labels[30:50] = index % 2
        video = make_video(f"v{index}", labels)
        videos.append(video)
        offset = generator.normal() * 1.5
        noise = generator.normal(size=80)
        good[video.id] = offset + noise + video.frame_labels()
        better[video.id] = offset + noise + 1.4 * video.frame_labels()
    return Manifest("case", tuple(videos)), {"good": Scores(good), "better": Scores(better)}


def test_paired_differences_see_what_intervals_hide(case, tmp_path):
    manifest, named = case
    comparison = compare_scores(named, manifest, resamples=300)
    good, better = (comparison.models[name]["micro_auc"] for name in named)
    assert good.high > better.low  # the intervals overlap
    gap = next(d for d in comparison.differences if d.metric == "micro_auc")
    assert (gap.first, gap.second) == ("good", "better")
    assert gap.value.value == pytest.approx(good.value - better.value)
    assert gap.value.high < 0  # and yet the difference is certain
    assert "excludes zero" in gap.words
    assert "lower" in gap.words
    assert gap.clear
    assert gap.words.endswith("Verdict: better is better on such videos; one seed.")
    constant = evaluate_scores(named["good"], manifest, resamples=300).baselines["constant"]
    assert comparison.baselines["constant"] == constant
    assert "Micro AUC without a look at a pixel: constant 0.500; random" in comparison.text()
    comparison.write(tmp_path / "comparison.json")
    assert Comparison.read(tmp_path / "comparison.json") == comparison


def test_models_have_the_numbers_of_their_evaluation(case):
    manifest, named = case
    comparison = compare_scores(named, manifest, resamples=60, seed=5)
    alone = evaluate_scores(named["good"], manifest, resamples=60, seed=5)
    assert comparison.models["good"] == alone.metrics


def test_first_frames_are_left_out_of_all_models_alike(case, tmp_path):
    manifest, named = case
    comparison = compare_scores(named, manifest, skip_first=35, resamples=30)
    for name, scores in named.items():
        alone = evaluate_scores(scores, manifest, skip_first=35, resamples=30)
        assert comparison.models[name] == alone.metrics
        assert comparison.decisions[name] == alone.decisions
    assert (comparison.baselines, comparison.normal_hours) == (alone.baselines, alone.normal_hours)
    assert comparison.skip_first == 35
    again = compare_scores(named, manifest, oracle={"good": [named["good"]]}, skip_first=35)
    assert again.oracle_gaps["good"]["micro_auc"].value == 0
    comparison.write(tmp_path / "comparison.json")
    assert Comparison.read(tmp_path / "comparison.json") == comparison


def test_score_maps_give_each_model_the_place_metrics_of_its_evaluation(case, tmp_path):
    manifest, named = case
    generator = np.random.default_rng(2)
    videos, some = [], manifest.videos[:6]
    named = {name: Scores({v.id: part[v.id] for v in some}) for name, part in named.items()}
    for video in some:
        mask = np.zeros((80, 6, 8), bool)
        mask[video.frame_labels(), 1:4, 2:5] = True
        np.save(tmp_path / f"{video.id}.npy", mask)
        truth = f"{video.id}.npy" if mask.any() else None
        videos.append(replace(video, mask=truth, width=8, height=6))
    manifest = replace(manifest, videos=tuple(videos), root=tmp_path)
    maps = {v.id: generator.random((80, 3, 4)).astype(np.float32) for v in manifest}
    better = {k: part + named["better"][k][:, None, None] for k, part in maps.items()}
    given = {"good": [maps], "better": [better]}
    found = compare_scores(named, manifest, maps=given, skip_first=3, resamples=30)
    for name, (own,) in given.items():
        alone = evaluate_scores(named[name], manifest, maps=own, skip_first=3, resamples=30)
        for metric in ("pixel_auc", "pixel_level_auc", "rbdc"):
            assert found.models[name][metric] == alone.metrics[metric]
    gap = next(d for d in found.differences if d.metric == "pixel_level_auc")
    one, other = (found.models[name]["pixel_level_auc"].value for name in named)
    assert gap.value.value == pytest.approx(one - other)
    # Of two seeds the mean; a model without maps has no such number and says so.
    sets = {"good": named["good"], "both": [named["good"], named["better"]]}
    found = compare_scores(sets, manifest, maps={"both": [maps, better]}, resamples=0)
    assert found.models["both"]["pixel_level_auc"].value == pytest.approx((one + other) / 2)
    missing = found.models["good"]["pixel_level_auc"]
    assert (missing.value, missing.note[:16]) == (None, "no score maps of")
    assert "pixel_auc" not in compare_scores(sets, manifest, resamples=0).models["both"]


def test_a_model_does_not_differ_from_itself(case):
    manifest, named = case
    comparison = compare_scores({"a": named["good"], "b": named["good"]}, manifest, resamples=40)
    for gap in comparison.differences:
        assert (gap.value.value, gap.value.low, gap.value.high) == (0, 0, 0)
        assert "includes zero" in gap.words


def test_words():
    assert "cannot be compared: no frames" in difference_in_words(
        "a", "b", "auc", Measured(None, note="no frames")
    )
    only = difference_in_words("a", "b", "auc", Measured(0.1, note="no interval"))
    assert only == "AUC of a is higher than that of b by 0.1; no interval."
    touching = difference_in_words("a", "b", "auc", Measured(0.1, 0.0, 0.2))
    assert "includes zero" in touching


NOISE = np.random.default_rng(0).normal(0, 0.01, 2000)


@pytest.mark.parametrize(
    ("metric", "gap", "pairs", "seeds", "verdict"),
    [
        # 2.6 standard deviations of twelve videos: beyond one interval of 95 %, not one of 99.7 %.
        ("micro_auc", 0.026, 1, {}, "a is better on such videos; one seed"),
        ("micro_auc", 0.026, 15, {}, "may be chance: one of several pairs"),
        ("micro_auc", 0.2, 15, {}, "a is better on such videos; one seed"),
        ("micro_auc", -0.2, 15, {}, "b is better on such videos; one seed"),
        ("equal_error_rate", 0.2, 1, {}, "b is better on such videos; one seed"),
        ("micro_auc", 0.01, 1, {}, "may be chance"),
        ("micro_auc", 0.2, 1, {"a": [0.9, 0.91], "b": [0.7, 0.71]}, "a is better"),
        ("micro_auc", 0.2, 1, {"a": [0.9, 0.91]}, "a is better on such videos; one seed"),
        ("micro_auc", 0.2, 1, {"a": [0.9, 0.5], "b": [0.5, 0.5]}, "may be the seed"),
    ],
)
def test_better_is_said_beyond_the_videos_and_the_seeds(metric, gap, pairs, seeds, verdict):
    draws = Draws(np.ones((2000, 12), np.uint8), np.ones(12, int))
    ones = np.full(2000, 0.5)
    others = {f"x{n}": {metric: ones} for n in range(pairs)}
    samples = {"a": {metric: ones + NOISE - NOISE[0] + gap}, "b": {metric: ones}, **others}
    repeats = {name: {metric: values} for name, values in seeds.items()}
    names = [("a", "b"), *(("a", f"x{n}") for n in range(1, pairs))]
    found = paired_differences(samples, repeats, names, draws)[0]
    assert found.verdict == verdict
    assert found.clear == ("better" in verdict or "seed" in verdict)


@pytest.mark.parametrize(("seed", "apart"), [(0, 0.0), (1, 0.02), (2, 0.1)])
def test_beyond_the_seeds_is_welchs_test(seed, apart):
    generator = np.random.default_rng(seed)
    one, other = generator.normal(0.8, 0.02, 4), generator.normal(0.8 + apart, 0.05, 3)
    told = ttest_ind(one, other, equal_var=False).pvalue < 0.05
    assert beyond_the_seeds(list(one), list(other)) == told


def test_seeds_that_are_all_alike_have_no_spread():
    assert beyond_the_seeds([0.5, 0.5], [0.6, 0.6])
    assert not beyond_the_seeds([0.5, 0.5], [0.5, 0.5])


def test_bad_input(case, tmp_path):
    manifest, named = case
    with pytest.raises(OddframeError, match="at least two"):
        compare_scores({"a": named["good"]}, manifest)
    broken = Scores({"v0": np.zeros(80)})
    with pytest.raises(OddframeError, match=r"'broken'.*no scores for"):
        compare_scores({**named, "broken": broken}, manifest)
    with pytest.raises(OddframeError, match="no such file"):
        Comparison.read(tmp_path / "none.json")
    for text in ("{", "[]", '{"format": "other"}', json.dumps({"format": "oddframe-comparison/1"})):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(OddframeError, match="expected a comparison"):
            Comparison.read(tmp_path / "bad.json")


@pytest.fixture
def seeds(case):
    """Two seeds of one detector and two of another, and a checkpoint chosen on test of each."""
    manifest, named = case
    random = np.random.default_rng(2)

    def noisy(scores, spread):
        return Scores({k: v + random.normal(0, spread, len(v)) for k, v in scores.values.items()})

    sets = {name: [noisy(part, 0.5), noisy(part, 0.5)] for name, part in named.items()}
    oracle = [
        Scores({v.id: part[v.id] + 0.3 * v.frame_labels() for v in manifest})
        for part in sets["good"]
    ]
    return manifest, sets, oracle


def test_repeats_of_one_score_set_are_that_set(case):
    manifest, named = case
    good = named["good"]
    repeated = {"good": [good] * 3, "better": named["better"]}
    once = compare_scores(named, manifest, resamples=40)
    thrice = compare_scores(repeated, manifest, resamples=40, oracle={"good": [good] * 3})
    assert thrice.models == once.models
    assert thrice.differences == once.differences
    assert thrice.repeats == {
        "good": {metric: [part.value] * 3 for metric, part in once.models["good"].items()}
    }
    assert thrice.oracle == {"good": once.models["good"]}
    for gap in thrice.oracle_gaps["good"].values():
        assert (gap.value, gap.low, gap.high) == (0, 0, 0)
    assert list(thrice.decisions) == ["better"]  # a threshold belongs to one set
    assert list(thrice.drawn) == ["good"]


def test_repeats_equal_brute_force_on_the_same_draws(seeds):
    manifest, sets, oracle = seeds
    sets = {"two": sets["good"], "one": sets["better"][0]}
    found = compare_scores(sets, manifest, oracle={"two": oracle}, resamples=25, seed=4)
    anomalous = np.array([video.label == "anomalous" for video in manifest])
    weights = draw_videos(anomalous, 25, 4)

    def auc(scores, drawn):
        """Frames of a video that is drawn twice are there twice."""
        videos = [v for v, times in zip(manifest, drawn, strict=True) for _ in range(times)]
        labels = np.concatenate([video.frame_labels() for video in videos])
        return roc_auc_score(labels, np.concatenate([scores[video.id] for video in videos]))

    two, one, best = (
        np.array([np.mean([auc(part, row) for part in parts]) for row in weights])
        for parts in (sets["two"], [sets["one"]], oracle)
    )
    alone = [
        evaluate_scores(part, manifest, resamples=0).metrics["micro_auc"].value
        for part in sets["two"]
    ]
    assert found.repeats["two"]["micro_auc"] == alone
    gap = next(part.value for part in found.differences if part.metric == "micro_auc")
    draws = Draws(weights, anomalous.astype(int))
    for measured, samples in (
        (found.models["two"]["micro_auc"], summarise({"micro_auc": two}, draws, str)),
        (gap, differences({"micro_auc": two}, {"micro_auc": one}, draws, str)),
        (found.oracle["two"]["micro_auc"], summarise({"micro_auc": best}, draws, str)),
        (
            found.oracle_gaps["two"]["micro_auc"],
            differences({"micro_auc": best}, {"micro_auc": two}, draws, str),
        ),
    ):
        part = samples["micro_auc"]
        expected = [part.value, part.low, part.high]
        assert [measured.value, measured.low, measured.high] == pytest.approx(expected, abs=1e-12)
    assert found.models["two"]["micro_auc"].value == pytest.approx(np.mean(alone))


def test_the_order_of_repeats_does_not_matter(seeds):
    manifest, sets, _ = seeds
    two, one = sets["good"], sets["better"]
    forth = compare_scores({"a": [*two, one[0]], "b": one}, manifest, resamples=20)
    back = compare_scores({"a": [one[0], *two[::-1]], "b": one[::-1]}, manifest, resamples=20)
    assert forth.models == back.models
    assert forth.differences == back.differences
    itself = compare_scores({"a": two, "b": two[::-1]}, manifest, resamples=20)
    for gap in itself.differences:
        assert (gap.value.value, gap.value.low, gap.value.high) == (0, 0, 0)


def test_classes_of_repeats_are_means(make_video):
    random = np.random.default_rng(3)
    labels = np.repeat([0, 1, 0], 20)
    videos = [make_video(f"n{i}", np.zeros(60)) for i in range(3)]
    videos += [
        make_video(f"{name}{i}", labels, events=(Event(20, 40, name),), classes=(name,))
        for name in ("fight", "fire")
        for i in range(2)
    ]
    manifest = Manifest("classes", tuple(videos))
    sets = [
        Scores({v.id: random.normal(size=60) + v.frame_labels() for v in videos}) for _ in range(3)
    ]
    found = compare_scores({"a": sets, "b": sets[0]}, manifest, resamples=10)
    alone = [evaluate_scores(part, manifest, resamples=0).classes for part in sets]
    for name in ("fight", "fire"):
        for metric, part in found.classes["a"][name].items():
            values = [classes[name][metric].value for classes in alone]
            assert part.value == pytest.approx(np.mean(values)), metric
        assert found.classes["a"][name]["auc"].low < found.classes["a"][name]["auc"].high


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=7), st.integers(1, 7), st.randoms())
def test_mean_of_repeats(values, times, random):
    single = [np.array([value, 1.0]) for value in values]
    mean = mean_of_repeats(single)
    assert mean == pytest.approx([np.mean(values), 1.0], abs=1e-9)
    random.shuffle(single)
    assert np.array_equal(mean_of_repeats(single), mean)
    assert np.array_equal(mean_of_repeats([mean] * times), mean)


def test_a_mean_with_something_undefined_is_undefined():
    mean = mean_of_repeats([np.array([1.0, np.nan]), np.array([3.0, 1.0])])
    assert mean[0] == 2
    assert np.isnan(mean[1])


def test_pairs_and_the_caution(case):
    manifest, named = case
    good = named["good"]
    six = dict.fromkeys("abcdef", good)

    def pairs(named, **options):
        found = compare_scores(named, manifest, resamples=5, **options)
        metric = [part for part in found.differences if part.metric == "micro_auc"]
        return ["".join((part.first, part.second)) for part in metric], found.caution

    assert pairs(six) == (["ab", "ac", "ad", "ae", "af"], pairs(six)[1])
    assert "Of 5 pairs in one metric, 0.25 would" in pairs(six)[1]
    every, caution = pairs(six, pairs="all")
    assert len(every) == len(set(every)) == 15
    assert "Of 15 pairs in one metric, 0.75 would" in caution
    three = dict.fromkeys("abc", good)
    assert pairs(three)[0] == ["ab", "ac", "bc"]
    assert pairs(three)[1]
    assert pairs(three, pairs="first") == (["ab", "ac"], "")  # two are not many
    without = compare_scores(three, manifest, resamples=0)
    assert without.caution == ""  # no intervals
    with pytest.raises(OddframeError, match=r"--pairs: expected all or first, found 'some'"):
        compare_scores(named, manifest, pairs="some")


def test_a_comparison_with_everything_is_read_back(seeds, tmp_path):
    manifest, sets, oracle = seeds
    found = compare_scores(
        sets, manifest, oracle={"good": oracle}, origins={"good": "a sweep"}, resamples=10
    )
    assert found.origins == {"good": "a sweep"}
    path = found.write(tmp_path / "comparison.json")
    assert Comparison.read(path) == found
    text = found.text()
    assert "good: selection on the test videos would have added" in text
    # Files from before repeats were there.
    row = json.loads(path.read_text())
    for key in ("repeats", "oracle", "oracle_gaps", "origins", "drawn", "caution"):
        del row[key]
    path.write_text(json.dumps(row))
    old = Comparison.read(path)
    assert old.models == found.models
    assert (old.repeats, old.oracle, old.caution) == ({}, {}, "")


def test_what_selection_on_test_adds_in_words():
    added = oracle_in_words("a", "micro_auc", Measured(0.03, 0.01, 0.05))
    assert added == (
        "a: selection on the test videos would have added 0.03 to Micro AUC "
        "(95 % interval 0.01 to 0.05)."
    )
    taken = oracle_in_words("a", "micro_auc", Measured(-0.02, note="no interval"))
    assert "taken 0.02 from Micro AUC; no interval." in taken
    assert "cannot be compared: nothing" in oracle_in_words(
        "a", "b", Measured(None, note="nothing")
    )


def test_repeats_that_do_not_fit(seeds):
    manifest, sets, oracle = seeds
    with pytest.raises(OddframeError, match="'good' has 2 sets of scores and 1 of its oracle"):
        compare_scores(sets, manifest, oracle={"good": oracle[:1]})
    with pytest.raises(OddframeError, match="'who' has 0 sets of scores and 2 of its oracle"):
        compare_scores(sets, manifest, oracle={"who": oracle})
    with pytest.raises(OddframeError, match="'none' has no scores"):
        compare_scores({**sets, "none": []}, manifest)
    broken = Scores({"v0": np.zeros(80)})
    with pytest.raises(OddframeError, match=r"'good, oracle': .*no scores for"):
        compare_scores(sets, manifest, oracle={"good": [oracle[0], broken]}, resamples=5)
    with pytest.raises(OddframeError, match=r"'good': .*no scores for"):
        compare_scores({**sets, "good": [sets["good"][0], broken]}, manifest, resamples=5)
