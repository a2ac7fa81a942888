"""Both solvers against liblinear, which solves the same problem another way."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from oddframe.untrained.logistic_regression import fit_in_columns, fit_in_rows


def liblinear(rows, signs, costs):
    """Weights, without a bias."""
    # liblinear's own intercept would have a scaling; a column of ones is given as it is.
    fitted = LogisticRegression(
        C=1.0, solver="liblinear", fit_intercept=False, tol=1e-10, max_iter=10_000
    )
    return fitted.fit(rows, signs, sample_weight=costs).coef_[0]


@pytest.mark.parametrize("cost", [0.01, 0.5, 100.0])
def test_few_rows_of_many_columns(cost):
    random = np.random.default_rng(0)
    rows = random.normal(size=(3, 21, 400))
    rows[1, :, 50:] = 0
    rows[2, 4:9] = 0
    rows[2, 10] = rows[2, 11]
    rows /= np.maximum(np.linalg.norm(rows, axis=2, keepdims=True), 1e-12)
    signs = np.repeat([-1, 1], [11, 10])
    costs = cost * random.uniform(0.5, 2, 21)
    found = fit_in_rows(rows @ rows.transpose(0, 2, 1), signs, costs)
    for problem, coefficients in zip(rows, found, strict=True):
        wanted = liblinear(problem, signs, costs)
        np.testing.assert_allclose(problem.T @ coefficients, wanted, atol=1e-7 * max(1, cost))


@pytest.mark.parametrize("cost", [0.1, 100.0])
def test_many_rows_of_few_columns(cost):
    random = np.random.default_rng(1)
    rows = np.c_[random.normal(size=(300, 15)), np.ones(300)]
    signs = np.where(rows[:, 0] + random.normal(size=300) > 1, 1, -1)
    costs = cost * np.where(signs > 0, 0.9, 0.1)
    wanted = liblinear(rows, signs, costs)
    found = fit_in_columns(rows, signs, costs, np.zeros(16))
    np.testing.assert_allclose(found, wanted, atol=2e-6)
    again = fit_in_columns(rows, signs, costs, start=random.normal(size=16))
    np.testing.assert_allclose(again, found, atol=1e-6)


def test_rows_that_can_be_told_apart_at_any_price_have_an_end():
    rows = np.eye(21)[None] * 1e3
    signs = np.repeat([-1, 1], [11, 10])
    found = fit_in_rows(rows @ rows.transpose(0, 2, 1), signs, np.full(21, 1e6))
    decided = (rows[0] @ rows[0].T) @ found[0]
    assert (np.sign(decided) == signs).all()
