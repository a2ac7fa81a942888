"""Passes over a video against themselves in scikit-learn, and where chance is known."""

import numpy as np
from sklearn.linear_model import LogisticRegression

from oddframe.untrained.passes import averaged_probabilities


def probabilities(rows, units, orders):
    """By scikit-learn: in each order, windows of three units against all before them."""
    starts = np.cumsum(units) - units
    total, tests = np.zeros(len(rows)), np.zeros(len(rows))
    for order in orders:
        for end in range(6, len(order) + 1, 3):
            places = [np.arange(starts[u], starts[u] + units[u]) for u in order[:end]]
            new, old = np.concatenate(places[end - 3 :]), np.concatenate(places[: end - 3])
            label = np.r_[np.ones(len(new)), np.zeros(len(old))]
            weight = np.where(label == 1, (end - 3) / end, 3 / end)
            model = LogisticRegression(
                C=0.1, solver="liblinear", fit_intercept=False, tol=1e-10, max_iter=10_000
            ).fit(rows[np.r_[new, old]], label, sample_weight=weight)
            total[new] += model.predict_proba(rows[new])[:, 1]
            tests[new] += 1
    return np.where(tests > 0, total / np.maximum(tests, 1), np.nan)


def test_passes_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    units = random.integers(1, 5, 14)
    rows = np.c_[random.normal(size=(units.sum(), 6)), np.ones(units.sum())]
    rows[-9:, 0] += 3
    found = averaged_probabilities(
        rows, units, np.random.default_rng(5), window=3, shuffles=2, penalty=10.0
    )
    drawn = np.random.default_rng(5)
    orders = [np.arange(14), drawn.permutation(14), drawn.permutation(14)]
    np.testing.assert_allclose(found, probabilities(rows, units, orders), atol=1e-6)
    alone = averaged_probabilities(rows, units, drawn, window=3, shuffles=0, penalty=10.0)
    first, tail = units[:3].sum(), units[-2:].sum()
    assert np.isnan(alone[:first]).all()  # never tested in its own order
    assert np.isnan(alone[len(rows) - tail :]).all()
