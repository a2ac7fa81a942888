"""A budget of alarms: where there are more, the limit rises until there would not have been.

The limit is a conformal quantile over a window that slides, with events for blocks: an event passes
if it is among the oddest of the window, itself among them, and as many of these as the budget pays
for in that time. As long as events to come are exchangeable with those of the window, an event that
comes to N others is among the K oddest of them all once in (N + 1) / K times, so as many pass as
are paid for. Before the window is full it is the time that was watched, and what that pays for:
else the first of its events would be told of nearly all, three times a day's alarms on the first
day (``bench/alarm_budget.py``). What is rarer than the budget hardly ever raises the limit, and
nothing brings it below the threshold that the run was fitted with.

That is a promise for days. A flood that begins is not yet in the window, and a day's alarms would
come within minutes; so of one hour's alarms there is a number too, after which only what is clearly
odder than all of them passes.
"""

from __future__ import annotations

import math
from collections import deque

from oddframe.journal.question import Question

HOUR, DAY = 3600.0, 86400.0
_LEAST_ALLOWED = 3
"""The window holds at least as much time as pays for so many alarms: from less nothing can be
said about a rate. In an hour as many are told, and in what was watched by then, however small the
budget is."""
_MOST = 10_000
"""Events remembered; a camera that makes more in the window is at its limit anyway."""
_CLEARLY = 0.2
"""Share of a peak by which another is clearly higher."""


def clearly_above(peak: float) -> float:
    """From which height on an event is clearly odder than one of this peak."""
    return peak + _CLEARLY * abs(peak)


class Budget:
    """The limit of one camera.

    Args:
        threshold: the run's own.
        per_hour: alarms that a person wants to be told of at most; None for no budget.
    """

    def __init__(self, threshold: float, per_hour: float | None) -> None:
        self.threshold, self.per_hour = threshold, per_hour
        self._peaks: deque[tuple[float, float]] = deque(maxlen=_MOST)
        self._told: deque[tuple[float, float]] = deque(maxlen=_MOST)
        self._since = math.inf  # when watching began, as far as is known
        self._limit: float | None = threshold  # None where it has to be found anew
        self._paid = 0  # what it was found for

    @property
    def window(self) -> float:
        """Seconds that are looked back on: a day, or more where the budget is small."""
        if not self.per_hour:
            return DAY
        return max(DAY, _LEAST_ALLOWED / self.per_hour * HOUR)

    def counted(self, camera: str, now: float) -> Question:
        """The events of before that count, for :meth:`note`."""
        return Question(camera, now - self.window, most=_MOST)

    def paid(self, now: float) -> int:
        """Alarms that the window pays for, as far as it was watched.

        Args:
            now: Unix seconds.
        """
        watched = min(self.window, now - self._since)
        return max(_LEAST_ALLOWED, int((self.per_hour or 0.0) * watched / HOUR + 1e-9))

    @property
    def allowed_in_an_hour(self) -> int:
        """Alarms in one hour, of which more would be a flood."""
        return max(_LEAST_ALLOWED, int((self.per_hour or 0.0) + 1e-9))

    def note(self, peak: float, at: float, *, told: bool) -> None:
        """An event was over.

        Args:
            peak: its highest score, above the threshold.
            at: when it began, Unix seconds; before those noted already only where the clock was
                set back.
            told: whether a person was told of it.
        """
        self._since = min(self._since, at)
        self._peaks.append((at, peak))
        if told:
            self._told.append((at, peak))
        self._limit = None

    def limit(self, now: float) -> float:
        """Events that reach no higher than this are not told of.

        Args:
            now: Unix seconds.
        """
        if self.per_hour is None:
            return self.threshold
        self._since = min(self._since, now)  # also where the clock was set back
        if (paid := self.paid(now)) != self._paid:
            self._paid, self._limit = paid, None
        for events, window in ((self._peaks, self.window), (self._told, HOUR)):
            _set_back(events, now)
            while events and events[0][0] <= now - window:
                events.popleft()
                self._limit = None
        if self._limit is None:
            heights = sorted((peak for _, peak in self._peaks), reverse=True)
            self._limit = max([self.threshold, *heights[paid - 1 : paid]])
            if len(self._told) >= self.allowed_in_an_hour:
                oddest = max(peak for _, peak in self._told)
                self._limit = max(self._limit, clearly_above(oddest))
        return self._limit


def _set_back(events: deque[tuple[float, float]], now: float) -> None:
    """Where the clock was set back, what was just now, in times to come, is so in times of now."""
    if events and (ahead := events[-1][0] - now) > 0:
        moved = [(at - ahead, peak) for at, peak in events]
        events.clear()
        events.extend(moved)
