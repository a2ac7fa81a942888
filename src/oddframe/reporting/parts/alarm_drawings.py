"""What alarms cost, how soon they come, and whether surprises are as rare as promised: drawings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from oddframe.evaluation.alarm_curves import COST, DELAYS, RUN
from oddframe.evaluation.result import Curve, Evaluation
from oddframe.evaluation.surprise_curve import NAME as SURPRISE
from oddframe.pages.colours import series_class
from oddframe.pages.figures import Dot, Legend, Line, Mark, Plane, Planes, Tick
from oddframe.reporting.parts.curve_drawings import band, polyline
from oddframe.reporting.wording import duration, number

_PERCENT = [Tick(place, f"{place:g}") for place in (0.0, 25.0, 50.0, 75.0, 100.0)]
_TIMES = (0, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 4 * 3600, 24 * 3600)
_APART = 12.0
"""The least distance of two ticks."""
_BEYOND = 1.25
"""How many times as long an axis is as the last point, so that the line behind it is seen."""

Place = Callable[[float], float]
"""From a value to its place on the axis, 0 to 100."""


def alarm_drawings(evaluations: Sequence[Evaluation]) -> Planes | None:
    """The drawings that these evaluations have curves for, side by side; None without any.

    Args:
        evaluations: one model's is drawn with intervals and all its thresholds, several over each
            other in the colours of their order.
    """
    planes = [_cost(evaluations), _delay(evaluations), _surprise(evaluations)]
    drawn = [plane for plane in planes if plane is not None]
    return Planes(drawn) if drawn else None


def _cost(evaluations: Sequence[Evaluation]) -> Plane | None:
    curves = _of_each(evaluations, COST)
    if not curves:
        return None
    own = {at: point for at in curves if (point := _own_point(evaluations[at]))}
    rates = [x for curve in curves.values() for x in curve.x] + [x for x, _ in own.values()]
    seen = [rate for rate in rates if rate > 0]
    # No false alarm has no place on a logarithmic axis: it stands half a decade before the first.
    low = math.log10(min(seen)) - 0.5 if seen else 0.0
    high = max(math.log10(max(seen) * _BEYOND), low + 1) if seen else 1.0

    def across(rate: float) -> float:
        return 100 * (math.log10(rate) - low) / (high - low) if rate > 0 else 0.0

    lines = {series_class(at): curve for at, curve in curves.items()}
    dots = [Dot(series_class(at), across(x), 100 - 100 * y) for at, (x, y) in own.items()]
    decades = [10.0**power for power in range(math.ceil(low), math.floor(high) + 1)]
    ticks = _apart([Tick(0.0, "none"), *(Tick(across(rate), _short(rate)) for rate in decades)])
    said = ["Each place on the line is a threshold."]
    if len(evaluations) == 1:
        said[0] += " Shaded: the 95 % interval."
        said += [
            f"● The scores’ own threshold: {f'{number(x)} a day' if x else 'no false alarm'}, "
            f"{100 * y:.0f} % missed."
            for x, y in own.values()
        ]
    elif own:
        said.append("● The scores’ own thresholds.")
    if hours := evaluations[next(iter(curves))].normal_hours:
        said.append(
            f"One false alarm in the {duration(hours * 3600)} of normal footage makes "
            f"{number(24 / hours)} a day; fewer cannot be told from none."
        )
    return Plane(
        title="What it costs to miss less",
        x="false alarms a day of normal footage",
        y="% of events that nobody is called for",
        across=ticks,
        upwards=_PERCENT,
        lines=_steps(lines, across, shaded=len(evaluations) == 1),
        dots=dots,
        note=" ".join(said),
    )


def _delay(evaluations: Sequence[Evaluation]) -> Plane | None:
    alone = len(evaluations) == 1
    if alone:
        names = [name for name in (RUN, *DELAYS) if name in evaluations[0].curves]
        curves = {series_class(at): evaluations[0].curves[name] for at, name in enumerate(names)}
        words = [_threshold_words(name, evaluations[0].normal_hours) for name in names]
    else:
        found = _of_each(evaluations, next(iter(DELAYS)))
        curves, words = {series_class(at): curve for at, curve in found.items()}, []
    if not curves:
        return None
    longest = max(1.0, *(curve.x[-1] for curve in curves.values())) * _BEYOND

    def across(seconds: float) -> float:
        return 100 * math.log1p(seconds) / math.log1p(longest)

    ticks = _apart([Tick(across(s), duration(s).replace(".0", "")) for s in _TIMES if s <= longest])
    key = [Mark(kind, line) for kind, line in zip(curves, words, strict=False)]
    said = ["What is missing to 100 % are the events that nobody is called for."]
    said += (
        ["Shaded: the 95 % interval of the first line."]
        if alone
        else ["At the lowest threshold with at most one false alarm an hour."]
    )
    return Plane(
        title="How soon somebody is called",
        x="time since the event began",
        y="% of events that somebody is called for",
        across=ticks,
        upwards=_PERCENT,
        lines=_steps(curves, across, shaded=alone),
        legend=Legend(key) if key else None,
        note=" ".join(said),
    )


def _surprise(evaluations: Sequence[Evaluation]) -> Plane | None:
    curves = _of_each(evaluations, SURPRISE)
    if not curves:
        return None
    longest = max(1.0, *(value for curve in curves.values() for value in (*curve.x, *curve.y)))

    def across(surprise: float) -> float:
        return min(100 * surprise / longest, 100.0)

    lines = [polyline([0, 100], [0, 100], "chance")]
    for at, curve in curves.items():
        x = [across(value) for value in curve.x]
        if len(evaluations) == 1:
            ends = [[None if v is None else across(v) for v in e] for e in (curve.low, curve.high)]
            lines += band(x, *ends, series_class(at))
        lines.append(polyline(x, [across(value) for value in curve.y], series_class(at)))
    ticks = _apart([Tick(across(v), _short(10.0**v)) for v in range(int(longest) + 1)])
    return Plane(
        title="Whether surprises are as rare as promised",
        x="promised: one normal frame in …",
        y="found: one in …",
        across=ticks,
        upwards=ticks,
        lines=lines,
        note="Dotted: as rare as the scores promise. Below it normal footage scores as high more "
        "often.",
    )


def _of_each(evaluations: Sequence[Evaluation], name: str) -> dict[int, Curve]:
    return {at: e.curves[name] for at, e in enumerate(evaluations) if name in e.curves}


def _own_point(evaluation: Evaluation) -> tuple[float, float] | None:
    """False alarms a day and share of events missed at the threshold that the scores carry."""
    names = ("false_alarms_per_hour", "events_alarmed", "events_under_a_running_alarm")
    parts = [evaluation.metrics.get(name) for name in names]
    values = [part.value for part in parts if part is not None and part.value is not None]
    if len(values) < len(names):
        return None
    hourly, alarmed, running = values
    return 24 * hourly, 1 - (alarmed - running)


def _threshold_words(name: str, hours: float) -> str:
    if name == RUN:
        return "at the scores’ own threshold"
    rate = DELAYS[name]
    if rate * hours < 1:
        return "without a false alarm in this footage"
    return f"at most {rate:g} false alarm{'s' * (rate != 1)} an hour in this footage"


def _steps(curves: dict[str, Curve], across: Place, *, shaded: bool) -> list[Line]:
    """Lines that go level from each point to the next, and on to the right edge.

    Args:
        curves: CSS classes to the shares of each, the first on top.
        across: place of an x.
        shaded: whether the first has its intervals drawn.
    """
    # Each line over its area, the first model over the others.
    lines: list[Line] = []
    for kind, curve in curves.items():
        x = [across(value) for value in curve.x]
        x = [place for pair in zip(x, [*x[1:], 100.0], strict=True) for place in pair]
        lines.append(polyline(x, [100 * v for v in curve.y for _ in range(2)], kind))
        if shaded and len(lines) == 1:
            ends = [
                [None if v is None else 100 * v for v in end for _ in range(2)]
                for end in (curve.low, curve.high)
            ]
            lines += band(x, *ends, kind)
    return lines[::-1]


def _apart(ticks: Sequence[Tick]) -> list[Tick]:
    """Ticks without those that stand too near to one before."""
    kept: list[Tick] = []
    for tick in ticks:
        if not kept or tick.place - kept[-1].place >= _APART:
            kept.append(tick)
    return kept


def _short(value: float) -> str:
    """``0.1``, ``10``, ``10k``, ``1M``."""
    for size, sign in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{sign}"
    return f"{value:g}"
