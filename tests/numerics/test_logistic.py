import numpy as np
import pytest
from scipy.special import expit

from oddframe.numerics.logistic import logistic


@pytest.mark.filterwarnings("error")
def test_as_scipy_has_it():
    values = np.concatenate([np.linspace(-40, 40, 1001), [-1e308, -750.0, 750.0, 1e308]])
    np.testing.assert_allclose(logistic(values), expit(values), rtol=4e-16, atol=1e-300)
    assert (logistic(np.float64([-1e308, 1e308])) == [0, 1]).all()
