"""What choosing a checkpoint on the test videos would have reported, beside the honest choice."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from oddframe.comparison.result import Comparison
from oddframe.comparison.sections.numbers import main_metrics
from oddframe.comparison.wording import oracle_in_words, signed
from oddframe.evaluation.metric_names import metric_name
from oddframe.evaluation.result import Measured
from oddframe.pages.tables import Cell, FirstOpen, Table
from oddframe.reporting.wording import interval, value


@dataclass(frozen=True)
class Oracle:
    """A table per main metric."""

    template: ClassVar[str] = "comparison/oracle.html"
    tables: FirstOpen


def oracle_section(comparison: Comparison, suspects: Collection[str]) -> Oracle | None:
    """A table per main metric: chosen by validation, oracle in red, and the gap between them.

    Args:
        comparison: gives ``oracle`` and ``oracle_gaps``; nothing is shown where there are none.
        suspects: names of the models in red.
    """
    if not comparison.oracle:
        return None
    tables = [
        (metric_name(metric).label, _table(metric, comparison, suspects))
        for metric in main_metrics(comparison)
    ]
    return Oracle(FirstOpen(tables))


def _table(metric: str, comparison: Comparison, suspects: Collection[str]) -> Table:
    rows = []
    for name, metrics in comparison.oracle.items():
        chosen = comparison.models[name].get(metric, Measured(None))
        best = metrics.get(metric, Measured(None))
        gap = comparison.oracle_gaps.get(name, {}).get(metric, Measured(None))
        red = " suspect" if name in suspects else ""
        bold = " value" if gap.excludes_zero else ""
        rows.append(
            [
                Cell(name),
                Cell(value(chosen), f"number value{red}", [interval(chosen)]),
                Cell(value(best), "number suspect", [interval(best)]),
                Cell(signed(gap), f"number{bold}", [interval(gap)]),
                Cell(oracle_in_words(name, metric, gap), "words"),
            ]
        )
    head = [
        Cell("model"),
        Cell("chosen by validation", "number"),
        Cell("oracle checkpoint", "number suspect"),
        Cell("gap", "number"),
        Cell("in words"),
    ]
    label = f"{metric_name(metric).label}: chosen by validation, and oracle"
    return Table(label, head, rows, "models")
