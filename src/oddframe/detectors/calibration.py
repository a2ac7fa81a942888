"""From raw values to surprise: how rare a value is in normal footage.

Surprise is ``-log10 p``, where p is the share of normal values that are at least as high: 2 means
one in a hundred, 4 one in ten thousand. It makes cues of different units comparable, and its
scale comes from normal footage alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from oddframe.clock import MOST_WATCHED, Clock
from oddframe.detections import EventRule, find_detections
from oddframe.errors import OddframeError
from oddframe.words import HELD_OUT

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


@dataclass(frozen=True)
class Threshold:
    """A decision threshold and what it promises on normal footage.

    Attributes:
        value: frames with a higher score are odd.
        false_alarms_per_hour: rate that the normal footage shows at this threshold, at
            most; with no alarm in T hours that is 1 / T.
        hours: of normal footage, watched, that the rate rests on.
        wanted: the rate that was asked for.
        footage: what footage that is, in words; held out only if nothing was learnt from it.
        seen: how those hours came about, where there was more footage: ``2000 looks``...
        remedy: what would have to be done to promise the wanted rate, where it is not kept; by
            default to calibrate on more footage.
    """

    value: float
    false_alarms_per_hour: float
    hours: float
    wanted: float
    footage: str = HELD_OUT
    seen: str = ""
    remedy: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether the footage shows what was asked for."""
        return self.false_alarms_per_hour <= self.wanted

    @property
    def sentence(self) -> str:
        """What the threshold promises, for a person."""
        seen = f" ({self.seen})" if self.seen else ""
        if self.is_kept:
            alarms = "1 false alarm" if self.wanted == 1 else f"{self.wanted:g} false alarms"
            return (
                f"threshold {self.value:.2f}: at most {alarms} per hour, from "
                f"{self.hours:.2f} hours of {self.footage}{seen}"
            )
        most = self.false_alarms_per_hour
        rate = f"{most:,.0f}" if most >= 100 else f"{most:.3g}"
        usual = f"calibrate on more than {least_hours(self.wanted)} h of normal footage"
        return (
            f"threshold {self.value:.2f}: no alarm in {self.hours * 60:.1f} minutes of "
            f"{self.footage}{seen}, which only shows that there are fewer than about "
            f"{rate} an hour; to promise {self.wanted:g}, {self.remedy or usual}"
        )


def least_hours(wanted: float) -> str:
    """Hours without an alarm that it takes to promise so many false alarms per hour."""
    return f"{1 / wanted:.3g}"


def calibrate(
    normal: Iterable[tuple[np.ndarray, Clock]],
    false_alarms_per_hour: float = 1.0,
    *,
    footage: str = HELD_OUT,
) -> Threshold:
    """The threshold of a detector, from its scores of whole normal videos.

    Args:
        normal: of each video the scores, one per frame, and when its frames are shown
            (``Video.clock``). There may be fewer scores, where fewer frames decode.
        false_alarms_per_hour: how many the threshold may allow.
        footage: what the videos are, in words: :data:`oddframe.words.HELD_OUT` only if nothing
            was learnt from them, otherwise :data:`oddframe.words.LEARNT_FROM`.

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
    """The lowest threshold with at most ``wanted`` alarms per hour of normal footage.

    Args:
        stretches: normal footage: scores in order, and when they are.
        hours: how much of that footage was watched (``Clock.watched``).
        wanted: false alarms per hour.
        footage: what it is, in words.
    """
    allowed = int(wanted * hours)
    candidates = np.unique(np.concatenate([scores for scores, _ in stretches]))[::-1]
    chosen = float(candidates[0])
    for candidate in candidates[1:]:
        alarms = sum(
            len(find_detections(s, EventRule(float(candidate)), clock)) for s, clock in stretches
        )
        if alarms > allowed:
            break
        chosen = float(candidate)
    return Threshold(chosen, max(allowed, 1) / hours, hours, wanted, footage)
