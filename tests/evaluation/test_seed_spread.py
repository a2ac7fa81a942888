import math

import numpy as np
import pytest

from oddframe.evaluation.seed_spread import SeedSpread


def test_against_the_table_of_t():
    spread = SeedSpread.of([0.8, 0.9, 0.7])
    assert (spread.n, spread.mean) == (3, pytest.approx(0.8))
    assert spread.standard_deviation == pytest.approx(0.1)
    # 4.303: two-sided 5 % point with two degrees of freedom, as printed in every table.
    assert spread.high - spread.mean == pytest.approx(4.303 * 0.1 / math.sqrt(3), rel=1e-4)
    assert spread.low + spread.high == pytest.approx(2 * spread.mean)


def test_one_seed_has_no_spread():
    assert SeedSpread.of([0.5]) == SeedSpread(1, 0.5, None, None, None)


def test_the_interval_holds_the_mean_as_often_as_it_says():
    generator = np.random.default_rng(0)
    spreads = [SeedSpread.of(generator.normal(0.8, 0.02, 4)) for _ in range(2000)]
    held = np.mean([spread.low <= 0.8 <= spread.high for spread in spreads])
    assert held == pytest.approx(0.95, abs=0.015)
