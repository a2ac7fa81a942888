"""What alarms cost and how soon they come: curves for somebody who has to live with them.

The cost curve is over all thresholds: false alarms a day of normal footage against the share of the
events that nobody is called for. The threshold is lowered until so many false alarms are reached,
and never beyond the one that has the most, since from there on alarms grow into each other. The
delay curves are at some thresholds: the share of the events that somebody is called for within so
many seconds of their start.

Every resample has its own thresholds for so many false alarms a day, as metrics at a fixed recall
have; delay curves keep theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from oddframe.evaluation.bootstrap import divide, ratio, weighted
from oddframe.evaluation.frame_samples import Truth
from oddframe.evaluation.intervals import Counted, Draws, summarise
from oddframe.evaluation.metrics.called_events import called_event_steps
from oddframe.evaluation.metrics.event_metrics import called_events
from oddframe.evaluation.metrics.false_alarms import AlarmSteps, false_alarm_steps
from oddframe.evaluation.result import Curve
from oddframe.media.clock import Clock
from oddframe.scores.detections import EventRule, find_detections
from oddframe.scores.frame_scores import Scores
from oddframe.videos.video import events_from_labels

COST = "cost"
"""Name of the curve of false alarms a day and events missed."""
RUN = "delay_run"
"""Name of the delay curve at the threshold that the scores carry."""
DELAYS = {"delay_at_1_an_hour": 1.0, "delay_at_10_an_hour": 10.0}
"""Names of the delay curves at the lowest threshold with at most so many false alarms an hour."""

_POINTS = 60
"""Points of a curve, at most."""
_WHY = "needs annotated events"


@dataclass(frozen=True)
class _Steps:
    """False alarms and called events of each video at any threshold."""

    false: list[AlarmSteps]
    called: list[AlarmSteps]


def alarm_curves(
    scores: Scores, truth: Truth, draws: Draws, rule: EventRule | None
) -> dict[str, Curve]:
    """The cost curve and the delay curves, by name; none without events, or normal footage.

    Args:
        scores: aligned to the truth's videos.
        truth: the labels.
        draws: the resamples.
        rule: the scores' own threshold, if they carry one; the other curves are by the usual rule.
    """
    if not truth.positive.any():
        return {}
    found = {}
    rules = {} if rule is None else {RUN: rule}
    if truth.normal_hours.any():
        steps = _steps(scores, truth)
        thresholds, counts = _descent(steps.false)
        found[COST] = _cost(steps, truth, draws, thresholds, counts)
        hours = truth.normal_hours.sum()
        for name, rate in DELAYS.items():
            place = int(np.searchsorted(counts, rate * hours, side="right")) - 1
            rules[name] = EventRule(float(thresholds[place]))
    return found | _delays(scores, truth, draws, rules)


def _steps(scores: Scores, truth: Truth) -> _Steps:
    parts = [
        (scores[video.id], labels, video.clock)
        for video, labels in zip(truth.videos, truth.each(), strict=True)
    ]
    return _Steps(
        [false_alarm_steps(*part) for part in parts], [called_event_steps(*part) for part in parts]
    )


def _descent(false: Sequence[AlarmSteps]) -> tuple[np.ndarray, np.ndarray]:
    """Going down from above all scores: thresholds and their false alarms, more at each.

    Of those with as many the lowest; none after one with more, and none below the last one that has
    the most of all.
    """
    rises = np.sort(np.concatenate([part.rises for part in false]))
    falls = np.sort(np.concatenate([part.falls for part in false]))
    levels = np.unique(np.concatenate((rises, falls)))[::-1]
    count = AlarmSteps(rises, falls).count(levels)
    highest = np.flatnonzero(count == np.maximum.accumulate(count))
    lowest = highest[np.append(np.diff(count[highest]) > 0, True)]
    return levels[lowest], count[lowest]


def _cost(
    steps: _Steps, truth: Truth, draws: Draws, thresholds: np.ndarray, counts: np.ndarray
) -> Curve:
    wanted = np.append(0, np.geomspace(1, max(counts[-1], 1), _POINTS))
    # Above all scores there is no false alarm, so the first count is 0.
    thresholds = thresholds[np.unique(np.searchsorted(counts, wanted, side="right") - 1)]
    events = np.array([len(part) for part in _events(truth)])
    missed = events[:, None] - np.array([part.count(thresholds) for part in steps.called])
    false = np.array([part.count(thresholds) for part in steps.false])
    hours = weighted(draws.weights, truth.normal_hours)
    rates = divide(weighted(draws.weights, false), hours[:, None]) * 24
    shares = divide(weighted(draws.weights, missed), weighted(draws.weights, events)[:, None])
    samples = _at_rates(rates, shares)
    return _curve(rates[0], samples, draws, missed.sum(axis=0), events.sum())


def _at_rates(rates: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Each resample's shares where its threshold gives no more false alarms than the data have.

    Args:
        rates: ``(resamples, thresholds)``, thresholds falling; rising in the first row, the data.
        shares: ``(resamples, thresholds)``, share of the events that each threshold misses.
    """
    found = np.full_like(shares, np.nan)
    for row, (reached, share) in enumerate(
        zip(np.maximum.accumulate(rates, axis=1), shares, strict=True)
    ):
        if np.isfinite(reached).all():
            found[row] = share[np.searchsorted(reached, rates[0], side="right") - 1]
    return found


def _delays(
    scores: Scores, truth: Truth, draws: Draws, rules: Mapping[str, EventRule]
) -> dict[str, Curve]:
    """A curve for each threshold; of two that are the same, the first."""
    events = _events(truth)
    counts = np.array([len(part) for part in events])
    curves: dict[str, Curve] = {}
    for name, rule in rules.items():
        if rule in [rules[other] for other in curves]:
            continue
        delays = [
            _delays_of(scores[video.id], known, video.clock, rule) if known else ()
            for video, known in zip(truth.videos, events, strict=True)
        ]
        each = np.unique(np.concatenate([[0.0], *delays]))
        places = np.linspace(0, len(each) - 1, min(len(each), _POINTS)).round().astype(int)
        seconds = each[places]
        within = np.array(
            [np.searchsorted(np.sort(part), seconds, side="right") for part in delays]
        )
        samples = np.stack([ratio(draws.weights, part, counts) for part in within.T], axis=1)
        curves[name] = _curve(seconds, samples, draws, within.sum(axis=0), counts.sum())
    return curves


def _delays_of(
    scores: np.ndarray, events: Sequence[tuple[int, int]], clock: Clock, rule: EventRule
) -> tuple[float, ...]:
    alarms = [(one.start, one.end) for one in find_detections(scores, rule, clock)]
    return called_events(alarms, events, clock, clock.ticks_in(rule.merge_seconds))[1]


def _events(truth: Truth) -> list[list[tuple[int, int]]]:
    """The events of each video; those that touch are one."""
    found = [events_from_labels(labels) for labels in truth.each()]
    return [[(event.start, event.end) for event in part] for part in found]


def _curve(x: np.ndarray, samples: np.ndarray, draws: Draws, hits: np.ndarray, of: float) -> Curve:
    """A curve of shares of the events, ``(resamples, points)``, with an interval at each point."""
    names = [str(place) for place in range(len(x))]
    counted = {name: Counted(float(hit), float(of)) for name, hit in zip(names, hits, strict=True)}
    parts = list(
        summarise(dict(zip(names, samples.T, strict=True)), draws, lambda _: _WHY, counted).values()
    )
    return Curve(
        [float(f"{value:.6g}") for value in x],
        [round(float(value), 6) for value in samples[0]],
        *([_rounded(getattr(part, end)) for part in parts] for end in ("low", "high")),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
