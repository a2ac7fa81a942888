"""Metrics per class as grouped bars: classes along the axis, one bar per model in each group."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from oddframe.console.words import count
from oddframe.evaluation.metric_names import metric_name
from oddframe.evaluation.result import Measured
from oddframe.pages.colours import ROUNDS, SERIES, hexadecimal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CHARTS = {
    "auc": "against the frames of normal videos",
    "average_precision": "against the frames of normal videos",
    "auc_within": "against the normal frames of its own videos",
}
"""Class metrics that get a chart, and what the class is told from."""

DPI = 120
WIDEST = 11.0
"""Inches; classes that do not fit go to another row, so that labels can still be read."""
BAR = 0.27
GAP = 0.24
"""Inches that a bar takes, and the room between two classes."""
ROW = 2.9
"""Height of a row of classes in inches."""
KEY_COLUMNS = 4
KEY_LINE = 0.2
"""Height in inches of a line of the key, which names this many models."""

ByClass = Mapping[str, Mapping[str, Measured]]


def class_bars(
    metric: str, models: Mapping[str, ByClass], counts: Mapping[str, Mapping[str, int]]
) -> bytes:
    """One metric as a PNG: bars with their values, intervals as whiskers, undefined ones named.

    Args:
        metric: one of ``CHARTS``.
        models: model name to class name to metrics.
        counts: class name to its ``videos``, which are told under its name.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    classes = list(dict.fromkeys(name for by_class in models.values() for name in by_class))
    group = BAR * len(models) + GAP
    per_row = max(1, int((WIDEST - 0.8) / group))
    rows = -(-len(classes) // per_row)
    # Rows of equal length look better than a full one and a rest.
    per_row = -(-len(classes) // rows)
    height = ROW * rows + 0.3 + KEY_LINE * -(-len(models) // KEY_COLUMNS)
    figure = Figure((max(5.0, 0.8 + per_row * group), height), DPI, layout="constrained")
    grid = figure.subplots(rows, 1, squeeze=False)
    for row, panel in enumerate(grid[:, 0]):
        shown = classes[row * per_row : (row + 1) * per_row]
        _draw_row(panel, metric, models, shown)
        names = [
            f"{name}\n{count(counts[name]['videos'], 'video')}" if name in counts else name
            for name in shown
        ]
        # A short last row keeps the width of the bars above it.
        panel.set_xlim(-0.5, per_row - 0.5)
        panel.set_xticks(range(len(shown)), names, fontsize=8, parse_math=False)
        if group < 1:
            panel.tick_params(axis="x", labelrotation=40)
            for label in panel.get_xticklabels():
                label.set(horizontalalignment="right", rotation_mode="anchor")
    title = f"{metric_name(metric).label}, {CHARTS[metric]}"
    # As the figure's own title it would lie under a key of several lines.
    grid[0, 0].set_title(title, loc="left", fontsize=10)
    if len(models) > 1:
        handles = [Patch(**_look(place), label=model) for place, model in enumerate(models)]
        legend = figure.legend(
            handles=handles, loc="outside upper left", ncols=KEY_COLUMNS, frameon=False, fontsize=9
        )
        for text in legend.get_texts():
            text.set_parse_math(False)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def _draw_row(panel: Axes, metric: str, models: Mapping[str, ByClass], shown: list[str]) -> None:
    width = BAR / (BAR * len(models) + GAP)
    for place, by_class in enumerate(models.values()):
        look = _look(place)
        for index, name in enumerate(shown):
            x = index + (place - (len(models) - 1) / 2) * width
            part = by_class.get(name, {}).get(metric, Measured(None))
            if part.value is None:
                panel.text(x, 0.02, "undefined", rotation=90, ha="center", fontsize=7, color="0.4")
                continue
            panel.bar(x, part.value, 0.86 * width, **look)
            top = part.value
            if part.low is not None and part.high is not None:
                panel.vlines(x, part.low, part.high, color="0.15", linewidth=1)
                top = max(top, part.high)
            panel.text(
                x,
                top + 0.02,
                f"{part.value:.2f}",
                rotation=90,
                ha="center",
                va="bottom",
                fontsize=8,
            )
    if "auc" in metric:
        panel.axhline(0.5, color="0.45", linewidth=1, linestyle=":", zorder=0.5)
    panel.set_ylim(0, 1.24)
    panel.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"], fontsize=8)
    panel.set_ylabel(metric_name(metric).label, fontsize=9)
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(axis="y", color="0.9", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.tick_params(axis="x", length=0)


def _look(place: int) -> dict[str, Any]:
    """Colour of the model at this place, hatched once all colours are used."""
    return {
        "facecolor": hexadecimal(SERIES[place % len(SERIES)]),
        "edgecolor": "white",
        "linewidth": 0,
        "alpha": 0.85,
        "hatch": ("", "////", "....")[place // len(SERIES) % ROUNDS],
    }
