"""A budget of alarms: where there are more, the limit rises until there would not have been.

The limit is the height that, over the time looked back on, would have let through as many events as
the budget allows: the events of that time, ordered by their peaks, and the limit at the first that
is one too many. That is a conformal quantile over a window that slides, with events for blocks: as
long as events to come are exchangeable with those of the window, no more of them pass than are
paid for, up to one in the window. What is rarer than the budget never raises it, and nothing brings
it below the threshold that the run was fitted with.
"""

from __future__ import annotations

from collections import deque

DAY = 86400.0
_LEAST_ALLOWED = 3
"""The window holds at least as much time as pays for so many alarms: from less nothing can be
said about a rate."""
_MOST = 10_000
"""Events remembered; a camera that makes more in the window is at its limit anyway."""


class Budget:
    """The limit of one camera.

    Args:
        threshold: the run's own.
        per_hour: alarms that a person wants to be told of at most; None for no budget.
    """

    def __init__(self, threshold: float, per_hour: float | None) -> None:
        self.threshold, self.per_hour = threshold, per_hour
        self._peaks: deque[tuple[float, float]] = deque(maxlen=_MOST)
        self._limit: float | None = threshold  # None where it has to be found anew

    @property
    def window(self) -> float:
        """Seconds that are looked back on: a day, or more where the budget is small."""
        if not self.per_hour:
            return DAY
        return max(DAY, _LEAST_ALLOWED / self.per_hour * 3600)

    @property
    def allowed(self) -> int:
        """Alarms in the window."""
        return int((self.per_hour or 0.0) * self.window / 3600 + 1e-9)

    def note(self, peak: float, at: float) -> None:
        """An event was over, whether or not it was told of.

        Args:
            peak: its highest score, above the threshold.
            at: when it began, Unix seconds; not before those noted already.
        """
        self._peaks.append((at, peak))
        self._limit = None

    def limit(self, now: float) -> float:
        """Events that reach no higher than this are not told of.

        Args:
            now: Unix seconds.
        """
        if self.per_hour is None:
            return self.threshold
        while self._peaks and self._peaks[0][0] <= now - self.window:
            self._peaks.popleft()
            self._limit = None
        if self._limit is None:
            heights = sorted((peak for _, peak in self._peaks), reverse=True)
            over = heights[self.allowed :]
            self._limit = max([self.threshold, *over[:1]])
        return self._limit
