"""The measured numbers of several models side by side, over all videos and per class."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from oddframe.comparison.result import Comparison
from oddframe.evaluation.metric_names import HEADLINES, baseline_name, metric_name
from oddframe.evaluation.metrics.frame_metrics import headline_metric
from oddframe.evaluation.result import Measured
from oddframe.pages.bar_charts import BarChart
from oddframe.pages.colours import series_class
from oddframe.pages.figures import Legend
from oddframe.pages.tables import Cell, Table
from oddframe.reporting.parts.class_charts import class_charts
from oddframe.reporting.parts.lanes import series_key
from oddframe.reporting.parts.tables import (
    AXIS,
    baseline_cell,
    heading,
    heads,
    metric_heads,
    size_of_class,
    value_cell,
    value_range,
)
from oddframe.reporting.wording import interval, metric_label

MOST_COLUMNS = 4
"""So many models are columns; of more, each is a row, and all metrics are folded away."""


def main_metrics(comparison: Comparison) -> list[str]:
    """The headline metrics that at least one model has a value of, the main one first."""
    first = headline_metric(comparison.dataset)
    return [
        name
        for name in sorted(HEADLINES, key=lambda name: name != first)
        if any(
            row.get(name, Measured(None)).value is not None for row in comparison.models.values()
        )
    ]


@dataclass(frozen=True)
class Numbers:
    """Every metric of every model.

    Attributes:
        main: the main metrics, a row for each model, where there are many.
        baselines: what scores reach that never looked at a pixel.
        key: which mark is which model's.
        metrics: every metric, a column for each model; folded away where ``main`` is shown.
    """

    template: ClassVar[str] = "comparison/numbers.html"
    main: Table | None
    baselines: Table | None
    key: Legend
    metrics: Table


def numbers_section(comparison: Comparison, suspects: Collection[str]) -> Numbers:
    """Every metric of every model with its interval.

    Args:
        comparison: the numbers.
        suspects: names of the models in red.
    """
    many = len(comparison.models) > MOST_COLUMNS
    return Numbers(
        main=_rows(comparison, suspects) if many else None,
        baselines=_baselines(comparison),
        key=series_key(list(comparison.models)),
        metrics=_columns(comparison, suspects),
    )


def _baselines(comparison: Comparison) -> Table | None:
    """What scores reach that never looked at a pixel: a row per metric, a column for each."""
    if not comparison.baselines:
        return None
    rows = []
    for metric in dict.fromkeys(name for row in comparison.baselines.values() for name in row):
        models = _in_one(metric, comparison.models)
        cells = [
            baseline_cell(metric, part, models, interval(part))
            for part in _in_one(metric, comparison.baselines).values()
        ]
        rows.append([Cell(metric_label(metric, comparison.normal_hours)), *cells])
    names = [Cell(baseline_name(name), "number baseline") for name in comparison.baselines]
    return Table("Metrics of trivial baselines", [Cell("metric"), *names], rows, "models")


def _in_one(metric: str, rows: Mapping[str, Mapping[str, Measured]]) -> dict[str, Measured]:
    """One metric of each."""
    return {name: row.get(metric, Measured(None)) for name, row in rows.items()}


def _rows(comparison: Comparison, suspects: Collection[str]) -> Table:
    """A row per model, a column per main metric, a picture of the first."""
    metrics = main_metrics(comparison)
    rows = []
    for place, (name, row) in enumerate(comparison.models.items()):
        kind = series_class(place)
        pictures = [
            Cell(picture=value_range(metric, [(kind, row.get(metric, Measured(None)))]))
            for metric in metrics[:1]
        ]
        parts = {metric: row.get(metric, Measured(None)) for metric in metrics}
        values = [
            value_cell(metric, part, name in suspects, interval(part) or part.note)
            for metric, part in parts.items()
        ]
        rows.append([Cell(name, mark=kind), *pictures, *values])
    head = [Cell("model"), *[AXIS for _ in metrics[:1]], *metric_heads(metrics)]
    return Table("Main metrics of each model", head, rows, "models")


def _columns(comparison: Comparison, suspects: Collection[str]) -> Table:
    """A row per metric, a column per model."""
    models = comparison.models
    rows = []
    for metric in dict.fromkeys(metric for row in models.values() for metric in row):
        parts = _in_one(metric, models)
        cells = [
            value_cell(metric, part, name in suspects, interval(part))
            for name, part in parts.items()
        ]
        head = heading(metric, hours=comparison.normal_hours)
        rows.append([head, _ranges(metric, parts), *cells])
    return Table("Metrics of each model", [Cell("metric"), AXIS, *heads(models)], rows, "metrics")


def _ranges(metric: str, parts: Mapping[str, Measured]) -> Cell:
    """One metric of all models, one under the other."""
    kinds = [(series_class(place), part) for place, part in enumerate(parts.values())]
    return Cell(picture=value_range(metric, kinds))


@dataclass(frozen=True)
class Classes:
    """The metrics of each class.

    Attributes:
        charts: drawings of some metrics.
        key: which mark is which model's.
        tables: label of a metric, and its values with intervals.
    """

    template: ClassVar[str] = "comparison/classes.html"
    charts: Sequence[BarChart]
    key: Legend
    tables: Sequence[tuple[str, Table]]


def classes_section(
    plots: Path | None, comparison: Comparison, suspects: Collection[str]
) -> Classes | None:
    """Charts, and a table per class metric with a column per model; None without classes.

    Args:
        plots: the folder of the charts; None for no files.
        comparison: the numbers.
        suspects: names of the models in red.
    """
    if not comparison.classes:
        return None
    metrics = {m: None for rows in comparison.classes.values() for r in rows.values() for m in r}
    return Classes(
        charts=class_charts(plots, comparison.classes, comparison.class_counts),
        key=series_key(list(comparison.classes)),
        tables=[
            (metric_name(metric).label, _class_table(metric, comparison, suspects))
            for metric in metrics
        ],
    )


def _class_table(metric: str, comparison: Comparison, suspects: Collection[str]) -> Table:
    rows = []
    for title, counts in comparison.class_counts.items():
        parts = {name: classes[title][metric] for name, classes in comparison.classes.items()}
        cells = [
            value_cell(metric, part, name in suspects, interval(part) or part.note)
            for name, part in parts.items()
        ]
        rows.append([Cell(title, notes=[size_of_class(counts)]), _ranges(metric, parts), *cells])
    head = [Cell("class"), AXIS, *heads(comparison.classes)]
    return Table(f"{metric_name(metric).label} per class", head, rows, "metrics")
