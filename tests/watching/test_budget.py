"""The limit is the height that would have kept the budget in the window, by brute force."""

import numpy as np
import pytest

from oddframe.watching.budget import DAY, Budget


def brute(threshold, per_hour, events, now):
    window = max(DAY, 3 / per_hour * 3600)
    recent = [peak for at, peak in events if now - window < at <= now]
    allowed = int(per_hour * window / 3600 + 1e-9)
    candidates = sorted({threshold, *recent})
    return next(
        limit
        for limit in candidates
        if limit >= threshold and sum(peak > limit for peak in recent) <= allowed
    )


@pytest.mark.parametrize("per_hour", [0.05, 0.5, 2.0])
def test_it_is_the_lowest_height_that_keeps_the_budget(per_hour):
    rng = np.random.default_rng(1)
    budget, events, now = Budget(4.0, per_hour), [], 0.0
    for _ in range(300):
        now += rng.exponential(1800)
        peak = 4.0 + rng.exponential()
        budget.note(peak, now)
        events.append((now, peak))
        assert budget.limit(now) == brute(4.0, per_hour, events, now)
    later = now + 40 * DAY
    assert budget.limit(later) == 4.0


def test_alarms_of_a_steady_flood_are_as_many_as_are_paid_for():
    rng = np.random.default_rng(2)
    per_hour, hours = 1.0, 24 * 30
    budget, alarms = Budget(4.0, per_hour), 0
    times = np.sort(rng.uniform(0, hours * 3600, hours * 20))
    for at in times:
        peak = 4.0 + rng.exponential()
        alarms += peak > budget.limit(at)
        budget.note(peak, at)
    # The first day is paid for only once it is over.
    assert alarms / hours < 1.3


def test_without_a_budget_the_limit_is_the_threshold():
    budget = Budget(4.0, None)
    for at in range(1000):
        budget.note(9.0, float(at))
    assert budget.limit(1000.0) == 4.0


def test_a_few_alarms_raise_nothing():
    budget = Budget(4.0, 1 / 24)
    for at in range(3):
        budget.note(9.0, float(at))
    assert budget.limit(3.0) == 4.0
    budget.note(5.0, 4.0)
    assert budget.limit(4.0) == 5.0
