"""The measured numbers of several models side by side, over all videos and per class."""

from __future__ import annotations

from collections.abc import Collection
from html import escape
from pathlib import Path

from oddframe.comparison.compare import Comparison
from oddframe.evaluation.frame_metrics import headline_metric
from oddframe.evaluation.metric_names import HEADLINES, baseline_name, metric_name
from oddframe.evaluation.result import Measured
from oddframe.pages.colours import series_class
from oddframe.reporting.drawing.class_bars import class_charts
from oddframe.reporting.parts.model_timelines import series_key
from oddframe.reporting.parts.tables import (
    heading,
    scrolling,
    size_of_class,
    value_cell,
    value_range,
)
from oddframe.reporting.wording import interval

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


def numbers_section(comparison: Comparison, suspects: Collection[str]) -> str:
    """Every metric of every model with its interval.

    Args:
        comparison: the numbers.
        suspects: names of the models in red.
    """
    table = _columns(comparison, suspects)
    if len(comparison.models) <= MOST_COLUMNS:
        return table + _baselines(comparison)
    return (
        _rows(comparison, suspects)
        + _baselines(comparison)
        + f"<details><summary>All metrics, with what they mean</summary>{table}</details>"
    )


def _baselines(comparison: Comparison) -> str:
    """What scores reach that never looked at a pixel: a row each, a column per main metric."""
    metrics = [
        metric
        for metric in main_metrics(comparison)
        if any(metric in row for row in comparison.baselines.values())
    ]
    if not metrics:
        return ""
    heads = "".join(
        f'<th scope="col" class="number">{escape(metric_name(name).label)}</th>' for name in metrics
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(baseline_name(name))}</th>'
        + "".join(
            value_cell(metric, part, False, interval(part) or part.note)
            for metric in metrics
            for part in [row.get(metric, Measured(None))]
        )
        + "</tr>"
        for name, row in comparison.baselines.items()
    )
    return "<h3>Without a look at a pixel</h3>" + scrolling(
        f'<table class="models"><thead><tr><th scope="col">trivial baseline</th>{heads}</tr>'
        f"</thead><tbody>{rows}</tbody></table>",
        "Main metrics of trivial baselines",
    )


def _rows(comparison: Comparison, suspects: Collection[str]) -> str:
    """A row per model, a column per main metric, a picture of the first."""
    metrics = main_metrics(comparison)
    heads = "".join(
        f'<th scope="col" class="number">{escape(metric_name(name).label)}</th>' for name in metrics
    )
    axis, rows = "", []
    for place, (name, row) in enumerate(comparison.models.items()):
        picture = ""
        if metrics:
            main = row.get(metrics[0], Measured(None))
            drawn = value_range(metrics[0], [(series_class(place), main)])
            picture = f"<td>{drawn}</td>"
            axis = '<th scope="col"><span class="axis"><span>0</span><span>1</span></span></th>'
        cells = "".join(
            value_cell(metric, part, name in suspects, interval(part) or part.note)
            for metric in metrics
            for part in [row.get(metric, Measured(None))]
        )
        mark = f'<i class="{series_class(place)}"></i>'
        rows.append(f'<tr><th scope="row">{mark}{escape(name)}</th>{picture}{cells}</tr>')
    return scrolling(
        f'<table class="models"><thead><tr><th scope="col">model</th>{axis}{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>",
        "Main metrics of each model",
    )


def _columns(comparison: Comparison, suspects: Collection[str]) -> str:
    """A row per metric, a column per model."""
    models = comparison.models
    heads = "".join(f'<th scope="col" class="number">{escape(name)}</th>' for name in models)
    metrics = list(dict.fromkeys(metric for row in models.values() for metric in row))
    rows = []
    for metric in metrics:
        parts = {name: row.get(metric, Measured(None)) for name, row in models.items()}
        cells = "".join(
            value_cell(metric, part, name in suspects, interval(part))
            for name, part in parts.items()
        )
        ranges = [(series_class(i), part) for i, part in enumerate(parts.values())]
        head = heading(metric, hours=comparison.normal_hours)
        rows.append(f"<tr>{head}<td>{value_range(metric, ranges)}</td>{cells}</tr>")
    return series_key(list(models)) + scrolling(
        '<table class="metrics"><thead><tr><th scope="col">metric</th><th scope="col">'
        '<span class="axis"><span>0</span><span>1</span></span></th>'
        f"{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>",
        "Metrics of each model",
    )


def classes_section(folder: Path, comparison: Comparison, suspects: Collection[str]) -> str:
    """Charts, and a table per class metric with a column per model; nothing without classes.

    Args:
        folder: the charts are written into its ``plots/``.
        comparison: the numbers.
        suspects: names of the models in red.
    """
    if not comparison.classes:
        return ""
    parts = [
        '<p class="hint">Under the class mask (“in its videos”) only the frames of a class’s '
        "own videos count; a video that carries several classes counts for each. A class whose "
        "videos are all anomalous, or all normal, has no such value.</p>",
        class_charts(folder / "plots", comparison.classes, comparison.class_counts),
    ]
    metrics = {m: None for rows in comparison.classes.values() for r in rows.values() for m in r}
    heads = "".join(
        f'<th scope="col" class="number">{escape(name)}</th>' for name in comparison.classes
    )
    for metric in metrics:
        rows = []
        for title, counts in comparison.class_counts.items():
            parts_of = {n: rows_of[title][metric] for n, rows_of in comparison.classes.items()}
            cells = "".join(
                value_cell(metric, part, name in suspects, interval(part) or part.note)
                for name, part in parts_of.items()
            )
            ranges = [(series_class(i), p) for i, p in enumerate(parts_of.values())]
            rows.append(
                f'<tr><th scope="row">{escape(title)}<small>{size_of_class(counts)}</small></th>'
                f"<td>{value_range(metric, ranges)}</td>{cells}</tr>"
            )
        shown = metric_name(metric)
        table = scrolling(
            '<table class="metrics"><thead><tr><th scope="col">class</th><th scope="col">'
            '<span class="axis"><span>0</span><span>1</span></span></th>'
            f"{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>",
            f"{shown.label} per class",
        )
        parts.append(
            f"<details><summary>{escape(shown.label)} per class, with intervals</summary>"
            f"{series_key(list(comparison.classes))}{table}</details>"
        )
    return "".join(parts)
