"""Intervals against closed forms: the t interval of a mean, exact bounds of counts."""

import numpy as np
import pytest
from scipy.stats import beta, chi2, t

from oddframe.evaluation.bootstrap import ratio
from oddframe.evaluation.intervals import Counted, Draws, differences, summarise


def why(name):
    return f"no {name}"


def summed(values, draws, name="share", **kwargs):
    return summarise({name: np.asarray(values, float)}, draws, why, **kwargs)[name]


def mean_of(values, anomalous=None, resamples=20_000):
    """The mean of one value per video, on every resample."""
    anomalous = np.ones(len(values), bool) if anomalous is None else np.asarray(anomalous)
    draws = Draws.of(anomalous, resamples, 0)
    return ratio(draws.weights, np.asarray(values, float), np.ones(len(values))), draws


def test_a_difference_of_means_has_the_t_interval():
    values = np.random.default_rng(0).normal(0.02, 0.05, 12)
    samples, draws = mean_of(values)
    gap = differences({"m": samples}, {"m": np.zeros_like(samples)}, draws, why)["m"]
    reach = t.ppf(0.975, 11) * values.std(ddof=1) / np.sqrt(12)
    assert gap.value == pytest.approx(values.mean())
    # 20,000 resamples know a deviation to half a percent.
    assert (gap.low, gap.high) == pytest.approx(
        (values.mean() - reach, values.mean() + reach), abs=0.03 * reach
    )


@pytest.mark.parametrize(("name", "there"), [
    ("micro_auc", lambda x: np.log(x / (1 - x))),
    ("false_alarms_per_hour_at_recall_0.5", np.log),
])  # fmt: skip
def test_shares_and_rates_have_it_on_a_scale_without_ends(name, there):
    values = np.random.default_rng(1).uniform(0.85, 0.99, 12)
    samples, draws = mean_of(values)
    part = summed(samples, draws, name)
    below, above = there(part.value) - there(part.low), there(part.high) - there(part.value)
    assert below == pytest.approx(above)
    slope = (there(part.value + 1e-6) - there(part.value - 1e-6)) / 2e-6
    expected = t.ppf(0.975, 11) * values.std(ddof=1) / np.sqrt(12) * slope
    assert below == pytest.approx(expected, rel=0.1)  # the slope is that at the number


def test_the_freedom_is_that_of_the_videos_that_the_number_depends_on():
    """The mean of five anomalous videos, among 200 normal ones that do not matter: t with 4."""
    anomalous = np.arange(205) < 5
    values = np.random.default_rng(2).normal(0.5, 0.05, 205)
    draws = Draws.of(anomalous, 4000, 0)
    samples = ratio(draws.weights, values * anomalous, anomalous)
    gap = differences({"m": samples}, {"m": np.zeros_like(samples)}, draws, why)["m"]
    reach = t.ppf(0.975, 4) * values[:5].std(ddof=1) / np.sqrt(5)
    assert gap.high - gap.low == pytest.approx(2 * reach, rel=0.05)


def test_two_kinds_share_the_freedom_as_satterthwaite_says():
    generator, anomalous = np.random.default_rng(3), np.arange(30) < 6
    values = np.where(anomalous, generator.normal(0, 2, 30), generator.normal(0, 1, 30))
    draws = Draws.of(anomalous, 8000, 0)
    samples = ratio(draws.weights, values * anomalous, anomalous) - ratio(
        draws.weights, values * ~anomalous, ~anomalous
    )
    gap = differences({"m": samples}, {"m": np.zeros_like(samples)}, draws, why)["m"]
    parts = [values[own].var(ddof=1) / own.sum() for own in (anomalous, ~anomalous)]
    degrees = sum(parts) ** 2 / (parts[0] ** 2 / 5 + parts[1] ** 2 / 23)
    reach = t.ppf(0.975, degrees) * np.sqrt(sum(parts))
    assert gap.high - gap.low == pytest.approx(2 * reach, rel=0.05)


def test_a_class_has_the_freedom_of_its_own_videos():
    draws = Draws.of(np.arange(40) < 20, 100, 0)
    member = np.arange(40) < 5
    assert list(draws.of_class(member).strata) == [2] * 5 + [-1] * 15 + [0] * 20
    assert draws.within(np.flatnonzero(member)).weights.shape == (101, 5)
    assert len(draws.within(np.array([3])).weights) == 1
    assert len(draws.of_class(np.arange(40) < 1).weights) == 1


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_share_on_its_end_has_no_interval(value):
    part = summed(np.full(21, value), Draws.of(np.ones(12, bool), 20, 0))
    assert (part.value, part.low, part.high) == (value, None, None)
    assert part.note.startswith(f"no interval: at {value:g} these videos do not show")


def test_resamples_on_an_end_count_half_way_to_it():
    draws = Draws.of(np.ones(12, bool), 4, 0)
    on_end = summed([0.9, 1.0, 0.8, 0.98, 0.9], draws)
    moved = summed([0.9, 0.99, 0.8, 0.98, 0.9], draws)
    assert (on_end.low, on_end.high) == (moved.low, moved.high)


def test_what_does_not_vary_is_sure_of_itself():
    part = summed(np.full(21, 0.5), Draws.of(np.arange(9) < 4, 20, 0))
    assert (part.value, part.low, part.high) == (0.5, 0.5, 0.5)


def test_scores_that_do_not_vary_are_not_told_that_their_video_is_alone():
    draws = Draws.of(np.arange(5) < 4, 20, 0)
    part = summed(np.full(21, 0.5), draws)
    assert part.note == "no interval: however these videos are drawn, it stays the same"


def test_a_number_of_a_single_video_has_no_interval():
    anomalous = np.arange(5) < 4
    draws = Draws.of(anomalous, 200, 0)
    values = np.array([0.2, 0.4, 0.1, 0.3, 0.056])
    alone, others = (ratio(draws.weights, values * own, own) for own in (~anomalous, anomalous))
    part = summed(alone, draws)
    assert (part.low, part.high) == (None, None)
    assert part.note == "no interval: however these videos are drawn, it stays the same"
    gap = differences({"m": alone}, {"m": alone / 2}, draws, why)["m"]
    assert (gap.value, gap.low) == (pytest.approx(0.028), None)
    same = differences({"m": alone}, {"m": alone}, draws, why)["m"]
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert summed(others, draws).low is not None


def test_undefined_numbers_say_why():
    draws = Draws.of(np.ones(3, bool), 3, 0)
    assert summed([np.nan, 1, 2, 3], draws).note == "no share"
    assert summed([0.5, np.nan, 0.4, 0.6], draws).note == "undefined in 1 of 3 resamples"
    assert summed([0.5, np.nan, np.nan, np.nan], draws).low is None
    alone = summed([0.5], Draws.of(np.ones(1, bool), 3, 0))
    assert alone.low is None
    assert "two videos" in alone.note


@pytest.mark.parametrize("hits", [0, 1, 9, 10])
def test_rates_of_few_have_the_exact_bounds_of_poisson(hits):
    hours = 14.5 / 3600
    bounds = Counted(hits, hours, hours=True).bounds()
    if hits == 10:
        assert bounds is None
    else:
        high = chi2.ppf(0.975, 2 * hits + 2) / 2 / hours
        low = chi2.ppf(0.025, 2 * hits) / 2 / hours if hits else 0
        assert bounds == pytest.approx((low, high))


@pytest.mark.parametrize(("hits", "of"), [(0, 12), (3, 12), (12, 12), (95, 100), (12, 30)])
def test_shares_of_few_have_the_exact_bounds_of_clopper_and_pearson(hits, of):
    bounds = Counted(hits, of).bounds()
    if min(hits, of - hits) >= 10:
        assert bounds is None
    else:
        low = beta.ppf(0.025, hits, of - hits + 1) if hits else 0
        high = beta.ppf(0.975, hits + 1, of - hits) if hits < of else 1
        assert bounds == pytest.approx((low, high))


def test_the_wider_of_both_is_told():
    draws = Draws.of(np.ones(12, bool), 50, 0)
    name = "false_alarms_per_hour"
    none = summed(np.zeros(51), draws, name, counted={name: Counted(0, 0.5, hours=True)})
    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(chi2.ppf(0.975, 2) / 2 / 0.5)
    assert none.note == "exact bounds of 0 in 30 min"
    wide = np.geomspace(0.01, 100, 50)
    spread = summed([2.0, *wide], draws, name, counted={name: Counted(4, 2, hours=True)})
    assert spread.low < chi2.ppf(0.025, 8) / 4
    assert spread.note == ""
