"""A budget of alarms on made-up events of a month: how many are told, when, and which.

    python bench/alarm_budget.py --results bench/results/alarm_budget.txt

Events come by chance (Poisson), and their peaks lie above the threshold by chance (exponential).
In some months neither is the same all the time. Four ways to keep to the budget:

* ``was``: until 1 Dec 2026: the height that a day's events passed as often as the budget allows;
* ``is``: :class:`oddframe.watching.budget.Budget`;
* ``spent``: as it, but the number of the oddest that pass grows with time and falls with each alarm
  (adaptive conformal inference: Gibbs and Candes 2021, on ranks);
* ``falling``: a height that falls with time and rises with each alarm, by .3 of the mean excess.

All have the rule that three alarms within an hour raise the limit.
"""

from __future__ import annotations

import argparse
import random
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from oddframe.watching.budget import DAY, HOUR, Budget, clearly_above
from provenance import provenance, publish, run

THRESHOLD = 2.34
DAYS, SEEDS = 30, 20
HEAD = "day 1  later, a day  most in 24 h  oddest of all  oddest 2 of a day  longest silence, h"


class Way(Protocol):
    """A way to keep to a budget."""

    def limit(self, now: float) -> float:
        """What reaches no higher is not told."""
        ...

    def note(self, peak: float, at: float, *, told: bool) -> None:
        """An event was over."""
        ...


class Looking:
    """What the others share: the events of a day, and the alarms of an hour."""

    def __init__(self, per_day: float) -> None:
        self.rate, self.last = per_day / DAY, 0.0
        self.peaks: deque[tuple[float, float]] = deque()
        self.told: deque[tuple[float, float]] = deque()

    def limit(self, now: float) -> float:
        for events, window in ((self.peaks, DAY), (self.told, HOUR)):
            while events and events[0][0] <= now - window:
                events.popleft()
        height = max(THRESHOLD, self.height(now - self.last))
        self.last = now
        if len(self.told) >= 3:
            height = max(height, clearly_above(max(peak for _, peak in self.told)))
        return height

    def note(self, peak: float, at: float, *, told: bool) -> None:
        self.peaks.append((at, peak))
        if told:
            self.told.append((at, peak))

    def height(self, passed: float) -> float:
        """The limit, before the rule of an hour, so many seconds after it was asked for last."""
        raise NotImplementedError

    def ranked(self, place: int) -> float:
        """The height of the event of the day that so many were odder than; low where there were
        fewer."""
        heights = sorted((peak for _, peak in self.peaks), reverse=True)
        return heights[place] if place < len(heights) else THRESHOLD


class Was(Looking):
    """Until 1 Dec 2026."""

    def height(self, passed: float) -> float:  # noqa: ARG002 - time makes it no other
        return self.ranked(round(self.rate * DAY))


class Spent(Looking):
    """So many of the oddest pass as time pays for, less those that were told."""

    def __init__(self, per_day: float) -> None:
        super().__init__(per_day)
        self.pass_now = per_day / 2

    def height(self, passed: float) -> float:
        self.pass_now = min(2 * self.rate * DAY, self.pass_now + self.rate * passed)
        return self.ranked(max(0, int(self.pass_now)))

    def note(self, peak: float, at: float, *, told: bool) -> None:
        super().note(peak, at, told=told)
        self.pass_now -= told


class Falling(Looking):
    """A height that falls with time and rises with each alarm."""

    def __init__(self, per_day: float) -> None:
        super().__init__(per_day)
        self.above, self.excess = 0.0, deque[float](maxlen=100)

    def height(self, passed: float) -> float:
        mean = float(np.mean(self.excess)) if self.excess else 0.0
        self.above = max(0.0, self.above - 0.3 * mean * self.rate * passed)
        return THRESHOLD + self.above

    def note(self, peak: float, at: float, *, told: bool) -> None:
        super().note(peak, at, told=told)
        self.excess.append(peak - THRESHOLD)
        self.above += 0.3 * float(np.mean(self.excess)) * told


WAYS: dict[str, Callable[[float], Way]] = {
    "was": Was,
    "is": lambda per_day: Budget(THRESHOLD, per_day / 24),
    "spent": Spent,
    "falling": Falling,
}
MONTHS = ("steady", "day and night", "odd beginning", "odder after 10 days", "more after 10 days")


def events_of(month: str, per_day: float, rng: random.Random) -> list[tuple[float, float]]:
    """When events begin, in seconds, and their peaks."""
    found, at = [], 0.0
    while True:
        times, excess = 1.0, 0.6
        if month == "day and night":
            times, excess = (1.8, 0.8) if 8 <= at / HOUR % 24 < 20 else (0.2, 0.4)
        elif month == "odd beginning":
            excess = 1.2 if at < 8 * HOUR else 0.5
        elif month == "odder after 10 days":
            excess = 0.4 if at < 10 * DAY else 0.9
        elif month == "more after 10 days":
            times = 0.5 if at < 10 * DAY else 2.0
        at += rng.expovariate(times * per_day / DAY)
        if at > DAYS * DAY:
            return found
        found.append((at, THRESHOLD + rng.expovariate(1 / excess)))


def kept(way: Way, events: list[tuple[float, float]], budget: float) -> list[float]:
    """What a way makes of a month, as :data:`HEAD` has it."""
    told = []
    for begun, peak in events:
        told.append(peak > way.limit(begun))
        way.note(peak, begun, told=told[-1])
    at, peaks = np.array(events).T
    alarms = at[np.array(told)]
    is_told = np.array(told)
    oddest = np.argsort(-peaks)[: round(budget * DAYS)]
    of_days = []
    for day in range(DAYS):
        within = np.flatnonzero(at // DAY == day)
        of_days += list(is_told[within[np.argsort(-peaks[within])[:2]]])
    return [
        float((alarms < DAY).sum()),
        float((alarms >= DAY).sum()) / (DAYS - 1),
        max(np.searchsorted(alarms, alarms + DAY) - np.arange(alarms.size)),
        float(is_told[oddest].mean()),
        float(np.mean(of_days)),
        float(np.diff(np.concatenate([[0.0], alarms, [DAYS * DAY]])).max()) / HOUR,
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--budget", type=int, default=6, help="alarms a day")
    parser.add_argument("--results", type=Path, help="where the output goes")
    options = parser.parse_args()
    lines, result = [], []
    for per_day in (20, 42):
        for month in MONTHS:
            lines += ["", f"{month}, {per_day} events a day, {options.budget} alarms a day", HEAD]
            for name, make in WAYS.items():
                months = [
                    kept(
                        make(options.budget),
                        events_of(month, per_day, random.Random(seed)),
                        options.budget,
                    )
                    for seed in range(SEEDS)
                ]
                said = np.mean(months, axis=0)
                lines.append(
                    f"{said[0]:>5.1f} {said[1]:>13.2f} {said[2]:>13.1f} {said[3]:>14.2f} "
                    f"{said[4]:>18.2f} {said[5]:>19.1f}  {name}"
                )
                result.append([month, per_day, name, *(round(float(one), 3) for one in said)])
    publish(provenance(), lines, result, options.results)


if __name__ == "__main__":
    run(main)
