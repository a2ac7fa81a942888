import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from oddframe.evaluation.metrics.frame_metrics import (
    average_precision,
    equal_error_rate,
    macro_auc,
    macro_auc_padded,
    pr_points,
    roc_auc,
    roc_points,
    thinned,
)


@st.composite
def labelled_scores(draw, both=True):
    """Labels, scores with many ties, and integer weights."""
    size = draw(st.integers(2, 40))
    labels = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    if both:
        labels[0], labels[1] = True, False
    scores = draw(st.lists(st.integers(-4, 4), min_size=size, max_size=size))
    weights = draw(st.lists(st.integers(1, 5), min_size=size, max_size=size))
    return np.array(labels), np.array(scores) / 3, np.array(weights)


@given(labelled_scores())
def test_auc_and_precision_equal_scikit_learn(case):
    labels, scores, weights = case
    assert roc_auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))
    assert roc_auc(labels, scores, weights) == pytest.approx(
        roc_auc_score(labels, scores, sample_weight=weights)
    )
    assert average_precision(labels, scores) == pytest.approx(
        average_precision_score(labels, scores)
    )
    assert average_precision(labels, scores, weights) == pytest.approx(
        average_precision_score(labels, scores, sample_weight=weights)
    )


@given(labelled_scores())
def test_weights_mean_repetition(case):
    labels, scores, weights = case
    repeated = np.repeat(labels, weights), np.repeat(scores, weights)
    for metric in (roc_auc, average_precision, equal_error_rate):
        assert metric(labels, scores, weights) == pytest.approx(metric(*repeated))


@given(labelled_scores())
def test_equal_error_rate_is_where_the_roc_curve_crosses(case):
    labels, scores, _ = case
    x, y, _ = roc_curve(labels, scores, drop_intermediate=False)
    # An independent way: walk along the polyline by arc length and look for FPR = 1 - TPR.
    walked = np.concatenate(([0], np.cumsum(np.diff(x) + np.diff(y))))

    def excess(t):
        return np.interp(t, walked, x) + np.interp(t, walked, y) - 1

    crossing = brentq(excess, 0, walked[-1])
    assert equal_error_rate(labels, scores) == pytest.approx(
        np.interp(crossing, walked, x), abs=1e-9
    )


@given(labelled_scores())
def test_curves_have_the_area_of_their_metric(case):
    labels, scores, _ = case
    x, y = roc_points(labels, scores)
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert np.all(np.diff(x) >= 0)
    assert np.all(np.diff(y) >= 0)
    recall, precision = pr_points(labels, scores)
    assert recall[-1] == 1
    assert np.sum(np.diff(recall, prepend=0) * precision) == pytest.approx(
        average_precision_score(labels, scores)
    )


def test_equal_error_rate_by_hand():
    assert equal_error_rate(np.array([1, 1, 0, 0]), np.array([4, 3, 2, 1])) == 0
    assert equal_error_rate(np.array([1, 0, 1, 0]), np.array([4, 3, 2, 1])) == pytest.approx(0.5)
    assert equal_error_rate(np.array([1, 1, 0, 0]), np.zeros(4)) == pytest.approx(0.5)


@pytest.mark.parametrize("labels", [[], [0, 0], [1, 1]])
def test_undefined_is_nan(labels):
    labels, scores = np.array(labels, dtype=bool), np.arange(len(labels))
    assert math.isnan(roc_auc(labels, scores))
    assert math.isnan(equal_error_rate(labels, scores))
    assert math.isnan(average_precision(labels, scores)) is not (len(labels) > 0 and labels.all())


def test_weightless_frames_do_not_matter():
    labels, scores = np.array([0, 1, 1, 0]), np.array([9.0, 3, 2, 1])
    weights = np.array([0, 1, 1, 1])
    assert average_precision(labels, scores, weights) == 1
    assert roc_auc(labels, scores, weights) == 1


def test_macro_auc_leaves_out_videos_of_one_class():
    mixed = (np.array([0, 1, 1]), np.array([0.2, 0.1, 0.3]))
    whole = (np.array([1, 1]), np.array([0.5, 0.6]))
    assert macro_auc([mixed, whole]) == pytest.approx(0.5)
    assert math.isnan(macro_auc([whole]))
    assert macro_auc_padded([whole]) == 1
    # 0, .2, .1, .3, 1 with labels 0, 0, 1, 1, 1: five of the six pairs are in order.
    expected = roc_auc_score([0, 0, 1, 1, 1], [0, 0.2, 0.1, 0.3, 1])
    assert macro_auc_padded([mixed]) == pytest.approx(expected)


def test_a_thinned_curve_keeps_shape_and_ends():
    x = np.linspace(0, 1, 10_000)
    y = np.sqrt(x)
    curve = thinned(len(x), lambda at: (x[at], y[at]))
    assert len(curve.x) <= 400
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert np.interp(x, curve.x, curve.y) == pytest.approx(y, abs=2e-3)
    assert thinned(5, lambda at: (x[at], y[at])).y == pytest.approx(y[:5], abs=1e-6)
