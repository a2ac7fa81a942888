"""Means of neighbours against SciPy's filters, to the last digit."""

import numpy as np
import pytest
from scipy.ndimage import correlate1d, gaussian_filter1d

from oddframe.numerics import smoothing
from oddframe.numerics.smoothing import gaussian_weights, weighted_neighbours


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("deviation", [0.1, 0.7, 3.3, 40.0])
@pytest.mark.parametrize("length", [1, 2, 5, 300])
def test_a_gaussian(length, deviation, kind):
    values = np.random.default_rng(length).normal(size=length).astype(kind)
    found = weighted_neighbours(values, gaussian_weights(deviation))
    expected = gaussian_filter1d(values, deviation, mode="nearest")
    assert found.dtype == expected.dtype
    assert (found == expected).all()


@pytest.mark.parametrize("at_once", [1, 2**18])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_any_axis_of_a_grid(axis, at_once, monkeypatch):
    monkeypatch.setattr(smoothing, "_AT_ONCE", at_once)
    grid = np.random.default_rng(axis).normal(size=(9, 4, 6)).astype(np.float32)
    weights = np.full(5, 1 / 5)
    expected = correlate1d(grid, weights, axis=axis, mode="nearest")
    assert (weighted_neighbours(grid, weights, axis) == expected).all()
