"""What footage cannot show is fitted: the tail of the highest scores of its minutes.

Excesses of block maxima over a high level are nearly generalised Pareto (Pickands 1975). Its two
numbers come from probability-weighted moments (Hosking and Wallis, Technometrics 1987): closed,
and steadier than likelihood for the few dozen values that there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from oddframe.media.clock import Clock

_MINUTE = 60.0
"""Seconds."""
LEAST_BLOCKS = 20
"""Fewer minutes say nothing about a tail."""
_EXCEEDING = 0.25
"""Share of the blocks whose maxima are the tail."""
_MOST_SHAPE = 0.5
_RESAMPLES = 200


@dataclass(frozen=True)
class RateTail:
    """Alarms in an hour above a threshold, as the tail of block maxima has it.

    Attributes:
        start: level from which the tail is fitted.
        rate: blocks in an hour whose maximum is above it.
        shape, scale: of the generalised Pareto distribution of what is beyond it; the shape is
            0 or more, since no tail that ends is believed.
    """

    start: float
    rate: float
    shape: float
    scale: float

    @classmethod
    def fit(cls, maxima: np.ndarray) -> RateTail:
        """Fit to block maxima ``(blocks,)``."""
        ordered = np.sort(np.asarray(maxima, dtype=np.float64))
        above = max(5, int(_EXCEEDING * ordered.size))
        start = float(ordered[-above - 1])
        excess = ordered[-above:] - start
        first = float(excess.mean())
        # The mean of each excess times the share that is higher than it.
        second = float((excess * (above - 1 - np.arange(above)) / (above - 1)).mean())
        shape = 2 - first / (first - 2 * second) if first > 2 * second else _MOST_SHAPE
        shape = min(max(shape, 0.0), _MOST_SHAPE)
        # With the shape held, the mean alone gives the scale.
        scale = first * (1 - shape)
        per_hour = above / ordered.size * 3600 / _MINUTE
        return cls(start, per_hour, shape, scale or abs(start) or 1.0)

    def above(self, threshold: float) -> float:
        """Alarms in an hour above a threshold, which is not below :attr:`start`."""
        beyond = (threshold - self.start) / self.scale
        if self.shape < 1e-6:
            return self.rate * float(np.exp(-beyond))
        return self.rate * float((1 + self.shape * beyond) ** (-1 / self.shape))

    def threshold(self, wanted: float) -> float:
        """From where there are so many alarms in an hour; at least :attr:`start`."""
        times = max(self.rate / wanted, 1.0)
        if self.shape < 1e-6:
            return self.start + self.scale * float(np.log(times))
        return self.start + self.scale / self.shape * (times**self.shape - 1)


def minute_maxima(stretches: Sequence[tuple[np.ndarray, Clock]]) -> list[np.ndarray]:
    """The highest score of each whole minute of each stretch."""
    found = []
    for scores, clock in stretches:
        minute = (clock.filmed / _MINUTE).astype(int)
        firsts = np.flatnonzero(np.diff(minute, prepend=-1))
        maxima = np.maximum.reduceat(scores, firsts)
        # The last one is whole where the stretch is that long.
        whole = clock.length >= (minute[-1] + 1) * _MINUTE - 1
        found.append(maxima if whole else maxima[:-1])
    return found


def interval(maxima: Sequence[np.ndarray], threshold: float) -> tuple[float, float]:
    """Where the rate above a threshold lies with 90 % certainty, from resampled footage.

    Args:
        maxima: block maxima of each stretch, which is drawn as one.
        threshold: a score.
    """
    random = np.random.default_rng(0)
    together = np.concatenate(maxima)
    # Few stretches say little of how they differ: then minutes are drawn.
    pieces = list(maxima) if len(maxima) >= LEAST_BLOCKS else list(together[:, None])
    rates = []
    for _ in range(_RESAMPLES):
        drawn = np.concatenate([pieces[i] for i in random.integers(len(pieces), size=len(pieces))])
        if drawn.size >= LEAST_BLOCKS / 2:
            tail = RateTail.fit(drawn)
            rates.append(tail.above(max(threshold, tail.start)))
    low, high = np.quantile(rates, (0.05, 0.95))
    return float(low), float(high)
