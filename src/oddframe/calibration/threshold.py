"""From raw values to surprise: how rare a value is in normal footage.

Surprise is ``-log10 p``, where p is the share of normal values that are at least as high: 2 means
one in a hundred, 4 one in ten thousand. It makes cues of different units comparable, and its
scale comes from normal footage alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from oddframe.console.words import HELD_OUT
from oddframe.errors import OddframeError
from oddframe.media.clock import MOST_WATCHED, Clock
from oddframe.scores.detections import EventRule, find_detections

if TYPE_CHECKING:
    from oddframe.files.saved_state import SavedState

_KNOTS = 512


@dataclass(frozen=True)
class Surprise:
    """A monotone map from a raw value to its surprise.

    Empirical up to the ``tail`` quantile; beyond it the tail is exponential with the mean excess
    of the normal values, so that values never seen are ordered and not all equal.

    Attributes:
        values, surprises: knots of the empirical part, both increasing.
        slope: surprise per raw unit beyond the last knot.
    """

    values: np.ndarray
    surprises: np.ndarray
    slope: float

    @classmethod
    def fit(cls, normal: np.ndarray, tail: float = 0.99) -> Surprise:
        """Fit to raw values of held-out normal footage.

        Args:
            normal: any shape; finite.
            tail: quantile above which the exponential tail takes over.
        """
        ordered = np.sort(np.asarray(normal, dtype=np.float64).ravel())
        count = ordered.size
        last = min(int(tail * count), count - 1)
        start = ordered[last]
        excess = ordered[last:] - start
        # A constant cue has no tail; any finite slope will do, since it says nothing.
        scale = float(excess.mean()) or float(abs(start)) or 1.0
        # Knots are dense towards the tail, where surprise changes fastest.
        ranks = np.unique((count * (1 - np.geomspace(1, 1 - tail, _KNOTS))).astype(int))
        ranks = np.append(ranks[ranks < last], last)
        values = np.unique(ordered[ranks])
        # p counts values at least as high, so ties share the rank of the first of them.
        above = count - np.searchsorted(ordered, values, side="left")
        surprises = -np.log10(above / count)
        return cls(values, surprises, 1 / (scale * np.log(10)))

    def __call__(self, raw: np.ndarray) -> np.ndarray:
        """Surprise of raw values, float32, same shape, never negative."""
        raw = np.asarray(raw)
        beyond = np.maximum(raw - self.values[-1], 0) * self.slope
        return (np.interp(raw, self.values, self.surprises) + beyond).astype(np.float32)


def trust(normal: np.ndarray, disturbed: np.ndarray) -> float:
    """How far a cue may be believed in this scene, 0 to 1, from normal footage alone.

    The cue is measured on held-out normal frames and on the same frames with a fault simulated
    that the cue exists to notice. Trust is ``2 AUC - 1`` between the two: 1 if the fault always
    shows, 0 if normal life here hides it. In a room where people sit still or wave at will,
    doubling every speed changes little, and motion is not believed; on a street it shows at once.

    Args:
        normal: the cue's frame values, ``(frames,)``.
        disturbed: the cue's frame values with the fault, ``(frames,)``.
    """
    ordered = np.sort(normal)
    below = np.searchsorted(ordered, disturbed, side="left")
    upto = np.searchsorted(ordered, disturbed, side="right")
    auc = float((below + upto).mean()) / (2 * ordered.size)
    return max(0.0, 2 * auc - 1)


SURE = 0.9
"""How sure a promise is: so often fresh footage keeps it (``bench/evaluation_simulation.py``)."""


@dataclass(frozen=True)
class Threshold:
    """A decision threshold and what it promises on normal footage.

    ``alarms`` of normal footage are above it, so it lies at the peak of the next one. Alarms being
    rare and independent (a Poisson process), fresh footage has ``(alarms + 1) / hours`` of them an
    hour on average, and at most the gamma quantile :attr:`promised` with certainty :data:`SURE`.

    Attributes:
        value: frames with a higher score are odd.
        hours: hours of normal footage, watched, that it rests on.
        wanted: false alarms per hour that were asked for.
        alarms: how many alarms the threshold may leave in that footage.
        footage: what footage that is, in words; held out only if nothing was learnt from it.
        seen: how those hours came about, where there was more footage: ``2000 looks``...
        remedy: what would have to be done to promise the wanted rate, where it is not promised; by
            default to calibrate on more footage.
    """

    value: float
    hours: float
    wanted: float
    alarms: int = 0
    footage: str = HELD_OUT
    seen: str = ""
    remedy: str = ""

    @classmethod
    def saved(cls, state: SavedState) -> Threshold:
        """From the value ``threshold`` of a detector's state, ``vars`` of a threshold."""
        threshold = state.dataclass("threshold", cls)
        if "alarms" not in state.part("threshold"):
            # The first runs allowed all the alarms that the rate comes to, one too many.
            return replace(threshold, alarms=int(threshold.wanted * threshold.hours))
        return threshold

    @property
    def false_alarms_per_hour(self) -> float:
        """How many fresh footage is expected to have."""
        return (self.alarms + 1) / self.hours

    @property
    def promised(self) -> float:
        """False alarms per hour that fresh footage has at most, with certainty :data:`SURE`."""
        return most_alarms(self.alarms, SURE) / self.hours

    @property
    def is_kept(self) -> bool:
        """Whether the footage is enough to promise what was asked for."""
        return self.promised <= self.wanted

    @property
    def sentence(self) -> str:
        """What the threshold promises, for a person."""
        start = f"threshold {self.value:.2f}:"
        seen = f"{self.footage}{f' ({self.seen})' if self.seen else ''}"
        footage = f"from {self.hours:.2f} hours of {seen}"
        if self.is_kept:
            alarms = "1 false alarm" if self.wanted == 1 else f"{self.wanted:g} false alarms"
            return f"{start} at most {alarms} per hour ({SURE * 100:.0f} % sure), {footage}"
        usual = f"calibrate on more than {least_hours(self.wanted)} h of normal footage"
        remedy = f"to promise at most {self.wanted:g}, {self.remedy or usual}"
        if self.false_alarms_per_hour <= self.wanted or self.alarms:
            rate = _rate(self.false_alarms_per_hour)
            return f"{start} about {rate} false alarms per hour on average, {footage}; {remedy}"
        rate = _rate(most_alarms(0, 0.95) / self.hours)
        return (
            f"{start} no alarm in {self.hours * 60:.1f} minutes of {seen}, which only shows that "
            f"there are fewer than {rate} an hour (95 % sure); {remedy}"
        )


def most_alarms(alarms: int, certainty: float) -> float:
    """Upper bound of the mean number of alarms where so many were seen.

    The exact bound of a Poisson mean, ``chi2.ppf(certainty, 2 alarms + 2) / 2``: 3.0 of which none
    was seen, at a certainty of 0.95.
    """
    from scipy.special import gammaincinv

    return float(gammaincinv(alarms + 1, certainty))


def alarms_allowed(expected: float) -> int:
    """How many alarms a threshold may leave in normal footage.

    Args:
        expected: alarms that the footage would have at the wanted rate.

    Returns:
        The most that promise the rate for fresh footage with certainty :data:`SURE`; 0 where none
        do.
    """
    low, high = 0, int(expected) + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if most_alarms(middle, SURE) <= expected else (low, middle)
    return low


def least_hours(wanted: float) -> str:
    """Hours without an alarm that it takes to promise so many false alarms per hour."""
    hours = most_alarms(0, SURE) / wanted
    digits = 2 - math.floor(math.log10(hours))
    return f"{math.ceil(hours * 10**digits) / 10**digits:.3g}"


def _rate(alarms: float) -> str:
    return f"{alarms:,.0f}" if alarms >= 100 else f"{alarms:.3g}"


def calibrate(
    normal: Iterable[tuple[np.ndarray, Clock]],
    false_alarms_per_hour: float = 1.0,
    *,
    footage: str = HELD_OUT,
) -> Threshold:
    """The threshold of a detector, from its scores of whole normal videos.

    Args:
        normal: for each video its scores, one per frame, and when its frames are shown
            (``Video.clock``). There may be fewer scores, where fewer frames decode.
        false_alarms_per_hour: how many the threshold is to promise at most.
        footage: what the videos are, in words: ``HELD_OUT`` of :mod:`oddframe.console.words` only
            if nothing was learnt from them, otherwise ``LEARNT_FROM``.

    Raises:
        OddframeError: no video, or scores that are no finite numbers.
    """
    stretches = []
    for scores, clock in normal:
        values = np.asarray(scores, dtype=np.float64).ravel()
        if not np.isfinite(values).all():
            raise OddframeError("calibration: expected finite scores, found NaN or infinity")
        if values.size:
            stretches.append((values, replace(clock, frames=values.size)))
    if not stretches:
        raise OddframeError("calibration: no normal footage to choose a threshold on")
    hours = sum(clock.watched for _, clock in stretches) / 3600
    chosen = choose_threshold(stretches, hours, false_alarms_per_hour, footage)
    return replace(chosen, seen=time_lapse_counts(clock for _, clock in stretches))


def time_lapse_counts(clocks: Iterable[Clock]) -> str:
    """How frames of a time-lapse count, if there is one."""
    slow = any(clock.is_time_lapse for clock in clocks)
    return f"a frame of a time-lapse counts as {MOST_WATCHED:g} s" if slow else ""


def choose_threshold(
    stretches: Sequence[tuple[np.ndarray, Clock]],
    hours: float,
    wanted: float,
    footage: str = HELD_OUT,
) -> Threshold:
    """The lowest threshold that promises at most ``wanted`` alarms per hour of fresh footage.

    Without footage enough for a promise, the highest score of normal footage.

    Args:
        stretches: normal footage: scores in order, and when they are.
        hours: how much of that footage was watched (``Clock.watched``).
        wanted: false alarms per hour.
        footage: what it is, in words.
    """
    allowed = alarms_allowed(wanted * hours)
    candidates = np.unique(np.concatenate([scores for scores, _ in stretches]))[::-1]
    chosen = float(candidates[0])
    for candidate in candidates[1:]:
        alarms = sum(
            len(find_detections(s, EventRule(float(candidate)), clock)) for s, clock in stretches
        )
        if alarms > allowed:
            break
        chosen = float(candidate)
    return Threshold(chosen, hours, wanted, allowed, footage)
