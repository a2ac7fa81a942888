"""Quantiles against SciPy, far into the tails and from one count to a million."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from oddframe.numerics.quantiles import beta_quantile, gamma_quantile, student_quantile

SHARES = (1e-6, 1e-3, 0.025, 0.3, 0.5, 0.9, 0.975, 1 - 1e-3, 1 - 1e-6)
sizes = st.floats(-0.3, 6).map(lambda power: 10**power)
shares = st.floats(-6, -0.31).flatmap(lambda p: st.sampled_from([10**p, 1 - 10**p]))


@pytest.mark.parametrize("shape", [0.5, 1, 1.5, 2, 7.3, 15.9, 16, 200, 1e4])
def test_gamma(shape):
    for share in SHARES:
        expected = special.gammaincinv(shape, share)
        assert gamma_quantile(shape, share) == pytest.approx(expected, rel=1e-10)


def test_gamma_of_a_million():
    """SciPy's own is 7e-6 off in the tail there: numbers are mpmath 1.3's, of 40 digits."""
    assert gamma_quantile(1e6, 1e-6) == pytest.approx(995253.7719774996, rel=1e-12)
    assert gamma_quantile(1e6, 0.975) == pytest.approx(special.gammaincinv(1e6, 0.975), rel=1e-8)


@pytest.mark.parametrize("first", [0.5, 1, 3, 10, 400, 1e6])
@pytest.mark.parametrize("second", [0.5, 1, 3, 10, 400, 1e6])
def test_beta(first, second):
    for share in SHARES:
        expected = special.betaincinv(first, second, share)
        assert beta_quantile(first, second, share) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("degrees", [0.7, 1, 1.37, 2, 4, 11.2, 199.5, 1e4, 1e6])
def test_student(degrees):
    for share in SHARES:
        expected = special.stdtrit(degrees, share)
        assert student_quantile(degrees, share) == pytest.approx(expected, rel=1e-10, abs=1e-15)


@settings(max_examples=200, deadline=None)
@given(sizes, sizes, shares)
def test_anything_between(first, second, share):
    found = beta_quantile(first, second, share)
    assert special.betainc(first, second, found) == pytest.approx(share, rel=1e-8)
    found = student_quantile(first, share)
    assert special.stdtr(first, found) == pytest.approx(share, rel=1e-8)
