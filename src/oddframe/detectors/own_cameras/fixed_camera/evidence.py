"""Evidence over time: what lasts may ring, what flashes up for a moment must be far odder.

Single frames of normal life are as odd as anything: somebody near the lens, glare, a blackout. What
they do not do is last. So what decides is how odd the *news* has been over some time, at one place
or anywhere. News is what a place shows beyond what it has shown lately: furniture that was moved
and light of another season are odd for hours and days, and no news.

Everything is causal and counted in time, not in frames: footage of any rate is judged alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from oddframe.calibration.alarm_rates import Stretch, alarm_surprise
from oddframe.calibration.block_maxima import BLOCK_SECONDS
from oddframe.calibration.surprise import Surprise
from oddframe.detectors.own_cameras.fixed_camera.followed import LASTING_CUES, Followed
from oddframe.detectors.own_cameras.fixed_camera.frame_values import frame_value
from oddframe.media.clock import MOST_WATCHED

if TYPE_CHECKING:
    from oddframe.files.saved_state import SavedState

LATELY_SECONDS = 1800.0
"""How far back a place remembers what it has shown; older things fade by then."""
_UNSEEN_SECONDS = 60.0
"""Of a place that was watched so long, half of what it always shows is no news, half of the rest
is believed."""
_LEAST_TIMES = 10
"""So many times its length must be in normal footage for a scale to be judged by it."""
FLOOR = 3.15
"""Evidence that normal footage has more often than 2.5 times an hour says nothing."""
_KNEE = 2.0


@dataclass(frozen=True)
class TimeScale:
    """A time over which news is averaged.

    Attributes:
        seconds: of the exponential mean.
        at_place: whether at each place, where what moves on adds up to nothing, or anywhere.
    """

    seconds: float
    at_place: bool


SCALES = (TimeScale(3, at_place=True), TimeScale(15, at_place=False), TimeScale(60, at_place=False))
LENGTHS = (*(scale.seconds for scale in SCALES), *(60.0 for _ in LASTING_CUES))
"""Seconds of each kind of evidence; what follows things and lasts comes after the scales."""


def apart(seconds: float) -> float:
    """Gap of alarms that are one, in seconds, by so many seconds of normal footage.

    The longest time over which that says what is usual; three times that if it is a mean over the
    whole picture, which does not say whether what it shows is still the same, and has forgotten
    nineteen twentieths by then.
    """
    known = max([length for length in LENGTHS if _is_known(length, seconds)], default=1.0)
    return known if known <= SCALES[0].seconds else 3 * known


class Evidence:
    """The evidence of one stream: what has lasted until now, at each of :data:`SCALES`.

    Args:
        grid: (rows, columns) of the fields that will come.
        known: seconds, see :attr:`Lasting.known`.
    """

    def __init__(self, grid: tuple[int, int], known: float = math.inf) -> None:
        self._grid, self._known = grid, known
        self._places = np.array([s.seconds for s in SCALES if s.at_place])
        self._anywhere = np.array([s.seconds for s in SCALES if not s.at_place])
        self._lately = np.zeros(grid, np.float32)
        self._watched = 0.0
        self.interrupt()

    def interrupt(self) -> None:
        """Nothing lasts into the next field: footage was cut, or time was not filmed.

        What places have shown lately is no less known: a lamp that is switched on may be a cut.
        """
        self._maps = np.zeros((self._places.size, *self._grid), np.float32)
        self._means = np.zeros(self._anywhere.size)
        self._seconds: float | None = None

    def add(self, field: np.ndarray, seconds: float) -> np.ndarray:
        """Take what is seen at a time.

        Args:
            field: how odd each cell is, ``grid``, never negative.
            seconds: when; what lasts longer than two seconds unseen counts for two.

        Returns:
            The mean news over each scale, float64 ``(scales,)``, 0 or more; those of a stream
            that has just begun rise from 0, since nothing has lasted yet.
        """
        before = seconds if self._seconds is None else self._seconds
        elapsed = min(max(seconds - before, 0.0), MOST_WATCHED)
        self._seconds = seconds
        watched = self._watched + _UNSEEN_SECONDS
        # In its first minute all that a recording shows would be news, whatever season it is of.
        # How that is later is not known of a camera whose normal footage ends before.
        since = min(self._watched, self._known)
        believed = since / (since + _UNSEEN_SECONDS)
        news = np.maximum(field - self._lately / watched, 0) * believed
        now = frame_value(news)
        kept = np.exp(-elapsed / self._places).astype(np.float32)[:, None, None]
        self._maps = kept * self._maps + (1 - kept) * news
        kept = np.exp(-elapsed / self._anywhere)
        self._means = kept * self._means + (1 - kept) * now
        kept = float(np.exp(-elapsed / LATELY_SECONDS))
        counts = LATELY_SECONDS * (1 - kept)
        self._lately = kept * self._lately + counts * field
        self._watched = kept * self._watched + counts
        places, means = iter(self._maps), iter(self._means)
        found = [frame_value(next(places)) if s.at_place else next(means) for s in SCALES]
        # What was odd for long and is no more is over.
        return np.minimum(found, now)


@dataclass(frozen=True)
class Lasting:
    """From what is seen at a frame, and the evidence until then, to the frame's score.

    Attributes:
        scales: for each of :data:`SCALES`, and for each of :data:`LASTING_CUES`, evidence to the
            surprise by alarms of normal footage; None where there was too little of that.
        known: seconds of the longest stretch of that. News is believed as far as it was there, at
            most: of clips of 8 s by an eighth, however long a camera is watched.
    """

    scales: tuple[Surprise | None, ...] = (None,) * len(LENGTHS)
    known: float = math.inf

    @classmethod
    def fit(
        cls,
        stretches: Sequence[Stretch],
        seconds: float,
        merge_seconds: float,
        followed: Followed,
    ) -> Lasting:
        """Fit to the evidence of normal footage.

        Args:
            stretches: evidence ``(moments, scales)`` of each, and when it was.
            seconds: how much footage that is.
            merge_seconds: gap of alarms that are one.
            followed: how far each of :data:`LASTING_CUES` is believed, and its surprise in footage
                too short to count it: the highest values have a tail of a known form.
        """
        known = max(clock.watched for _, clock in stretches)
        trusts = [*(1.0 for _ in SCALES), *followed.trusts[-len(LASTING_CUES) :]]
        counted = [
            alarm_surprise(
                [(e[:, i], clock) for e, clock in stretches], seconds, merge_seconds
            ).weighed(trusts[i])
            if _is_known(length, seconds)
            else None
            for i, length in enumerate(LENGTHS)
        ]
        if not _is_known(BLOCK_SECONDS, seconds):
            return cls(tuple(counted), known)
        fitted = [*(None for _ in SCALES), *followed.per_second()]
        both = zip(counted, fitted, strict=True)
        return cls(tuple(one or other for one, other in both), known)

    def seen(self, surprise: np.ndarray) -> np.ndarray:
        """The score of what is seen at a frame or a cell of it, float32, same shape.

        Where what lasts is judged, it grows with the logarithm of the surprise beyond one frame in
        a hundred: of single odd frames normal footage has more than their surprise says.
        """
        surprise = np.asarray(surprise, dtype=np.float32)
        odd = surprise > _KNEE
        if self.scales[0] is None or not odd.any():
            return surprise
        beyond = _KNEE + np.log10(1 + np.maximum(surprise - _KNEE, 0))
        return np.where(odd, beyond, surprise).astype(np.float32)

    def surprises(self, evidence: np.ndarray) -> np.ndarray:
        """Surprise of evidence ``(..., scales)``, float32, same shape; 0 below :data:`FLOOR`."""
        found = np.zeros(evidence.shape, np.float32)
        says = evidence > self._silent
        if not says.any():  # nearly always nothing lasts
            return found
        for index, scale in enumerate(self.scales):
            if scale is not None and says[..., index].any():
                surprise = scale(evidence[..., index])
                found[..., index] = np.where(surprise >= FLOOR, surprise, 0)
        return found

    @cached_property
    def _silent(self) -> tuple[float, ...]:
        """For each of the scales, evidence that says nothing, nor does less of it."""
        return tuple(np.inf if s is None else s.highest_below(FLOOR) for s in self.scales)

    def score(self, surprise: np.ndarray, evidence: np.ndarray) -> np.ndarray:
        """The scores of frames: what is seen, or what lasts where that is rarer.

        Args:
            surprise: of what is seen at a frame, ``(...)``.
            evidence: ``(..., scales)``.
        """
        return np.maximum(self.seen(surprise), self.surprises(evidence).max(axis=-1))

    def state(self) -> dict[str, Any]:
        """Arrays and plain values."""
        scales = {
            str(index): scale.state()
            for index, scale in enumerate(self.scales)
            if scale is not None
        }
        return {**scales, "known": self.known} if math.isfinite(self.known) else scales

    @classmethod
    def from_state(cls, saved: SavedState) -> Lasting:
        """What gave :meth:`state`."""
        names = [str(index) for index in range(len(LENGTHS))]
        scales = (Surprise.from_state(saved.part(n)) if n in saved else None for n in names)
        # Runs of before December 2026 do not say it.
        known = saved.number("known", 0) if "known" in saved else math.inf
        return cls(tuple(scales), known)


def _is_known(length: float, seconds: float) -> bool:
    return seconds >= _LEAST_TIMES * length
