"""95 % intervals over videos, from the resamples of a metric.

Percentiles of resamples are too narrow where there are few videos: with 12 of them they held the
true number in 85 to 89 % of simulated cases instead of 95, with five videos of a class in 83 %. So
the resamples give a standard deviation, and the interval is Student's t about the number:

* on a scale without ends (log odds of a share, logarithm of a rate), where a share near 1 has a
  long tail to one side;
* with the deviation that n videos show divided by ``sqrt((n - 1) / n)``, since a resample is drawn
  from the very videos whose mean it is compared with;
* with the degrees of freedom of those videos that the number depends on (Satterthwaite's, over the
  strata): a class of five videos has four, however many normal videos there are.

``bench/evaluation_simulation.py`` measures how often such intervals hold the truth. Numbers that
count a few alarms or events get the exact bounds of their count where these are wider: resamples of
no alarm at all hold none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from oddframe.console.words import duration
from oddframe.evaluation.bootstrap import ROWS, draw_videos
from oddframe.evaluation.metric_names import metric_name
from oddframe.evaluation.result import Measured
from oddframe.numerics.logistic import logistic
from oddframe.numerics.quantiles import beta_quantile, gamma_quantile, student_quantile

LEVEL = 0.95
_FEW = 10
"""Fewer counted than this have exact bounds."""
_SAME = 1e-9
"""Resamples that differ by less are the same number."""


@dataclass(frozen=True)
class Draws:
    """Which videos each resample holds, and which videos could have stood for each other.

    Attributes:
        weights: uint8 ``(1 + resamples, videos)``, from ``draw_videos``.
        strata: int ``(videos,)``: videos of one number are of one kind; negative: a video that the
            metric does not depend on.
    """

    weights: np.ndarray
    strata: np.ndarray

    @property
    def one_alone(self) -> bool:
        """Whether a kind has a single video, which is in every resample."""
        return bool((np.bincount(self.strata[self.strata >= 0]) == 1).any())

    @classmethod
    def of(cls, anomalous: np.ndarray, resamples: int, seed: int) -> Draws:
        """Draws of anomalous and of normal videos, see ``draw_videos``."""
        return cls(draw_videos(anomalous, resamples, seed), np.asarray(anomalous, dtype=int))

    def of_class(self, member: np.ndarray) -> Draws:
        """For a metric of some anomalous videos against all normal ones.

        Args:
            member: ``(videos,)`` bool, the anomalous videos that count; a single one cannot vary.
        """
        rows = slice(None) if member.sum() > 1 else slice(1)
        strata = np.where(member, 2, np.where(self.strata == 1, -1, 0))
        return Draws(self.weights[rows], strata)

    def within(self, places: np.ndarray) -> Draws:
        """For a metric of these videos alone, as one kind; a single one cannot vary."""
        rows = slice(None) if len(places) > 1 else slice(1)
        return Draws(self.weights[rows, places], np.zeros(len(places), dtype=int))


@dataclass(frozen=True)
class Counted:
    """What a number counts.

    Attributes:
        hits: alarms or events that were counted.
        of: the events that could have been, or the hours in which they were.
        hours: whether ``of`` is hours.
    """

    hits: float
    of: float
    hours: bool = False

    def bounds(self) -> tuple[float, float] | None:
        """The exact interval of the rate or share; None where there is plenty to count.

        Poisson's for a rate, Clopper and Pearson's for a share: for counts that are independent.
        """
        tail = (1 - LEVEL) / 2
        hits, rest = self.hits, self.of - self.hits
        if self.of <= 0 or min(hits, np.inf if self.hours else rest) >= _FEW:
            return None
        if self.hours:
            low = gamma_quantile(hits, tail) if hits else 0.0
            return low / self.of, gamma_quantile(hits + 1, 1 - tail) / self.of
        low = beta_quantile(hits, rest + 1, tail) if hits else 0.0
        return low, beta_quantile(hits + 1, rest, 1 - tail) if rest else 1.0

    @property
    def words(self) -> str:
        """What is counted: ``0 in 14 s``, ``3 of 12``."""
        of = f"in {duration(3600 * self.of)}" if self.hours else f"of {self.of:g}"
        return f"{self.hits:g} {of}"


@dataclass(frozen=True)
class _Scale:
    """Where the interval is made: a function without ends, its inverse, and the ends of before."""

    there: Callable[[np.ndarray], np.ndarray]
    back: Callable[[np.ndarray], np.ndarray]
    low: float = -np.inf
    high: float = np.inf

    def inside(self, values: np.ndarray) -> np.ndarray:
        """Values with those on an end moved half-way to the one nearest to it."""
        inner = values[(values > self.low) & (values < self.high)]
        low = (self.low + inner.min()) / 2 if np.isfinite(self.low) else self.low
        high = (self.high + inner.max()) / 2 if np.isfinite(self.high) else self.high
        return np.clip(values, low, high)


_SHARE = _Scale(lambda x: np.log(x / (1 - x)), logistic, 0.0, 1.0)
_RATE = _Scale(np.log, np.exp, 0.0)
_PLAIN = _Scale(lambda x: x, lambda x: x)


def summarise(
    samples: Mapping[str, np.ndarray],
    draws: Draws,
    undefined: Callable[[str], str],
    counted: Mapping[str, Counted] | None = None,
) -> dict[str, Measured]:
    """Each metric's number with its interval, or None and why.

    Args:
        samples: by the metric's name ``(1 + resamples,)``, NaN where undefined; the first is the
            data's own.
        draws: the resamples.
        undefined: from a metric's name, why it has no value if it has none.
        counted: metric name to what it counts, of the metrics that count something.
    """
    scales = {name: _SHARE if metric_name(name).share else _RATE for name in samples}
    (found,) = _measured(samples, draws, scales, undefined, (LEVEL,))
    exact = {name: _with_count(found[name], part) for name, part in (counted or {}).items()}
    return found | exact


def differences(
    first: Mapping[str, np.ndarray],
    second: Mapping[str, np.ndarray],
    draws: Draws,
    undefined: Callable[[str], str],
) -> dict[str, Measured]:
    """First minus second in every metric of the first, over the same resamples."""
    (found,) = differences_at((LEVEL,), first, second, draws, undefined)
    return found


def differences_at(
    levels: Sequence[float],
    first: Mapping[str, np.ndarray],
    second: Mapping[str, np.ndarray],
    draws: Draws,
    undefined: Callable[[str], str],
) -> list[dict[str, Measured]]:
    """Paired differences with intervals of other levels than 95 %: for each level all of them."""
    gaps = {name: np.asarray(values) - second[name] for name, values in first.items()}
    return _measured(gaps, draws, dict.fromkeys(gaps, _PLAIN), undefined, levels)


def _measured(
    samples: Mapping[str, np.ndarray],
    draws: Draws,
    scales: Mapping[str, _Scale],
    undefined: Callable[[str], str],
    levels: Sequence[float],
) -> list[dict[str, Measured]]:
    found, spread = {}, {}
    for name, values in samples.items():
        value = float(values[0])
        drawn = np.asarray(values[1 : len(draws.weights)], dtype=np.float64)
        found[name], scale = Measured(value), scales[name]
        finite = np.isfinite(drawn)
        if not np.isfinite(value):
            found[name] = Measured(None, note=undefined(name))
        elif not len(drawn):
            note = "no interval: no resamples, or fewer than two videos to draw"
            found[name] = Measured(value, note=note)
        elif not finite.any():
            found[name] = Measured(value, note="no interval: undefined in every resample")
        elif not scale.low < value < scale.high:
            note = f"no interval: at {value:g} these videos do not show how far it may be off"
            found[name] = Measured(value, note=note)
        elif value and draws.one_alone and np.ptp(drawn[finite]) < _SAME:
            # Every resample holds that video once; a difference of 0 is one of equal scores.
            note = "no interval: however these videos are drawn, it stays the same"
            found[name] = Measured(value, note=note)
        else:
            missing = len(drawn) - int(finite.sum())
            note = f"undefined in {missing} of {len(drawn)} resamples" if missing else ""
            found[name] = Measured(value, note=note)
            inside = scale.inside(np.append(drawn[finite], value))
            moved = np.full(len(drawn), np.nan)
            moved[finite] = scale.there(inside[:-1])
            spread[name] = moved
    deviations, degrees = _deviations(list(spread.values()), draws)
    by_level = []
    for level in levels:
        reaches = [student_quantile(free, (1 + level) / 2) for free in degrees.tolist()]
        ends = {}
        for name, reach in zip(spread, reaches * deviations, strict=True):
            scale, part = scales[name], found[name]
            middle = scale.there(np.array(part.value))
            low, high = scale.back(middle + reach * np.array([-1, 1])).tolist()
            ends[name] = replace(part, low=low, high=high)
        by_level.append(found | ends)
    return by_level


def _deviations(rows: list[np.ndarray], draws: Draws) -> tuple[np.ndarray, np.ndarray]:
    """Standard deviation of each row of resamples, NaN where undefined, and its freedom."""
    if not rows:
        return np.empty(0), np.empty(0)
    values = np.array(rows)
    known = np.isfinite(values)
    counts = known.sum(axis=1)
    centred = np.where(known, values - np.nanmean(values, axis=1, keepdims=True), 0.0)
    variances = (centred**2).sum(axis=1) / counts
    # To first order a resample is the number plus each video's influence times how much more than
    # once it was drawn; so the covariance with that is the influence.
    influences = np.zeros((len(rows), draws.weights.shape[1]))
    for start in range(0, values.shape[1], ROWS):
        part = draws.weights[1 + start : 1 + start + ROWS].astype(np.float64)
        influences += centred[:, start : start + ROWS] @ part
    influences /= counts[:, None]
    shares, freedom = [], []
    for stratum in np.unique(draws.strata[draws.strata >= 0]):
        own = draws.strata == stratum
        size = int(own.sum())
        if size > 1:
            # A covariance of as many resamples is that much off by chance.
            noise = size * variances / counts
            shares.append(np.maximum((influences[:, own] ** 2).sum(axis=1) - noise, 0.0))
            freedom.append(size - 1)
    parts, free = np.array(shares), np.array(freedom, dtype=float)[:, None]
    # Where chance hides whose variance it is, the smallest kind is taken for it.
    parts[np.argmin(free), parts.sum(axis=0) == 0] = 1.0
    parts /= parts.sum(axis=0)
    variances *= (parts * (free + 1) / free).sum(axis=0)
    degrees = 1 / (parts**2 / free).sum(axis=0)
    return np.sqrt(variances), degrees


def _with_count(part: Measured, counted: Counted) -> Measured:
    bounds = counted.bounds()
    if part.value is None or bounds is None:
        return part
    low = bounds[0] if part.low is None else min(part.low, bounds[0])
    high = bounds[1] if part.high is None else max(part.high, bounds[1])
    if (low, high) == (part.low, part.high):
        return part
    return replace(part, low=low, high=high, note=f"exact bounds of {counted.words}")
