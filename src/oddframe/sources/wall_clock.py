"""From the time stamps of packets to the time of day.

A camera counts from some moment of its own, mostly the one at which it was asked. The packet that
took the shortest way says best when that was: the smallest difference of arrival and stamp within
the last minute is added to every stamp. Intervals are measured with a clock that nobody sets
(``time.monotonic``); the machine's clock only names the result, so that setting it, by an hour or
by daylight, changes the names and neither order nor distance of the frames.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_MINUTE = 60.0
_LEAP = 10.0
"""Seconds that stamps may run ahead of arrival; beyond it, the camera's clock was set."""
_SHORTEST = 1e-3
"""Seconds between two frames at least."""
_SET = 0.5
"""Seconds by which the machine's clock moves when somebody sets it."""


@dataclass(frozen=True)
class Moment:
    """When something was filmed.

    Attributes:
        seconds: since the clock was made, by the steady clock; always increasing.
        at: Unix seconds.
        lag: seconds from then until now; 0 for the quickest packet of the minute.
    """

    seconds: float
    at: float
    lag: float


class WallClock:
    """The clock of one reader, over all its connections.

    Args:
        wall: the time of day, Unix seconds.
        steady: seconds that never go back.

    Attributes:
        was_set: seconds by which the machine's clock was set so far; back is negative.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.was_set = 0.0
        self._wall = wall
        self._steady = steady
        self._began = steady()
        self._names = wall() - self._began  # what makes a steady time a time of day
        self._base: float | None = None  # what makes a stamp seconds
        self._arrival = self._stamp = 0.0
        self._quickest: deque[tuple[float, float]] = deque()  # arrival, arrival - stamp; increasing
        self._last_seconds = -_SHORTEST
        self._last_at = 0.0

    def connect(self) -> None:
        """A new connection: its stamps have nothing to do with those before."""
        self._base = None

    def arrive(self, stamp: float | None) -> float:
        """A packet has come.

        Args:
            stamp: seconds, in the order of decoding, from the camera; None if it has none.

        Returns:
            The stamp; one that fits, if it had none.
        """
        now = self._steady()
        passed = now - self._arrival
        if stamp is None:
            stamp = 0.0 if self._base is None else self._stamp + passed
        if self._base is None:
            self._begin(stamp, max(now - self._began, self._last_seconds + _SHORTEST), now)
        elif not -_SHORTEST <= stamp - self._stamp <= passed + _LEAP:
            since = self._stamp + self._base + max(passed, _SHORTEST)
            self._begin(stamp, max(since, self._last_seconds + _SHORTEST), now)
        while self._quickest and self._quickest[-1][1] >= now - stamp:
            self._quickest.pop()
        self._quickest.append((now, now - stamp))
        while self._quickest[0][0] < now - _MINUTE:
            self._quickest.popleft()
        self._arrival, self._stamp = now, stamp
        return stamp

    def _begin(self, stamp: float, seconds: float, now: float) -> None:
        self._base = seconds - stamp
        self._quickest.clear()
        self._arrival = now

    def seconds(self, stamp: float) -> float:
        """A stamp on the axis of :attr:`Moment.seconds`, once a packet has come."""
        return stamp + (self._base or 0.0)

    def moment(self, stamp: float) -> Moment:
        """When the frame with this stamp was filmed; frames come in the order of their showing."""
        now = self._steady()
        names = self._wall() - now
        if abs(names - self._names) > _SET:
            self.was_set += names - self._names
            self._last_at = 0.0
        self._names = names
        filmed = stamp + self._quickest[0][1]
        seconds = max(self.seconds(stamp), self._last_seconds + _SHORTEST)
        at = max(filmed + names, self._last_at + _SHORTEST)
        self._last_seconds, self._last_at = seconds, at
        return Moment(seconds, at, max(now - filmed, 0.0))
