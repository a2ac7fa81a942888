"""The loop of unmasking against itself in scikit-learn, and where the answer is known."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from oddframe.untrained.unmasked_accuracy import unmasked_accuracy

SIGNS = np.repeat([-1, 1], [11, 10])
COSTS = np.full(21, 0.5)


def naive(rows, rounds, dropped):
    """Of one problem; rows that are all zero have the same in every feature."""
    found = []
    for _ in range(rounds):
        rows = np.where(rows.any(axis=1, keepdims=True), rows, 1.0)
        scaled = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        model = LogisticRegression(
            C=0.5, solver="liblinear", fit_intercept=False, tol=1e-10, max_iter=10_000
        ).fit(scaled, SIGNS)
        found.append((model.predict(scaled) == SIGNS).mean())
        order = np.argsort(model.coef_[0])
        rows = np.delete(rows, [*order[: dropped // 2], *order[-dropped // 2 :]], axis=1)
    return np.mean(found)


@pytest.fixture
def rows():
    """Four problems, from the same in both halves to plainly another."""
    random = np.random.default_rng(0)
    rows = random.exponential(size=(4, 21, 120))
    rows[1, 11:, :6] += 2
    rows[2, 11:, :60] += 1
    rows[3, :, :] = random.normal(size=(21, 120))
    return rows


def test_the_loop_is_that_of_scikit_learn(rows):
    found = unmasked_accuracy(rows, SIGNS, COSTS, rounds=8, dropped=10)
    np.testing.assert_allclose(found, [naive(part, 8, 10) for part in rows], atol=1e-12)
    assert found[2] > found[0]


def test_rows_that_say_nothing_are_half_right():
    rows = np.zeros((3, 21, 40))
    rows[1, :, 0] = 1  # all the same
    rows[2, 11:, :20] = 1  # something enters an empty scene
    found = unmasked_accuracy(rows, SIGNS, COSTS, rounds=2, dropped=4)
    assert found[0] == 0.5
    assert found[1] == pytest.approx((11 / 21 + 0.5) / 2)  # one side, then nothing is left
    assert found[2] == pytest.approx((10 + 11 / 2) / 21)


def test_rows_that_say_nothing_may_count_as_newer_as_by_liblinear():
    rows = np.zeros((2, 21, 40))
    rows[1, :11, :20] = 1  # what was there leaves
    options = {"rounds": 1, "dropped": 4, "zero_rows": "newer"}
    np.testing.assert_allclose(unmasked_accuracy(rows, SIGNS, COSTS, **options), [10 / 21, 1])


def test_what_is_left_of_a_row_is_no_rounding():
    """Rows of a few great numbers, which the first rounds take away."""
    random = np.random.default_rng(3)
    rows = np.zeros((1, 21, 60))
    rows[0, :11, :4] = 1e4 * random.uniform(1, 2, (11, 4))
    rows[0, 11:, 4:8] = 1e4 * random.uniform(1, 2, (10, 4))
    found = unmasked_accuracy(rows, SIGNS, COSTS, rounds=4, dropped=8)
    assert found[0] == pytest.approx((1 + 3 * 0.5) / 4)


def test_rows_that_say_nothing_may_be_constant_as_by_normr():
    """Against the same loop in scikit-learn, whose rows are made constant as they become zeros."""
    random = np.random.default_rng(4)
    rows = random.exponential(size=(3, 21, 60))
    rows[0, 3:7] = rows[1, 12:] = 0
    rows[2, :, 4:] = 0  # gone after a round
    given = rows.copy()
    found = unmasked_accuracy(rows, SIGNS, COSTS, rounds=5, dropped=6, zero_rows="constant")
    np.testing.assert_array_equal(rows, given)
    np.testing.assert_allclose(found[:2], [naive(part, 5, 6) for part in rows[:2]], atol=1e-12)
    # All rows are alike after the first round, so one side is right.
    first = naive(rows[2], 1, 6)
    assert found[2] == pytest.approx((first + 4 * 11 / 21) / 5)


@pytest.mark.parametrize(
    ("older", "costs", "chance"),
    [(11, (0.5, 0.5), 11 / 21), (21, (21 * 0.5, 10 * 0.5), 21 / 31)],
    ids=["unmasking", "mc2st, where it looks back"],
)
def test_with_permuted_labels_it_is_at_chance(older, costs, chance):
    """Chance is to call all rows older: frames of one scene are alike, whatever they are called."""
    random = np.random.default_rng(7)
    signs = np.repeat([-1, 1], [older, 10])
    rows = random.exponential(size=2000) + 0.1 * random.exponential(size=(4, len(signs), 2000))
    options = {"rounds": 10, "dropped": 50}

    def accuracy(labels):
        return unmasked_accuracy(rows, labels, np.where(labels > 0, *costs[::-1]), **options)

    permuted = [accuracy(random.permutation(signs)) for _ in range(4)]
    assert np.mean(permuted) == pytest.approx(chance, abs=0.04)
    rows[:, signs > 0, :500] += 4  # the newer ones are others
    assert accuracy(signs).min() > chance + 0.05
