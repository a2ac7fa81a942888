import math

import numpy as np
import pytest

from oddframe.evaluation.metric_names import HEADLINES, is_share
from oddframe.evaluation.seed_spread import SeedSpread


def test_against_the_table_of_t():
    spread = SeedSpread.of([0.8, 0.9, 0.7], share=False)
    assert (spread.n, spread.mean) == (3, pytest.approx(0.8))
    assert spread.standard_deviation == pytest.approx(0.1)
    # 4.303: two-sided 5 % point with two degrees of freedom, as printed in every table.
    assert spread.high - spread.mean == pytest.approx(4.303 * 0.1 / math.sqrt(3), rel=1e-4)
    assert spread.low + spread.high == pytest.approx(2 * spread.mean)


def test_one_seed_has_no_spread():
    assert SeedSpread.of([0.5], share=True) == SeedSpread(1, 0.5, None, None, None)


def test_the_interval_holds_the_mean_as_often_as_it_says():
    generator = np.random.default_rng(0)
    spreads = [SeedSpread.of(generator.normal(0.8, 0.02, 4), share=False) for _ in range(2000)]
    held = np.mean([spread.low <= 0.8 <= spread.high for spread in spreads])
    assert held == pytest.approx(0.95, abs=0.015)


def test_the_interval_of_a_share_ends_where_shares_end():
    free, cut = (SeedSpread.of([0.3, 0.7], share=share) for share in (False, True))
    # 12.706: one degree of freedom.
    assert (free.low, free.high) == pytest.approx(
        (0.5 - 12.706 * 0.2, 0.5 + 12.706 * 0.2), rel=1e-4
    )
    assert (cut.low, cut.high) == (0.0, 1.0)
    assert (cut.mean, cut.standard_deviation) == (free.mean, free.standard_deviation)
    # Where it is inside anyway nothing is cut.
    inside = [0.80, 0.81, 0.79]
    assert SeedSpread.of(inside, share=True) == SeedSpread.of(inside, share=False)


def test_what_is_a_share_and_what_is_none():
    shares = [
        "micro_auc",
        "val/video_auc",
        "test/average_precision",
        "false_positive_rate_at_recall_0.5",
    ]
    others = [
        "val/error",
        "val/loss",
        "false_alarms_per_hour",
        "false_alarms_per_hour_at_recall_0.5",
        "detection_delay_seconds",
        "auc_loss",
        "something",
    ]
    assert [is_share(name) for name in shares] == [True] * len(shares)
    assert [is_share(name) for name in others] == [False] * len(others)
    assert all(is_share(name) for name in HEADLINES)
