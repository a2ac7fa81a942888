"""Surprise of block maxima, against the Gumbel distribution itself."""

import numpy as np
import pytest
from scipy.stats import gumbel_r

from oddframe.calibration.block_maxima import BLOCK_SECONDS, BlockSurprise, block_maxima


def test_the_surprise_is_the_share_of_blocks_as_high():
    maxima = gumbel_r.rvs(3, 0.5, size=20_000, random_state=0)
    surprise = BlockSurprise.fit(maxima, 1e-3)
    for height in (3, 4, 6, 30):
        expected = -gumbel_r.logsf(height, 3, 0.5) / np.log(10)
        assert surprise(height) == pytest.approx(expected, rel=0.03)
    assert surprise(-5) == 0
    assert surprise(4) == pytest.approx(-np.log10((maxima >= 4).mean()), abs=0.03)


def test_by_the_second_it_is_a_count_of_blocks():
    random = np.random.default_rng(0)
    maxima = gumbel_r.rvs(3, 0.5, size=50_000, random_state=random)
    by_second = BlockSurprise(3, 0.5).per_second()
    for value in (4.0, 5.5):
        rate = (maxima >= value).sum() / (maxima.size * BLOCK_SECONDS)
        assert by_second(np.array(value)) == pytest.approx(-np.log10(rate), abs=0.06)
    far = np.array([9.0, 30.0])
    expected = -gumbel_r.logsf(far, 3, 0.5) / np.log(10) + np.log10(BLOCK_SECONDS)
    assert by_second(far) == pytest.approx(expected, rel=0.01)


def test_a_few_blocks_that_happen_to_be_alike_promise_nothing():
    surprise = BlockSurprise.fit([2.0, 2.0], 0.3)
    assert surprise(2.2) < 1
    assert BlockSurprise.fit([2.0], 0.3) == surprise


def test_blocks_are_of_some_seconds():
    values = np.arange(100)
    assert block_maxima(values, 4 * BLOCK_SECONDS) == [24, 49, 74, 99]
    assert block_maxima(values, 1.0) == [99]
    assert block_maxima(values[:2], 100.0) == [0, 1]


def test_no_block_of_normal_footage_is_rarer_than_one_in_three_times_as_many():
    """A cue that is silent but for one block has no Gumbel's tail, and must not promise one."""
    for blocks in (2, 16, 1000):
        maxima = np.append(np.zeros(blocks - 1), 1.57)
        surprise = BlockSurprise.fit(maxima, 0.12)
        assert surprise(1.57) <= np.log10(3 * blocks) + 0.1
    # Where the highest is no surprise, moments alone say how wide it is.
    even = np.linspace(0, 1, 200)
    assert BlockSurprise.fit(even, 0.1).scale == pytest.approx(
        even.std(ddof=1) * np.sqrt(6) / np.pi
    )
