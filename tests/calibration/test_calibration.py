"""Surprise, trust and threshold, against shares, scikit-learn and brute force."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from sklearn.metrics import roc_auc_score

from oddframe.calibration.surprise import Surprise, trust
from oddframe.calibration.threshold import Threshold, calibrate, choose_threshold
from oddframe.errors import OddframeError
from oddframe.files.saved_state import SavedState
from oddframe.media.clock import Clock

eighths = st.integers(0, 800).map(lambda n: n / 8)


@given(st.lists(eighths, min_size=1, max_size=300), st.lists(eighths, min_size=2, max_size=40))
def test_surprise_never_falls_and_is_never_negative(normal, probes):
    surprises = Surprise.fit(np.array(normal))(np.sort(probes))
    assert surprises.dtype == np.float32
    assert (surprises >= 0).all()
    assert (np.diff(surprises) >= -1e-6).all()


def test_surprise_is_the_share_of_normal_values_at_least_as_high():
    random = np.random.default_rng(0)
    normal = random.gamma(2, 3, (50, 20, 20))
    probes = random.choice(normal[normal < np.quantile(normal, 0.989)], 500)
    shares = np.array([(normal >= probe).mean() for probe in probes])
    np.testing.assert_allclose(Surprise.fit(normal)(probes), -np.log10(shares), atol=0.01)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 5), min_size=100, max_size=400))
def test_tied_values_have_the_share_of_all_of_them(normal):
    normal = np.array(normal, float)
    surprise = Surprise.fit(normal)
    for value in np.unique(normal[normal <= np.sort(normal)[int(0.99 * normal.size)]]):
        if value in surprise.values:
            expected = -np.log10((normal >= value).mean())
            assert surprise(np.array(value)) == pytest.approx(expected, abs=1e-6)


def test_most_values_at_zero_leave_the_rest_its_shares():
    # Speeds: nothing moves in nine cells of ten.
    normal = np.concatenate([np.zeros(9000), np.random.default_rng(1).uniform(1, 2, 1000)])
    surprise = Surprise.fit(normal)
    assert surprise(np.array(0.0)) == 0
    # Half of the moving cells are faster than 1.5: one in twenty of all.
    assert surprise(np.array(1.5)) == pytest.approx(-np.log10(0.05), abs=0.03)


@pytest.mark.parametrize("scale", [0.02, 1.0, 300.0])
def test_an_exponential_sample_has_its_closed_form_far_beyond_the_highest_value(scale):
    # p = exp(-x / scale), so surprise is x / (scale ln 10) everywhere.
    normal = np.random.default_rng(2).exponential(scale, 200_000)
    raw = scale * np.array([1.0, 3.0, 6.0, 12.0, 30.0, 60.0])
    expected = raw / scale / np.log(10)
    np.testing.assert_allclose(Surprise.fit(normal)(raw), expected, rtol=0.06)


def test_the_tail_is_straight_with_the_mean_excess():
    normal = np.random.default_rng(3).uniform(0, 10, 10_000)
    start = np.sort(normal)[9900]
    slope = 1 / ((normal[normal >= start] - start).mean() * np.log(10))
    far = Surprise.fit(normal)(np.array([start + 5, start + 9]))
    assert far[0] == pytest.approx(2 + 5 * slope, rel=1e-3)
    assert far[1] - far[0] == pytest.approx(4 * slope, rel=1e-3)


@pytest.mark.parametrize("value", [0.0, 4.0, -4.0])
@pytest.mark.parametrize("count", [1, 50])
def test_a_constant_cue_says_nothing_of_its_constant(value, count):
    surprise = Surprise.fit(np.full(count, value))
    below, same, above = surprise(np.array([value - 1, value, value + 1]))
    assert (below, same) == (0, 0)
    assert 0 < above < np.inf


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=40),
    st.lists(st.integers(0, 9), min_size=1, max_size=40),
)
def test_trust_is_what_scikit_learn_says(normal, disturbed):
    labels = [0] * len(normal) + [1] * len(disturbed)
    expected = max(0, 2 * roc_auc_score(labels, normal + disturbed) - 1)
    assert trust(np.array(normal), np.array(disturbed)) == pytest.approx(expected)


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5)), min_size=1, max_size=20
    )
)
def test_trust_in_what_counts_more_or_less_is_what_scikit_learn_says(rows):
    normal, disturbed, weights = np.array(rows, float).T
    twice = np.stack([disturbed, disturbed[::-1]])
    scores = np.concatenate([normal, *twice])
    labels = np.repeat([0, 1, 1], len(rows))
    auc = roc_auc_score(labels, scores, sample_weight=np.tile(weights, 3))
    assert trust(normal, twice, weights) == pytest.approx(max(0, 2 * auc - 1), abs=1e-9)


def test_trust_of_a_fault_that_always_or_never_shows():
    normal = np.arange(10.0)
    assert trust(normal, normal + 100) == 1
    assert trust(normal, normal) == 0
    assert trust(normal, normal - 100) == 0


def alarms(scores, threshold, rate):
    """Counted one frame after the other: a new alarm after more than a second of quiet."""
    count, quiet = 0, None
    for score in scores:
        if score > threshold:
            count += quiet is None or quiet > round(rate)
            quiet = 0
        elif quiet is not None:
            quiet += 1
    return count


@settings(max_examples=200)
@given(
    st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=60), min_size=1, max_size=4),
    st.sampled_from([0.1, 0.6, 1.0, 3.0, 5.0]),
    st.sampled_from([0.5, 1.0, 2.0]),
)
def test_the_threshold_against_brute_force(stretches, hours, wanted):
    pairs = [(np.array(s, float), Clock(len(s), 1.0)) for s in stretches]
    found = choose_threshold(pairs, hours, wanted)
    total = {
        c: sum(alarms(s, c, 1.0) for s in stretches) for c in {x for s in stretches for x in s}
    }
    allowed = max(
        (k for k in range(20) if chi2.ppf(0.9, 2 * k + 2) / 2 <= wanted * hours), default=0
    )
    # Lower thresholds let alarms grow together, so their number may fall again: what counts is
    # the lowest one that neither it nor a higher one breaks the promise.
    kept = [c for c in total if all(total[d] <= allowed for d in total if d >= c)]
    assert found.value == min(kept)
    assert total[found.value] <= found.alarms == allowed
    assert found.promised == pytest.approx(chi2.ppf(0.9, 2 * allowed + 2) / 2 / hours)
    assert found.is_kept == (found.promised <= wanted)


def three_peaks(hours):
    quiet = np.zeros(3600)
    quiet[[100, 900, 2000]] = [3, 5, 4]
    return choose_threshold([(quiet, Clock(len(quiet), 1.0))], hours, 1.0)


def test_enough_footage_promises_what_was_asked():
    # chi2.ppf(.9, 4) / 2 = 3.89: with four hours one alarm may be left, that at 5.
    assert three_peaks(4.0).sentence == (
        "threshold 4.00: at most 1 false alarm per hour (90 % sure), from 4.00 hours of held-out "
        "normal footage"
    )
    assert three_peaks(3.8).value == 5


def test_footage_for_an_average_says_that_it_is_one():
    found = three_peaks(1.5)
    assert found.value == 5
    assert found.sentence == (
        "threshold 5.00: about 0.667 false alarms per hour on average, from 1.50 hours of held-out "
        "normal footage; to promise at most 1, calibrate on more than 2.31 h of normal footage"
    )


def test_too_little_footage_says_what_it_can_promise():
    found = choose_threshold([(np.array([0.5, 2.5, 1.0]), Clock(3, 1.0))], 0.1, 1.0)
    assert found.value == 2.5
    assert found.sentence == (
        "threshold 2.50: no alarm in 6.0 minutes of held-out normal footage, which only "
        "shows that there are fewer than 30 an hour (95 % sure); to promise at most 1, calibrate "
        "on more than 2.31 h of normal footage"
    )


def test_a_run_of_before_says_what_its_threshold_is_worth():
    """It allowed two alarms in two hours for "at most 1 an hour": three fresh ones are expected."""
    state = {"value": 3.0, "false_alarms_per_hour": 1.0, "hours": 2.0, "wanted": 1.0}
    old = Threshold.saved(SavedState({"threshold": state}))
    assert old.sentence == (
        "threshold 3.00: about 1.5 false alarms per hour on average, from 2.00 hours of held-out "
        "normal footage; to promise at most 1, calibrate on more than 2.31 h of normal footage"
    )
    new = replace(old, alarms=0)
    assert Threshold.saved(SavedState({"threshold": vars(new)})) == new


def peaks(generator, hours, rate):
    """Scores of normal footage, one a second: alarms at random moments, of random height."""
    scores = np.zeros(int(hours * 3600))
    at = generator.choice(len(scores), generator.poisson(rate * hours), replace=False)
    scores[at] = generator.exponential(size=len(at))
    return scores


@pytest.mark.parametrize(("hours", "least", "most"), [(2.5, 0.86, 0.96), (6.0, 0.86, 0.98)])
def test_the_promise_is_kept_by_fresh_footage(hours, least, most):
    """The rate above the threshold is known here: rate x exp(-threshold). 90 % keep the promise."""
    generator, rate = np.random.default_rng(0), 20.0
    kept = []
    for _ in range(300):
        scores = peaks(generator, hours, rate)
        found = choose_threshold([(scores, Clock(len(scores), 1.0))], hours, 1.0)
        assert found.is_kept
        kept.append(rate * np.exp(-found.value) <= 1.0)
    assert least <= np.mean(kept) <= most


def test_scores_that_are_none_are_named_by_their_place():
    good, clock = np.zeros(50), Clock(50, 25.0)
    broken = np.where(np.arange(50) == 7, np.nan, good)
    with pytest.raises(OddframeError, match="found nan at frame 7 of normal video 2 of"):
        calibrate([(good, clock), (broken, clock)])
    with pytest.raises(OddframeError, match="to choose a threshold on, found none for 2 videos"):
        calibrate([(good[:0], clock)] * 2)
