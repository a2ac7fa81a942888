"""The quick median is NumPy's, bit by bit."""

import numpy as np
import pytest

from oddframe.media.medians import median


@pytest.mark.parametrize("shape", [(1,), (2,), (7,), (16, 24), (45, 61), (60, 90)])
def test_the_median_is_that_of_numpy(shape):
    random = np.random.default_rng(0)
    for values in (random.normal(0, 3, shape), np.log(random.integers(8, 40, shape))):
        for kind in (np.float32, np.float64):
            given = values.astype(kind)
            before = given.copy()
            assert median(given) == np.median(given)
            np.testing.assert_array_equal(given, before)
