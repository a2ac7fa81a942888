"""Alarms counted at any threshold, and rates fitted beyond: brute force and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddframe.calibration.alarm_rates import AlarmCounts, alarm_surprise
from oddframe.calibration.tail import RateTail, interval, minute_maxima
from oddframe.calibration.threshold import choose_threshold
from oddframe.media.clock import Clock
from oddframe.scores.detections import EventRule, find_detections

stretch = st.lists(st.integers(0, 9), min_size=1, max_size=40)


@settings(max_examples=100)
@given(st.lists(stretch, min_size=1, max_size=3), st.sampled_from([1.0, 3.0]))
def test_counts_are_those_of_detections(given_stretches, gap):
    stretches = [(np.array(s, float), Clock(len(s), 1.0)) for s in given_stretches]
    counts = AlarmCounts.of(stretches, gap)
    brute = [
        sum(len(find_detections(s, EventRule(float(c), gap), clock)) for s, clock in stretches)
        for c in counts.candidates
    ]
    np.testing.assert_array_equal(counts.most(), np.maximum.accumulate(brute))


def peaks(seconds, rate, seed=0):
    """One alarm each so many seconds, of exponential height: the rate above x is known."""
    random = np.random.default_rng(seed)
    scores = np.zeros(int(seconds))
    at = np.arange(0, scores.size, int(1 / rate))
    scores[at] = random.exponential(1, at.size)
    return [(scores, Clock(scores.size, 1.0))]


def test_the_surprise_of_alarms_is_their_rate_counted_and_beyond():
    stretches = peaks(200_000, 0.02)
    surprise = alarm_surprise(stretches, 200_000, 1.0)
    heights = np.array([2.0, 4.0, 6.0, 9.0, 12.0])
    expected = -np.log10(0.02 * np.exp(-heights))
    np.testing.assert_allclose(surprise(heights), expected, rtol=0.1)


def test_where_nothing_ever_changes_any_rise_is_news():
    surprise = alarm_surprise([(np.zeros(50), Clock(50, 1.0))], 50, 1.0)
    assert surprise(np.array(0.0)) == 0
    assert surprise(np.array(4.0)) > 3


@pytest.mark.parametrize(("shape", "scale"), [(0.0, 1.0), (0.3, 2.0)])
def test_the_tail_of_a_generalised_pareto_is_found(shape, scale):
    from scipy.stats import genpareto

    maxima = genpareto.rvs(shape, scale=scale, size=20_000, random_state=0)
    tail = RateTail.fit(maxima)
    assert tail.shape == pytest.approx(shape, abs=0.06)
    far = float(genpareto.isf(1e-5, shape, scale=scale))
    assert np.log(tail.above(far)) == pytest.approx(np.log(60 * 1e-5), abs=0.6)
    assert tail.above(tail.threshold(0.01)) == pytest.approx(0.01)


def test_a_tail_that_ends_is_not_believed():
    tail = RateTail.fit(np.random.default_rng(0).uniform(0, 1, 1000))
    assert tail.shape == 0
    assert tail.above(1.5) > 0


def test_whole_minutes_have_their_highest_score():
    scores = np.zeros(150)
    scores[[10, 59, 61, 149]] = 1, 2, 3, 9
    assert [m.tolist() for m in minute_maxima([(scores, Clock(150, 1.0))])] == [[2, 3]]
    assert [m.tolist() for m in minute_maxima([(scores[:120], Clock(120, 1.0))])] == [[2, 3]]


def test_the_interval_of_a_rate_holds_what_is_true():
    """Exponential heights: 100 made-up half hours, and what is above 6 in an hour."""
    true = 60 * np.exp(-6.0)
    held = 0
    for seed in range(100):
        maxima = np.random.default_rng(seed).exponential(1, 40)
        low, high = interval([maxima], 6.0)
        held += low <= true <= high
    assert held >= 75


def test_short_footage_has_a_threshold_beyond_it_that_says_so():
    """Half an hour shows one an hour in no way; the tail says from where."""
    random = np.random.default_rng(1)
    scores = np.repeat(random.exponential(1, 1800 // 20), 20) + 1e-3 * random.random(1800)
    stretches = [(scores, Clock(1800, 1.0))]
    found = choose_threshold(stretches, 0.5, 0.2, files=[0])
    counted = choose_threshold(stretches, 0.5, 0.2)
    assert found.value > counted.value == scores.max()
    assert found.fitted_low <= found.fitted <= found.fitted_high
    assert found.fitted == pytest.approx(0.2)
    assert "about 0.2 false alarms per hour, extrapolated (" in found.sentence
    assert "counted: none, so fewer than 5.99 false alarms per hour (95 % sure)" in found.sentence


def test_files_that_differ_more_than_chance_take_a_higher_threshold():
    """The same alarms evenly, and all on one of ten days."""
    random = np.random.default_rng(2)
    heights = 1 + random.exponential(1, 60)

    def days(places):
        found = []
        for day in range(10):
            scores = np.zeros(7200)
            mine = heights[places == day]
            scores[np.arange(mine.size) * 60] = mine
            found.append((scores, Clock(7200, 1.0)))
        return found

    even = choose_threshold(days(np.arange(60) % 10), 20, 1.0, files=range(10))
    packed = choose_threshold(days(np.zeros(60)), 20, 1.0, files=range(10))
    assert even.spread < 1.5
    assert packed.spread > 5
    assert packed.alarms < even.alarms
    assert packed.value > even.value
    assert "differ" in packed.sentence
    assert packed.promised <= 1 or packed.alarms == 0
