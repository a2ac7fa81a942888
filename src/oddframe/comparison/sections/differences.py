"""Paired differences between models: a matrix where there are many, and every pair in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from oddframe.comparison.paired_differences import PairedDifference
from oddframe.comparison.result import Comparison
from oddframe.comparison.sections.numbers import main_metrics
from oddframe.comparison.wording import signed
from oddframe.evaluation.metric_names import metric_name
from oddframe.evaluation.result import Measured
from oddframe.pages.tables import Cell, Table
from oddframe.reporting.parts.tables import heads, metric_heads
from oddframe.reporting.wording import interval, metric_label

_MOST_INTERVALS = 6
"""A matrix of so many models has room for the intervals."""


@dataclass(frozen=True)
class Differences:
    """What pairs of models differ by.

    Attributes:
        caution: what to expect of many intervals at once; may be empty.
        overview: the main metrics at a glance, where there are several pairs.
        pairs: a table for each pair.
    """

    template: ClassVar[str] = "comparison/differences.html"
    caution: str
    overview: Table | None
    pairs: Sequence[Table]


def differences_section(comparison: Comparison, suspects: Collection[str]) -> Differences | None:
    """What each pair differs by, and whether that may be chance; pairs are folded if several.

    Args:
        comparison: the differences.
        suspects: names of the models in red.
    """
    pairs: dict[tuple[str, str], list[PairedDifference]] = {}
    for difference in comparison.differences:
        pairs.setdefault((difference.first, difference.second), []).append(difference)
    if not pairs:
        return None
    metrics = main_metrics(comparison)
    overview = None
    if len(pairs) > 1 and metrics:
        several = len({first for first, _ in pairs}) > 1
        overview = (
            _matrix(comparison, metrics[0], suspects)
            if several
            else _against_first(pairs, metrics, suspects)
        )
    hours = comparison.normal_hours
    tables = [_pair(*names, rows, suspects, hours) for names, rows in pairs.items()]
    return Differences(comparison.caution, overview, tables)


def _matrix(comparison: Comparison, metric: str, suspects: Collection[str]) -> Table:
    """Row minus column in one metric."""
    found: dict[tuple[str, str], tuple[Measured, bool]] = {}
    for d in comparison.differences:
        if d.metric == metric:
            found[d.first, d.second] = d.value, d.clear
            found[d.second, d.first] = _negated(d.value), d.clear
    names = list(comparison.models)
    roomy = len(names) <= _MOST_INTERVALS
    rows = []
    for row in names:
        cells = [
            _cell(found.get((row, column)), bool({row, column} & set(suspects)), roomy)
            if row != column
            else Cell("·", "number baseline")
            for column in names
        ]
        rows.append([Cell(row), *cells])
    label = f"{metric_name(metric).label}: row minus column"
    return Table(label, [Cell(), *heads(names)], rows, "matrix")


def _against_first(
    pairs: Mapping[tuple[str, str], Sequence[PairedDifference]],
    metrics: Sequence[str],
    suspects: Collection[str],
) -> Table:
    """The one model that all the others were compared with, minus each of them."""
    first = next(iter(pairs))[0]
    rows = []
    for (_, second), differences in pairs.items():
        values = {d.metric: (d.value, d.clear) for d in differences}
        red = bool({first, second} & set(suspects))
        cells = [_cell(values.get(metric), red, True) for metric in metrics]
        rows.append([Cell(second), *cells])
    label = f"{first} minus each of the others"
    return Table(label, [Cell(), *metric_heads(metrics)], rows, "matrix")


def _cell(difference: tuple[Measured, bool] | None, red: bool, roomy: bool) -> Cell:
    if difference is None:
        return Cell("–", "number baseline")
    part, clear = difference
    kind = ("number value" if clear else "number") + (" suspect" if red else "")
    notes = [interval(part)] if roomy and part.low is not None else []
    return Cell(signed(part), kind, notes)


def _negated(part: Measured) -> Measured:
    value, low, high = (None if v is None else 0.0 - v for v in (part.value, part.high, part.low))
    return Measured(value, low, high, part.note)


def _pair(
    first: str,
    second: str,
    differences: Sequence[PairedDifference],
    suspects: Collection[str],
    hours: float,
) -> Table:
    red = " suspect" if {first, second} & set(suspects) else ""
    head = [Cell("metric"), *heads(["difference", "95 % interval"]), Cell("verdict")]
    rows = [
        [
            Cell(metric_label(d.metric, hours)),
            Cell(signed(d.value), f"number value{red}"),
            Cell(interval(d.value), f"number{red}"),
            Cell(d.verdict, f"verdict{red}"),
        ]
        for d in differences
    ]
    return Table(f"{first} minus {second}", head, rows, "metrics")
