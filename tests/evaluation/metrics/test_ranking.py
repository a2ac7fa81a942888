import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_auc_score
from tests.made.naive_frame_metrics import equal_error_rate

from oddframe.evaluation.bootstrap import draw_videos
from oddframe.evaluation.metrics import ranking
from oddframe.evaluation.metrics import ranking_metrics as module
from oddframe.evaluation.metrics.ranking import RankedFrames, pairs_in_order
from oddframe.evaluation.metrics.ranking_metrics import ranking_metrics

RECALLS = (0.3, 0.5, 1.0)


def random_set(seed, videos, levels):
    """Scores, labels and groups of a few videos; ``levels`` distinct scores make ties."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(1, 30, videos)
    labels = [generator.random(n) < generator.choice([0, 0.5, 1]) for n in lengths]
    scores = [generator.integers(0, levels, n).astype(np.float32) for n in lengths]
    groups = [part & (generator.random(len(part)) < 0.5) for part in labels]
    return scores, labels, groups


def ranked(scores, labels, anomalous, groups):
    flat = np.concatenate(labels)
    return RankedFrames.of(scores, flat, anomalous, [np.concatenate(groups)[flat]])


def naive(scores, labels, weights):
    """Frames of a resample, video after video, as often as each was drawn."""
    drawn = np.repeat(np.arange(len(scores)), weights)
    if not len(drawn):
        return np.empty(0), np.empty(0, dtype=bool)
    return np.concatenate([scores[i] for i in drawn]), np.concatenate([labels[i] for i in drawn])


def exactly(value, expected):
    """Pairs are counted in whole and half numbers."""
    assert np.isnan(value) if expected is None else value == pytest.approx(expected, abs=1e-13)


def check(value, expected):
    if expected is None:
        assert np.isnan(value)
    else:
        # Counts are exact in float32, their quotients are rounded.
        assert value == pytest.approx(expected, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 7), st.sampled_from([1, 3, 40, 10**6]))
def test_every_resample_equals_the_naive_way(seed, videos, levels):
    scores, labels, groups = random_set(seed, videos, levels)
    anomalous = np.array([part.any() for part in labels])
    weights = draw_videos(anomalous, 12, seed)
    found = ranking_metrics(ranked(scores, labels, anomalous, groups), weights, RECALLS)
    for row, drawn in enumerate(weights):
        s, t = naive(scores, labels, drawn)
        both = 0 < t.sum() < len(t)
        exactly(found.auc[row], roc_auc_score(t, s) if both else None)
        check(found.average_precision[row], average_precision_score(t, s) if both else None)
        curve = precision_recall_curve(t, s) if both else None
        check(found.trapezoid[row], auc(curve[1], curve[0]) if curve else None)
        check(found.equal_error_rate[row], equal_error_rate(t, s) if both else None)
        for index, recall in enumerate(RECALLS):
            if t.any():
                ordered = np.sort(s[t])[::-1]
                threshold = ordered[int(np.ceil(recall * len(ordered))) - 1]
                assert found.recall_thresholds[index, row] == threshold
                assert found.recall_alarms[index, row] == (s[~t] >= threshold).sum()
            else:
                assert np.isnan(found.recall_thresholds[index, row])
        s, t = naive(scores, labels, drawn * anomalous)
        both = 0 < t.sum() < len(t)
        exactly(found.auc_inside[row], roc_auc_score(t, s) if both else None)
        check(found.precision_inside[row], average_precision_score(t, s) if both else None)
        own, own_labels = naive(scores, groups, drawn)
        other, _ = naive(scores, labels, drawn * ~anomalous)
        s = np.concatenate((own[own_labels], other))
        t = np.arange(len(s)) < own_labels.sum()
        both = 0 < t.sum() < len(t)
        exactly(found.group_auc[0, row], roc_auc_score(t, s) if both else None)
        check(found.group_precision[0, row], average_precision_score(t, s) if both else None)


@pytest.mark.parametrize("levels", [50, 10**6])
def test_many_blocks_and_chunks_and_float64(levels, monkeypatch):
    scores, labels, groups = random_set(5, 40, levels)
    anomalous = np.array([part.any() for part in labels])
    weights = draw_videos(anomalous, 30, 0)
    whole = ranking_metrics(ranked(scores, labels, anomalous, groups), weights, RECALLS)
    monkeypatch.setattr(ranking, "BLOCK", 7)
    monkeypatch.setattr(ranking, "AT_ONCE", 5)
    monkeypatch.setattr(module, "STRIP", 3)
    monkeypatch.setattr(module, "COLUMNS", 4)
    monkeypatch.setattr(module, "EXACT_FLOAT32", 10)
    frames = ranked(scores, labels, anomalous, groups)
    assert len(frames.blocks) > 5 or levels == 50
    cut = ranking_metrics(frames, weights, RECALLS)
    for name in vars(whole):
        np.testing.assert_allclose(getattr(cut, name), getattr(whole, name), atol=1e-6)
    for name in ("auc", "auc_inside", "group_auc"):
        assert np.array_equal(getattr(cut, name), getattr(whole, name), equal_nan=True)
    s, t = naive(scores, labels, weights[3])
    assert cut.average_precision[3] == pytest.approx(average_precision_score(t, s), abs=1e-12)
    assert cut.equal_error_rate[3] == pytest.approx(equal_error_rate(t, s), abs=1e-12)


@given(st.integers(0, 100), st.integers(1, 3))
def test_running_sum_goes_on_from_the_block_before(rows, columns):
    gained = np.random.default_rng(rows).integers(0, 9, (rows, columns)).astype(float)
    before = np.arange(2.0 * columns).reshape(2, columns)
    expected = np.cumsum(np.concatenate((before[1:], gained)), axis=0)
    assert (module._run_on(before, gained) == expected).all()


@given(st.integers(0, 10**6), st.integers(1, 30), st.sampled_from([2, 10**6]))
def test_pairs_in_order_are_those_that_one_counts(seed, frames, levels):
    generator = np.random.default_rng(seed)
    scores, labels = generator.integers(0, levels, frames), generator.random(frames) < 0.5
    expected = sum(
        (odd > calm) + (odd == calm) / 2 for odd in scores[labels] for calm in scores[~labels]
    )
    assert pairs_in_order(scores, labels) == expected


def test_memory_grows_with_the_frames_and_not_with_pairs_of_videos():
    generator = np.random.default_rng(0)
    scores = [generator.random(40, dtype=np.float32) for _ in range(3000)]
    labels = [np.arange(40) > (30 if index % 2 else 99) for index in range(3000)]
    anomalous = np.array([part.any() for part in labels])
    weights = draw_videos(anomalous, 4)
    for _ in range(2):  # first, what is imported is counted as well
        tracemalloc.start()
        ranking_metrics(RankedFrames.of(scores, np.concatenate(labels), anomalous), weights)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 20 * 4 * 40 * 3000  # a number for each pair of videos is eight times that
