import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_auc_score

from oddframe.evaluation import ranking
from oddframe.evaluation.bootstrap import draw_videos
from oddframe.evaluation.frame_metrics import equal_error_rate
from oddframe.evaluation.ranking import RankedFrames, pair_auc

RECALLS = (0.3, 0.5, 1.0)


def random_set(seed, videos, levels):
    """Scores, labels and groups of a few videos; ``levels`` distinct scores make ties."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(1, 30, videos)
    labels = [generator.random(n) < generator.choice([0, 0.5, 1]) for n in lengths]
    scores = [generator.integers(0, levels, n).astype(np.float32) for n in lengths]
    groups = [part & (generator.random(len(part)) < 0.5) for part in labels]
    return scores, labels, groups


def naive(scores, labels, weights):
    """Frames of a resample, video after video, as often as each was drawn."""
    drawn = np.repeat(np.arange(len(scores)), weights)
    if not len(drawn):
        return np.empty(0), np.empty(0, dtype=bool)
    return np.concatenate([scores[i] for i in drawn]), np.concatenate([labels[i] for i in drawn])


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
    frames = RankedFrames.of(scores, np.concatenate(labels), anomalous, [np.concatenate(groups)])
    pairs = frames.pairs()
    sweep = frames.sweep(weights, RECALLS)
    positive, negative = frames.positive_frames, frames.negative_frames
    micro = pair_auc(pairs[0], positive, negative, weights)
    inside = pair_auc(pairs[0], positive, negative, weights, anomalous)
    grouped = pair_auc(pairs[1], frames.group_frames[0], negative, weights, ~anomalous)
    for row, drawn in enumerate(weights):
        s, t = naive(scores, labels, drawn)
        both = 0 < t.sum() < len(t)
        check(micro[row], roc_auc_score(t, s) if both else None)
        check(sweep.average_precision[row], average_precision_score(t, s) if both else None)
        curve = precision_recall_curve(t, s) if both else None
        check(sweep.trapezoid[row], auc(curve[1], curve[0]) if curve else None)
        check(sweep.equal_error_rate[row], equal_error_rate(t, s) if both else None)
        for index, recall in enumerate(RECALLS):
            if t.any():
                ordered = np.sort(s[t])[::-1]
                threshold = ordered[int(np.ceil(recall * len(ordered))) - 1]
                assert sweep.recall_thresholds[index, row] == threshold
                assert sweep.recall_alarms[index, row] == (s[~t] >= threshold).sum()
            else:
                assert np.isnan(sweep.recall_thresholds[index, row])
        s, t = naive(scores, labels, drawn * anomalous)
        both = 0 < t.sum() < len(t)
        check(inside[row], roc_auc_score(t, s) if both else None)
        check(sweep.precision_inside[row], average_precision_score(t, s) if both else None)
        own, own_labels = naive(scores, groups, drawn)
        other, _ = naive(scores, labels, drawn * ~anomalous)
        s = np.concatenate((own[own_labels], other))
        t = np.arange(len(s)) < own_labels.sum()
        both = 0 < t.sum() < len(t)
        check(grouped[row], roc_auc_score(t, s) if both else None)
        check(sweep.group_precision[0, row], average_precision_score(t, s) if both else None)


@pytest.mark.parametrize("levels", [50, 10**6])
def test_many_blocks_and_chunks_and_float64(levels, monkeypatch):
    scores, labels, groups = random_set(5, 40, levels)
    anomalous = np.array([part.any() for part in labels])
    weights = draw_videos(anomalous, 30, 0)
    frames = RankedFrames.of(scores, np.concatenate(labels), anomalous, [np.concatenate(groups)])
    whole, pairs = frames.sweep(weights, RECALLS), frames.pairs()
    monkeypatch.setattr(ranking, "BLOCK", 7)
    monkeypatch.setattr(ranking, "STRIP", 3)
    monkeypatch.setattr(ranking, "COLUMNS", 4)
    monkeypatch.setattr(ranking, "EXACT_FLOAT32", 10)
    frames = RankedFrames.of(scores, np.concatenate(labels), anomalous, [np.concatenate(groups)])
    assert len(frames.blocks) > 5 or levels == 50
    cut = frames.sweep(weights, RECALLS)
    assert (frames.pairs() == pairs).all()
    for name in vars(whole):
        np.testing.assert_allclose(getattr(cut, name), getattr(whole, name), atol=1e-6)
    s, t = naive(scores, labels, weights[3])
    assert cut.average_precision[3] == pytest.approx(average_precision_score(t, s), abs=1e-12)
    assert cut.equal_error_rate[3] == pytest.approx(equal_error_rate(t, s), abs=1e-12)


@given(st.integers(0, 100), st.integers(1, 3))
def test_running_sum_goes_on_from_the_block_before(rows, columns):
    gained = np.random.default_rng(rows).integers(0, 9, (rows, columns)).astype(float)
    before = np.arange(2.0 * columns).reshape(2, columns)
    expected = np.cumsum(np.concatenate((before[1:], gained)), axis=0)
    assert (ranking._run_on(before, gained) == expected).all()


def test_pairs_are_counted_exactly():
    scores = [np.float32([1, 2, 2]), np.float32([2, 3])]
    labels = np.array([False, True, False, False, True])
    frames = RankedFrames.of(scores, labels, np.array([True, True]))
    # Video 0: its 2 beats its own 1, ties its own 2 and video 1's 2; video 1: 3 beats all.
    assert frames.pairs()[0].tolist() == [[1.5, 0.5], [2, 1]]
