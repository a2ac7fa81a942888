"""Metrics in cells and rows: their values, intervals and pictures, with what is doubtful in red."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from oddframe.console.words import count
from oddframe.evaluation.metric_names import metric_name
from oddframe.evaluation.result import Measured
from oddframe.pages.tables import Axis, Cell, Table
from oddframe.reporting.wording import interval, is_oracle, normal_footage, value

AXIS = Cell(picture=Axis())
"""Heading of a column of :class:`Range`."""

ROW = 16
"""Height of one value in a :class:`Range`."""

MOST_NAMED = 4
"""So many models that are no better than a baseline are named; of more, their number stands."""


@dataclass(frozen=True)
class RangeRow:
    """A value and its interval in percent of the axis, in the colour of its CSS classes."""

    kind: str
    y: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Range:
    """A small picture from 0 to 1.

    Attributes:
        height: height in its own coordinates.
        rows: values with their intervals, one under the other.
        ticks: other values, in percent of the axis.
    """

    template: ClassVar[str] = "parts/range.html"
    height: int
    rows: Sequence[RangeRow]
    ticks: Sequence[float]


def value_range(
    name: str, parts: Sequence[tuple[str, Measured]], ticks: Sequence[Measured] = ()
) -> Range | None:
    """Values of a metric from 0 to 1 as a picture.

    Nothing if the metric is no share, or a number is undefined or outside 0 to 1.

    Args:
        name: name of the metric.
        parts: CSS classes and values.
        ticks: what is marked beside them; those outside 0 to 1 are left out.
    """
    values = [v for _, part in parts for v in (part.value, part.low, part.high) if v is not None]
    if not metric_name(name).share or not values or min(values) < 0 or max(values) > 1:
        return None
    rows = [
        RangeRow(kind, ROW * place + ROW // 2, *map(_percent, (part.value, part.low, part.high)))
        for place, (kind, part) in enumerate(parts)
    ]
    beside = [100 * t.value for t in ticks if t.value is not None and 0 <= t.value <= 1]
    return Range(ROW * len(parts), rows, beside)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def heads(names: Iterable[str]) -> list[Cell]:
    """Headings of columns of numbers."""
    return [Cell(name, "number") for name in names]


def metric_heads(metrics: Iterable[str]) -> list[Cell]:
    """Headings of columns, a metric each."""
    return heads(metric_name(name).label for name in metrics)


def heading(name: str, part: Measured | None = None, hours: float = 0.0) -> Cell:
    """The first cell of a metric's row: label, meaning, and what there is to say of its value.

    Args:
        name: name of the metric.
        part: its value, if one is beside it.
        hours: normal footage, which is told of what is counted in it.
    """
    shown = metric_name(name)
    footage = normal_footage(hours) if shown.per_hour else ""
    notes = [shown.meaning, f"in {footage}" if footage else "", part.note if part else ""]
    return Cell(shown.label, notes=_said(*notes))


def value_cell(name: str, part: Measured, suspect: bool, under: str = "") -> Cell:
    """The cell with a metric's value; red if it is not to be compared with honest ones."""
    red = " suspect" if suspect or is_oracle(name, part) else ""
    return Cell(value(part), f"number value{red}", notes=_said(under))


def baseline_cell(
    name: str, other: Measured, models: Mapping[str, Measured], under: str = ""
) -> Cell:
    """The cell with what a trivial baseline reaches; ▲ where a model beside it is no better.

    Of several models those that are no better are named below; of many, how many they are.

    Args:
        name: name of the metric.
        other: the baseline's value.
        models: what each model reaches.
        under: a line under the value.
    """
    lower = metric_name(name).lower_is_better
    beaten = [
        model
        for model, part in models.items()
        if other.value is not None
        and part.value is not None
        and (other.value <= part.value if lower else other.value >= part.value)
    ]
    if not beaten:
        return Cell(value(other), "number baseline", notes=_said(under))
    said = beaten if len(beaten) <= MOST_NAMED else [f"{len(beaten)} of {len(models)} models"]
    return Cell(
        f"{value(other)} ▲",
        "number baseline beats",
        notes=_said(under),
        remarks=said if len(models) > 1 else (),
        hint=f"as good as {', '.join(beaten)}, or better",
    )


def measured_cell(part: Measured, kind: str) -> Cell:
    """A value with its interval below; why it is undefined is told where a pointer rests on it."""
    if part.value is None and part.note:
        return Cell(value(part), kind, notes=("undefined",), hint=part.note)
    return Cell(value(part), kind, notes=_said(interval(part)))


def _said(*lines: str) -> list[str]:
    return [line for line in lines if line]


def grid(
    corner: str,
    rows: Mapping[str, Mapping[str, Measured]],
    red: Collection[str],
    notes: Mapping[str, str],
) -> Table:
    """One row per name, one column per metric, the interval under each value.

    Args:
        corner: heading of the names.
        rows: name to metrics.
        red: names of the rows in red.
        notes: name to a line under it.
    """
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = []
    for title, row in rows.items():
        kind = "number suspect" if title in red else "number"
        cells = [measured_cell(row.get(column, Measured(None)), kind) for column in columns]
        lines.append([Cell(title, notes=_said(notes.get(title, ""))), *cells])
    return Table(corner, [Cell(corner), *metric_heads(columns)], lines)


def size_of_class(counts: Mapping[str, int]) -> str:
    """``5 videos, 162 frames``."""
    return f"{count(counts['videos'], 'video')}, {count(counts['frames'], 'anomalous frame')}"
