"""The limit lets through as many as are paid for: by brute force, and in closed form."""

import numpy as np
import pytest

from oddframe.watching.budget import DAY, HOUR, Budget, clearly_above


def is_paid_for(per_hour, events, now, peak):
    """Whether an event is among the oddest of the window, itself among them."""
    window = max(DAY, 3 / per_hour * HOUR)
    recent = [other for at, other in events if now - window < at <= now]
    watched = min(window, now - events[0][0])
    paid = max(3, int(per_hour * watched / HOUR + 1e-9))
    return sorted([*recent, peak], reverse=True).index(peak) < paid


@pytest.mark.parametrize("per_hour", [0.05, 0.5, 2.0])
def test_who_is_among_the_oddest_that_are_paid_for_is_told_and_nobody_else(per_hour):
    rng = np.random.default_rng(1)
    budget, events, now = Budget(4.0, per_hour), [], 0.0
    for _ in range(300):
        now += rng.exponential(1800)
        peak = 4.0 + rng.exponential()
        budget.note(peak, now, told=False)
        events.append((now, peak))
        for next_one in 4.0 + rng.exponential(size=20):
            told = is_paid_for(per_hour, events, now, next_one)
            assert (next_one > budget.limit(now)) == told
    later = now + 40 * DAY
    assert budget.limit(later) == 4.0


def told_of(times, rng):
    """Which events are told of: of the same kind at all times, and a budget of six a day."""
    budget, told = Budget(4.0, 6 / 24), []
    for at in times:
        peak = 4.0 + rng.exponential()
        told.append(peak > budget.limit(at))
        budget.note(peak, at, told=told[-1])
    return np.array(told)


def test_six_a_day_are_six_a_day():
    """One of N + 1 that are alike is among the K oddest of them K times in N + 1."""
    step = 2000.0
    others = int(np.ceil(DAY / step)) - 1  # in the window that is open where it begins
    times = step * np.arange(60 * DAY / step)
    told = np.mean([told_of(times, np.random.default_rng(seed)) for seed in range(10)], axis=0)
    assert told[times > DAY].mean() == pytest.approx(6 / (others + 1), rel=0.05)
    assert told[times > DAY].sum() / 59 == pytest.approx(6.0, abs=0.3)


def test_the_first_day_tells_of_few_more():
    """The i-th event is among the K oddest of i that are alike K times in i, K as time goes on."""
    times = 2000.0 * np.arange(DAY / 2000.0)
    paid = np.maximum(3, np.floor(6 * times / DAY + 1e-9))
    expected = np.minimum(1, paid / np.arange(1, times.size + 1)).sum()
    told = [told_of(times, np.random.default_rng(seed)).sum() for seed in range(200)]
    assert np.mean(told) == pytest.approx(expected, abs=0.5)
    assert expected < 12


def test_alarms_of_a_steady_flood_are_as_many_as_are_paid_for():
    rng = np.random.default_rng(2)
    per_hour, hours = 1.0, 24 * 30
    budget, alarms = Budget(4.0, per_hour), 0
    times = np.sort(rng.uniform(0, hours * 3600, hours * 20))
    for at in times:
        peak = 4.0 + rng.exponential()
        told = peak > budget.limit(at)
        alarms += told
        budget.note(peak, at, told=told)
    assert alarms / hours < 1.1


@pytest.mark.parametrize(
    ("per_hour", "in_an_hour"), [(6 / 24, 3), (1.0, 3), (10.0, 10)], ids=["6 a day", "1", "10"]
)
def test_a_flood_does_not_spend_a_day_s_alarms_within_the_hour(per_hour, in_an_hour):
    rng = np.random.default_rng(3)
    budget, told = Budget(4.0, per_hour), []
    for at in np.sort(rng.uniform(0, HOUR, 400)):
        peak = 4.0 + rng.exponential()
        is_told = peak > budget.limit(at)
        told += [peak] * is_told
        budget.note(peak, at, told=is_told)
    assert len(told) >= in_an_hour
    # What comes beyond that is each time clearly odder than all before.
    beyond = told[in_an_hour:]
    assert all(
        peak > clearly_above(max(told[: in_an_hour + index])) for index, peak in enumerate(beyond)
    )
    assert len(beyond) <= 3
    assert budget.limit(HOUR) > 4.0


def test_an_hour_after_a_few_alarms_all_is_told_again():
    budget = Budget(4.0, 6 / 24)
    budget.limit(-DAY)  # watched for a day already
    for minute in range(3):
        assert budget.limit(60.0 * minute) == 4.0
        budget.note(5.0 + minute, 60.0 * minute, told=True)
    assert budget.limit(180.0) == clearly_above(7.0)
    assert budget.limit(HOUR + 1.0) == 4.0


@pytest.mark.parametrize("peak", [-2.0, 0.0, 3.0])
def test_what_is_clearly_odder_is_never_lower(peak):
    assert clearly_above(peak) >= peak


def test_without_a_budget_the_limit_is_the_threshold():
    budget = Budget(4.0, None)
    for at in range(1000):
        budget.note(9.0, float(at), told=True)
    assert budget.limit(1000.0) == 4.0


def test_a_few_alarms_raise_nothing():
    budget = Budget(4.0, 1 / 24)
    for at in range(2):
        budget.note(9.0, float(at), told=False)
    assert budget.limit(3.0) == 4.0
    budget.note(5.0, 4.0, told=False)  # three days pay for three
    assert budget.limit(4.0) == 5.0


def test_a_clock_that_is_set_back_makes_no_hour_longer():
    """Three alarms, then the clock goes back a day: an hour later all is told again."""
    budget = Budget(4.0, 6 / 24)
    budget.limit(7 * DAY)
    for at in (10 * DAY, 10 * DAY + 60, 10 * DAY + 120):
        budget.limit(at)
        budget.note(5.0, at, told=True)
    assert budget.limit(10 * DAY + 180) == clearly_above(5.0)
    back = 9 * DAY
    assert budget.limit(back) == clearly_above(5.0)
    assert budget.limit(back + HOUR - 130) == clearly_above(5.0)
    assert budget.limit(back + HOUR + 1) == 4.0
    budget.note(5.0, back + HOUR, told=True)
    assert budget.limit(back + HOUR + 2) == 4.0
