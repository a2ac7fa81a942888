"""Principal components against scikit-learn's."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from oddframe.motion_cubes.components import principal_components


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    return 3 + random.normal(size=(80, 12)) * np.linspace(0.1, 4, 12)


def test_directions_are_those_of_scikit_learn(rows):
    found = principal_components([rows[:30], rows[30:31], rows[31:]], 5)
    wanted = PCA(5).fit(rows).components_.T
    np.testing.assert_allclose(np.abs((found * wanted).sum(axis=0)), 1, atol=1e-9)
    np.testing.assert_allclose(found.T @ found, np.eye(5), atol=1e-12)


def test_there_are_no_more_directions_than_rows_vary_in(rows):
    assert principal_components([rows[:4]], 100).shape == (12, 3)
    assert principal_components([rows], 100).shape == (12, 12)
