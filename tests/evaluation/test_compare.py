import json

import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.evaluation.compare import Comparison, compare_scores, in_words
from oddframe.evaluation.evaluate import evaluate_scores
from oddframe.evaluation.result import Measured
from oddframe.scores import Scores
from oddframe.videos import Manifest


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
    comparison.write(tmp_path / "comparison.json")
    assert Comparison.read(tmp_path / "comparison.json") == comparison


def test_models_have_the_numbers_of_their_evaluation(case):
    manifest, named = case
    comparison = compare_scores(named, manifest, resamples=60, seed=5)
    alone = evaluate_scores(named["good"], manifest, resamples=60, seed=5)
    assert comparison.models["good"] == alone.metrics


def test_a_model_does_not_differ_from_itself(case):
    manifest, named = case
    comparison = compare_scores({"a": named["good"], "b": named["good"]}, manifest, resamples=40)
    for gap in comparison.differences:
        assert (gap.value.value, gap.value.low, gap.value.high) == (0, 0, 0)
        assert "includes zero" in gap.words


def test_words():
    assert "cannot be compared: no frames" in in_words(
        "a", "b", "auc", Measured(None, note="no frames")
    )
    only = in_words("a", "b", "auc", Measured(0.1, note="no interval"))
    assert only == "auc of a is higher than that of b by 0.1; no interval."
    touching = in_words("a", "b", "auc", Measured(0.1, 0.0, 0.2))
    assert "includes zero" in touching


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
