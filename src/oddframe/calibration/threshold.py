"""The threshold of a detector, and what it promises: false alarms in an hour of normal footage.

Alarms are counted as a person receives them, in footage that was held out. Files of footage differ
more than chance has it: what happens on a day comes in packs. That is measured, and allowed for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from oddframe.calibration.alarm_rates import AlarmCounts, Stretch
from oddframe.calibration.tail import LEAST_BLOCKS, RateTail, interval, minute_maxima
from oddframe.console.words import HELD_OUT, count
from oddframe.errors import OddframeError
from oddframe.media.clock import MOST_WATCHED, Clock
from oddframe.numerics.quantiles import gamma_quantile
from oddframe.scores.detections import MERGE_SECONDS

if TYPE_CHECKING:
    from oddframe.files.saved_state import SavedState

SURE = 0.9
"""How sure a promise is: so often fresh footage keeps it (``bench/evaluation_simulation.py``)."""


@dataclass(frozen=True)
class Threshold:
    """A decision threshold and what it promises on normal footage.

    ``alarms`` of normal footage are above it, so it lies at the peak of the next one. Alarms being
    rare and independent (a Poisson process), fresh footage has ``(alarms + 1) / hours`` of them an
    hour on average, and at most the gamma quantile :attr:`promised` with certainty :data:`SURE`.
    Where files differ more than that, the count says as much as one ``spread`` times smaller.

    Attributes:
        value: frames with a higher score are odd.
        hours: hours of normal footage, watched, that it rests on.
        wanted: false alarms per hour that were asked for.
        alarms: how many alarms the threshold may leave in that footage.
        footage: what footage that is, in words; held out only if nothing was learnt from it.
        seen: how those hours came about, where there was more footage: ``2000 looks``...
        remedy: what would have to be done to promise the wanted rate, where it is not promised; by
            default to calibrate on more footage.
        spread: variance of the alarms of a file, over that of chance; at least 1.
        fitted, fitted_low, fitted_high: alarms per hour above the threshold as a fitted tail has
            them, and the ends of their 90 % interval; 0 where all was counted.
        merge_seconds: gap of alarms that are one, as they were counted.
        unit_hours: hours of the unit in which rates are told: 1 or, for rates a day, 24.
    """

    value: float
    hours: float
    wanted: float
    alarms: int = 0
    footage: str = HELD_OUT
    seen: str = ""
    remedy: str = ""
    spread: float = 1.0
    fitted: float = 0.0
    fitted_low: float = 0.0
    fitted_high: float = 0.0
    merge_seconds: float = MERGE_SECONDS
    unit_hours: float = 1.0

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
        return most_alarms(self.alarms, SURE, self.spread) / self.hours

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
        if self.spread > 1.05:
            footage += f", whose parts differ {self.spread:.1f} times as much as chance has it"
        if self.is_kept:
            return f"{start} at most {self._told(self.wanted)} ({SURE * 100:.0f} % sure), {footage}"
        hours = least_hours(self.wanted, self.spread)
        usual = f"calibrate on more than {hours} h of normal footage"
        remedy = f"to promise at most {self._number(self.wanted)}, {self.remedy or usual}"
        if self.fitted:
            counted = most_alarms(0, 0.95, self.spread) / self.hours
            none = f"counted: none, so fewer than {self._told(counted)} (95 % sure)"
            ends = f"{self._number(self.fitted_low)} to {self._number(self.fitted_high)}"
            return (
                f"{start} about {self._told(self.fitted)}, extrapolated ({ends}, 90 % interval) "
                f"{footage}; {none}; {remedy}"
            )
        if self.false_alarms_per_hour <= self.wanted or self.alarms:
            rate = self._told(self.false_alarms_per_hour)
            return f"{start} about {rate} on average, {footage}; {remedy}"
        rate = most_alarms(0, 0.95, self.spread) / self.hours
        unit = "a day" if self.unit_hours == 24 else "an hour"
        return (
            f"{start} no alarm in {self.hours * 60:.1f} minutes of {seen}, which only shows that "
            f"there are fewer than {self._number(rate)} {unit} (95 % sure); {remedy}"
        )

    def _told(self, an_hour: float) -> str:
        number = self._number(an_hour)
        alarms = "1 false alarm" if number == "1" else f"{number} false alarms"
        return f"{alarms} per {'day' if self.unit_hours == 24 else 'hour'}"

    def _number(self, an_hour: float) -> str:
        alarms = an_hour * self.unit_hours
        return f"{alarms:,.0f}" if alarms >= 100 else f"{alarms:.3g}"


def most_alarms(alarms: int, certainty: float, spread: float = 1.0) -> float:
    """Upper bound of the mean number of alarms where so many were seen.

    The exact bound of a Poisson mean, ``chi2.ppf(certainty, 2 alarms + 2) / 2``: 3.0 of which none
    was seen, at a certainty of 0.95. Alarms that come in packs of ``spread`` count by the pack.
    """
    return spread * gamma_quantile(alarms / spread + 1, certainty)


def alarms_allowed(expected: float, spread: float = 1.0) -> int:
    """How many alarms a threshold may leave in normal footage.

    Args:
        expected: alarms that the footage would have at the wanted rate.
        spread: variance of the alarms of a file, over that of chance.

    Returns:
        The most that promise the rate for fresh footage with certainty :data:`SURE`; 0 where none
        do.
    """
    low, high = 0, int(expected) + 1
    while high - low > 1:
        middle = (low + high) // 2
        kept = most_alarms(middle, SURE, spread) <= expected
        low, high = (middle, high) if kept else (low, middle)
    return low


def least_hours(wanted: float, spread: float = 1.0) -> str:
    """Hours without an alarm that it takes to promise so many false alarms per hour."""
    hours = most_alarms(0, SURE, spread) / wanted
    digits = 2 - math.floor(math.log10(hours))
    return f"{math.ceil(hours * 10**digits) / 10**digits:.3g}"


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
    stretches, number = [], 0
    for number, (scores, clock) in enumerate(normal, start=1):
        values = np.asarray(scores, dtype=np.float64).ravel()
        if (broken := np.flatnonzero(~np.isfinite(values))).size:
            raise OddframeError(
                f"calibration: expected finite scores, found {values[broken[0]]} at frame "
                f"{broken[0]} of normal video {number} of those given"
            )
        if values.size:
            stretches.append((values, replace(clock, frames=values.size)))
    if not stretches:
        raise OddframeError(
            "calibration: expected scores of normal videos to choose a threshold on, found none "
            f"for {count(number, 'video')}"
        )
    hours = sum(clock.watched for _, clock in stretches) / 3600
    chosen = choose_threshold(stretches, hours, false_alarms_per_hour, footage)
    return replace(chosen, seen=time_lapse_counts(clock for _, clock in stretches))


def time_lapse_counts(clocks: Iterable[Clock]) -> str:
    """How frames of a time-lapse count, if there is one."""
    slow = any(clock.is_time_lapse for clock in clocks)
    return f"a frame of a time-lapse counts as {MOST_WATCHED:g} s" if slow else ""


def choose_threshold(
    stretches: Sequence[Stretch],
    hours: float,
    wanted: float,
    footage: str = HELD_OUT,
    *,
    merge_seconds: float = MERGE_SECONDS,
    files: Sequence[int] | None = None,
) -> Threshold:
    """The lowest threshold that promises at most ``wanted`` alarms per hour of fresh footage.

    Without footage enough for a promise, the highest score of normal footage; or, where a tail can
    be fitted to it, the score that is beyond it so often as was asked for, if that is higher.

    Args:
        stretches: normal footage: scores in order, and when they are.
        hours: how much of that footage was watched (``Clock.watched``).
        wanted: false alarms per hour.
        footage: what it is, in words.
        merge_seconds: gap of alarms that are one.
        files: for each stretch the file that it is of, where files are to be told apart.
    """
    counts = AlarmCounts.of(stretches, merge_seconds)
    most = counts.most()
    spread = 1.0 if files is None else _spread(counts, most, stretches, np.asarray(files))
    allowed = alarms_allowed(wanted * hours, spread)
    chosen = float(counts.candidates[np.searchsorted(most, allowed, side="right") - 1])
    found = Threshold(
        chosen, hours, wanted, allowed, footage, spread=spread, merge_seconds=merge_seconds
    )
    if found.is_kept or files is None:
        return found
    maxima = minute_maxima(stretches)
    together = np.concatenate(maxima)
    if together.size < LEAST_BLOCKS:
        return found
    tail = RateTail.fit(together)
    chosen = max(chosen, tail.threshold(wanted))
    rate = tail.above(max(chosen, tail.start))
    low, high = interval(maxima, chosen)
    return replace(found, value=chosen, fitted=rate, fitted_low=low, fitted_high=high)


_FEWEST_FILES = 4
_ALARMS_A_FILE = 2


def _spread(
    counts: AlarmCounts, most: np.ndarray, stretches: Sequence[Stretch], files: np.ndarray
) -> float:
    """Variance of the alarms of a file over that of chance, where there are two a file."""
    names = np.unique(files)
    if names.size < _FEWEST_FILES:
        return 1.0
    place = np.searchsorted(most, _ALARMS_A_FILE * names.size, side="right") - 1
    alarms = counts.each(float(counts.candidates[place]))
    lengths = np.array([clock.watched for _, clock in stretches])
    seen = np.array([[alarms[files == n].sum(), lengths[files == n].sum()] for n in names])
    expected = seen[:, 0].sum() * seen[:, 1] / seen[:, 1].sum()
    if not expected.all():
        return 1.0
    return max(1.0, float(((seen[:, 0] - expected) ** 2 / expected).sum() / (names.size - 1)))
