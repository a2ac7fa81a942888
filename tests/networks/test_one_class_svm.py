"""A one-class SVM as one plane: scikit-learn's decision, and no longer than it has to be."""

import numpy as np
import pytest
from sklearn.svm import OneClassSVM

from oddframe.errors import OddframeError
from oddframe.networks import one_class_svm
from oddframe.networks.one_class_svm import Hyperplane


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    found = np.abs(random.normal(size=(60, 300)) + random.normal(size=300)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def others():
    return np.abs(np.random.default_rng(1).normal(size=(20, 300))).astype(np.float32)


@pytest.mark.parametrize("nu", [0.01, 0.1, 0.5, 0.99])
def test_it_decides_as_scikit_learn_does(rows, others, nu):
    plane = Hyperplane.fit(rows, nu)
    machine = OneClassSVM(kernel="precomputed", nu=nu).fit(rows.astype(float) @ rows.T)
    decision = machine.decision_function(others.astype(float) @ rows.T)
    # The length of w, by which the plane's distances are shorter: |w|^2 = a' K a.
    alphas, support = machine.dual_coef_[0], rows[machine.support_].astype(float)
    length = np.sqrt(alphas @ (support @ support.T) @ alphas)
    found = [plane.outside(row) for row in others]
    np.testing.assert_allclose(found, -decision / length, rtol=1e-4, atol=1e-5)
    assert plane.support == len(machine.support_)
    assert np.linalg.norm(plane.normal) == pytest.approx(1, abs=1e-6)


def test_the_kernel_of_the_gram_matrix_is_the_linear_one(rows, others):
    plane = Hyperplane.fit(rows, 0.2)
    machine = OneClassSVM(kernel="linear", nu=0.2, tol=1e-8).fit(rows.astype(float))
    decision = machine.decision_function(others.astype(float))
    length = np.linalg.norm(machine.coef_)
    found = [plane.outside(row) for row in others]
    np.testing.assert_allclose(found, -decision / length, atol=2e-3)


@pytest.mark.parametrize("nu", [0.1, 0.5])
def test_nu_bounds_the_rows_outside_and_the_support(rows, nu):
    plane = Hyperplane.fit(rows, nu)
    outside = np.mean([plane.outside(row) > 1e-3 for row in rows])
    assert outside <= nu <= plane.support / len(rows)


def test_rows_of_zeros_give_no_nan():
    plane = Hyperplane.fit(np.zeros((5, 4), np.float32), 0.5)
    assert plane.outside(np.ones(4, np.float32)) == 0


def test_without_scikit_learn_it_says_how_to_get_it(rows, monkeypatch):
    monkeypatch.setattr(one_class_svm, "find_spec", lambda _: None)
    with pytest.raises(OddframeError, match=r"needs scikit-learn.*pip install.*svm") as told:
        Hyperplane.fit(rows, 0.2)
    assert "\n" not in str(told.value)
