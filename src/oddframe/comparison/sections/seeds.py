"""How much models change from one seed to the next: a dot per training, mean and spread."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from oddframe.comparison.result import Comparison
from oddframe.comparison.sections.numbers import main_metrics
from oddframe.console.words import count
from oddframe.evaluation.metric_names import is_share, metric_name
from oddframe.evaluation.seed_spread import SeedSpread
from oddframe.pages.colours import series_class
from oddframe.pages.tables import Axis, Cell, FirstOpen, Table
from oddframe.reporting.parts.tables import heads
from oddframe.reporting.wording import number

WIDTH = 100
"""Width of a row of dots, in its own coordinates."""


@dataclass(frozen=True)
class Dots:
    """A dot per training on one axis; places are those of the axis.

    Attributes:
        said: the values in words.
        kind: CSS classes.
        dots: the values.
        mean: mean of the values.
        interval: interval of their mean; None where there is none.
    """

    template: ClassVar[str] = "comparison/dots.html"
    said: str
    kind: str
    dots: Sequence[str]
    mean: str
    interval: tuple[str, str] | None


@dataclass(frozen=True)
class Seeds:
    """A table per main metric."""

    template: ClassVar[str] = "comparison/seeds.html"
    tables: FirstOpen


def seeds_section(comparison: Comparison, suspects: Collection[str]) -> Seeds | None:
    """A table per main metric with a row per model that was trained with several seeds.

    Args:
        comparison: gives ``repeats``; nothing is shown where no model has any.
        suspects: names of the models in red.
    """
    if not comparison.repeats:
        return None
    tables = {
        metric_name(metric).label: table
        for metric in main_metrics(comparison)
        if (table := _table(metric, comparison, suspects)) is not None
    }
    return Seeds(FirstOpen(list(tables.items())))


def _table(metric: str, comparison: Comparison, suspects: Collection[str]) -> Table | None:
    values = {
        name: [v for v in row.get(metric, ()) if v is not None]
        for name, row in comparison.repeats.items()
    }
    values = {name: part for name, part in values.items() if part}
    if not values:
        return None
    spreads = {name: SeedSpread.of(part, share=is_share(metric)) for name, part in values.items()}
    low, high = _ends(values, spreads)
    places = {name: place for place, name in enumerate(comparison.models)}
    rows = []
    for name, spread in spreads.items():
        red = " suspect" if name in suspects else ""
        kind = series_class(places[name])
        reach = (
            "–"
            if spread.low is None or spread.high is None
            else f"[{number(spread.low)}, {number(spread.high)}]"
        )
        deviation = "–" if spread.standard_deviation is None else number(spread.standard_deviation)
        rows.append(
            [
                Cell(name, mark=kind),
                Cell(picture=_dots(values[name], spread, kind, low, high)),
                Cell(str(spread.n), "number"),
                Cell(number(spread.mean), f"number value{red}"),
                Cell(deviation, f"number{red}"),
                Cell(reach, f"number{red}"),
            ]
        )
    axis = Cell(picture=Axis(number(low), number(high), "axis wide"))
    columns = ("seeds", "mean", "standard deviation", "95 % interval, seeds")
    head = [Cell("model"), axis, *heads(columns)]
    return Table(f"{metric_name(metric).label} over seeds", head, rows, "models")


def _ends(
    values: Mapping[str, Sequence[float]], spreads: Mapping[str, SeedSpread]
) -> tuple[float, float]:
    """The axis of all dots and intervals."""
    every = [value for part in values.values() for value in part]
    every += [v for s in spreads.values() for v in (s.low, s.high) if v is not None]
    low, high = min(every), max(every)
    return (low, high) if high > low else (low - 0.005, high + 0.005)


def _dots(values: Sequence[float], spread: SeedSpread, kind: str, low: float, high: float) -> Dots:
    def x(value: float) -> str:
        return f"{WIDTH * min(max((value - low) / (high - low), 0), 1):.1f}"

    known = spread.low is not None and spread.high is not None
    return Dots(
        said=f"{count(spread.n, 'seed')}: {', '.join(number(value) for value in values)}",
        kind=kind,
        dots=[x(value) for value in values],
        mean=x(spread.mean),
        interval=(x(spread.low), x(spread.high)) if known else None,
    )
