"""How often something is an alarm in normal footage, at any threshold: counted, and fitted beyond.

Frames of normal footage are not independent of each other, alarms nearly are. So what decides is
counted in alarms, as a person receives them: frames above a threshold, merged over short gaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from oddframe.calibration.surprise import Surprise
from oddframe.evaluation.metrics.false_alarms import AlarmSteps, false_alarm_steps
from oddframe.media.clock import Clock
from oddframe.scores.detections import EventRule, find_detections

_TAIL_ALARMS = 10
"""Alarms whose peaks give the tail; what is rarer than the tenth is not counted but fitted."""
_MOST_ALARMS = 1000

Stretch = tuple[np.ndarray, Clock]
"""Values of continuous footage in order, and when they are."""


@dataclass(frozen=True)
class AlarmCounts:
    """How many alarms stretches of normal footage have, as a function of the threshold.

    Attributes:
        steps: for each stretch, its alarms.
        candidates: all values, falling.
    """

    steps: tuple[AlarmSteps, ...]
    candidates: np.ndarray

    @classmethod
    def of(cls, stretches: Sequence[Stretch], merge_seconds: float) -> AlarmCounts:
        """Count the alarms of stretches."""
        steps = tuple(
            false_alarm_steps(values, np.zeros(len(values), bool), clock, merge_seconds)
            for values, clock in stretches
        )
        return cls(steps, np.unique(np.concatenate([values for values, _ in stretches]))[::-1])

    def each(self, threshold: float) -> np.ndarray:
        """Alarms of each stretch with values strictly above a threshold, int ``(stretches,)``."""
        return np.array([int(s.count(np.array([threshold]))[0]) for s in self.steps])

    def most(self) -> np.ndarray:
        """For each candidate, the most alarms that it or a higher one has, never falling."""
        total = sum(steps.count(self.candidates) for steps in self.steps)
        # Lower thresholds let alarms grow together, so their number may fall again.
        return np.maximum.accumulate(total)


def alarm_surprise(stretches: Sequence[Stretch], seconds: float, merge_seconds: float) -> Surprise:
    """The surprise of values by alarms: ``-log10`` of the alarms above one in a second.

    Counted down to the tenth alarm; the peaks of the ten highest give an exponential tail.

    Args:
        stretches: normal footage.
        seconds: how much of it was watched.
        merge_seconds: gap of alarms that are one.
    """
    counts = AlarmCounts.of(stretches, merge_seconds)
    most = counts.most()
    # From where one more value is an alarm: the lowest threshold that has at most so many.
    wanted = np.unique(np.geomspace(1, _MOST_ALARMS, 60).astype(int))
    wanted = wanted[wanted <= most[-1]]
    if not wanted.size:  # nothing ever changes: any rise is news
        top = float(counts.candidates[0])
        return Surprise(np.array([top]), np.zeros(1), 1 / (abs(top) or 1.0))
    at = counts.candidates[np.searchsorted(most, wanted, side="right") - 1]
    tail = int(np.searchsorted(wanted, min(_TAIL_ALARMS, int(most[-1])), side="right")) - 1
    start = float(at[tail])
    peaks = [
        one.peak_score - start
        for values, clock in stretches
        for one in find_detections(values, EventRule(start, merge_seconds), clock)
    ]
    scale = float(np.mean(peaks)) if peaks else 0.0
    knots, first = np.unique(at[tail:], return_index=True)
    surprises = -np.log10(wanted[tail:][first] / seconds)
    # Below the lowest counted level, and where alarms come every second, nothing is said.
    low = float(counts.candidates[-1])
    if low < knots[0]:
        knots, surprises = np.append(low, knots), np.append(0.0, surprises)
    surprises = np.maximum.accumulate(np.maximum(surprises, 0))
    return Surprise(knots, surprises, 1 / ((scale or abs(start) or 1.0) * np.log(10)))
