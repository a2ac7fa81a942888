"""Charts of the metrics of each class: drawn for a page, and as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from oddframe.console.words import count
from oddframe.evaluation.metric_names import metric_name
from oddframe.evaluation.result import Measured
from oddframe.files.atomic import atomic_path
from oddframe.pages.bar_charts import TALL, Bar, BarChart, BarGroup, BarRow
from oddframe.pages.colours import series_class
from oddframe.reporting.drawing.class_bars import CHARTS, ByClass, class_bars
from oddframe.reporting.parts.lanes import series_key

WIDEST = 1060
"""Pixels; classes that do not fit go to another row."""
BAR = 24
GAP = 24
"""Pixels that a bar takes, and the room between two classes."""
ROOM = 96
"""Pixels that a class's name takes, unless it is written aslant."""


def class_charts(
    plots: Path | None, models: Mapping[str, ByClass], counts: Mapping[str, Mapping[str, int]]
) -> list[BarChart]:
    """Charts for a page; the same as ``classes_<metric>.png`` in the folder.

    Args:
        plots: the folder, made if it is not there; None for no files.
        models: model name to class name to metrics; all with the same classes.
        counts: class name to its ``videos``, which are told under its name.
    """
    if plots is not None:
        for metric in CHARTS:
            with atomic_path(plots / f"classes_{metric}.png") as temporary:
                temporary.write_bytes(class_bars(metric, models, counts))
    return [_chart(metric, models, counts) for metric in CHARTS]


def _chart(
    metric: str, models: Mapping[str, ByClass], counts: Mapping[str, Mapping[str, int]]
) -> BarChart:
    classes = list(dict.fromkeys(name for by_class in models.values() for name in by_class))
    group = BAR * len(models) + GAP
    most = max(1, WIDEST // group)
    rows = -(-len(classes) // most)
    # Rows of equal length look better than a full one and a rest.
    per_row = -(-len(classes) // rows)
    slanted = group < ROOM
    drawn = []
    for start in range(0, len(classes), per_row):
        groups = []
        for place, name in enumerate(classes[start : start + per_row]):
            parts = [
                by_class.get(name, {}).get(metric, Measured(None)) for by_class in models.values()
            ]
            note = count(counts[name]["videos"], "video") if name in counts else ""
            left = place * group + GAP / 2
            groups.append(BarGroup(place * group + group / 2, name, note, _bars(left, parts)))
        drawn.append(BarRow(per_row * group, groups))
    return BarChart(
        title=f"{metric_name(metric).label} per class, {CHARTS[metric]}",
        legend=series_key(list(models)) if len(models) > 1 else None,
        rows=drawn,
        slanted=slanted,
        chance="auc" in metric,
        deep=100 if slanted else 40,
    )


def _bars(left: float, parts: Sequence[Measured]) -> list[Bar]:
    bars = []
    for place, part in enumerate(parts):
        x, kind = left + place * BAR + 1, series_class(place)
        top, low, high = (_below(end) for end in (part.value, part.low, part.high))
        text = "undefined" if part.value is None else f"{part.value:.2f}"
        ends = [end for end in (top, high) if end is not None]
        bars.append(
            Bar(
                kind,
                x,
                BAR - 2,
                TALL if top is None else top,
                low,
                high,
                text,
                min(ends, default=TALL) - 4,
            )
        )
    return bars


def _below(share: float | None) -> float | None:
    """Pixels below the end of a bar of 1."""
    return None if share is None else TALL * (1 - share)
