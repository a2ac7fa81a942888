"""Charts of the metrics of each class, as files and for a page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from oddframe.evaluation.metric_names import metric_name
from oddframe.files.atomic import atomic_path
from oddframe.pages.figures import Chart, data_uri
from oddframe.reporting.drawing.class_bars import CHARTS, ByClass, class_bars


def class_charts(
    folder: Path, models: Mapping[str, ByClass], counts: Mapping[str, Mapping[str, int]]
) -> list[Chart]:
    """Write ``classes_<metric>.png`` into the folder and return them for a page.

    Args:
        folder: made if it is not there.
        models: model name to class name to metrics; all with the same classes.
        counts: class name to its ``videos``.
    """
    charts = []
    for metric, told_from in CHARTS.items():
        png = class_bars(metric, models, counts)
        with atomic_path(folder / f"classes_{metric}.png") as temporary:
            temporary.write_bytes(png)
        title = f"{metric_name(metric).label} per class, {told_from}"
        charts.append(Chart(data_uri(png, "png"), said=title))
    return charts
