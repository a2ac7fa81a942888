import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from oddframe.evaluation.metrics.frame_metrics import (
    average_precision,
    drawn_curves,
    roc_auc,
    thinned,
)


@st.composite
def labelled_scores(draw):
    """Labels of both classes, and scores with many ties."""
    size = draw(st.integers(2, 40))
    labels = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    labels[0], labels[1] = True, False
    scores = draw(st.lists(st.integers(-4, 4), min_size=size, max_size=size))
    return np.array(labels), np.array(scores) / 3


@given(labelled_scores())
def test_auc_and_precision_equal_scikit_learn(case):
    assert roc_auc(*case) == pytest.approx(roc_auc_score(*case))
    assert average_precision(*case) == pytest.approx(average_precision_score(*case))


@given(labelled_scores())
def test_curves_have_the_area_of_their_metric(case):
    curves = drawn_curves(*case)
    x, y = curves["roc"].x, curves["roc"].y
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert np.all(np.diff(x) >= 0)
    assert np.all(np.diff(y) >= 0)
    assert np.trapezoid(y, x) == pytest.approx(roc_auc_score(*case), abs=1e-4)
    recall, precision = curves["pr"].x, curves["pr"].y
    assert recall[-1] == 1
    assert np.sum(np.diff(recall, prepend=0) * precision) == pytest.approx(
        average_precision_score(*case), abs=1e-4
    )


@pytest.mark.parametrize("labels", [[], [0, 0], [1, 1]])
def test_undefined_is_nan(labels):
    labels, scores = np.array(labels, dtype=bool), np.arange(len(labels))
    assert math.isnan(roc_auc(labels, scores))
    assert math.isnan(average_precision(labels, scores)) is not (len(labels) > 0 and labels.all())


def test_a_thinned_curve_keeps_shape_and_ends():
    x = np.linspace(0, 1, 10_000)
    y = np.sqrt(x)
    curve = thinned(len(x), lambda at: (x[at], y[at]))
    assert len(curve.x) <= 400
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert np.interp(x, curve.x, curve.y) == pytest.approx(y, abs=2e-3)
    assert thinned(5, lambda at: (x[at], y[at])).y == pytest.approx(y[:5], abs=1e-6)
