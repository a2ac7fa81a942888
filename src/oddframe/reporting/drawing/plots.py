"""Curves and timelines as PNG files, through matplotlib's figures and never through pyplot.

matplotlib is an extra, and pages are drawn without it: whoever writes these files asks
:func:`can_plot` or :func:`plots_folder` first.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from oddframe.console.installation import how_to_install
from oddframe.errors import OddframeWarning
from oddframe.evaluation.result import Curve, Evaluation
from oddframe.files.atomic import atomic_path
from oddframe.pages.colours import DETECTION, SERIES, TRUTH, hexadecimal
from oddframe.reporting.drawing.score_axes import ScoreAxis, score_axis, thin_series
from oddframe.reporting.times import axis_ticks
from oddframe.reporting.wording import HIGHEST, measured
from oddframe.scores.detections import Detection
from oddframe.videos.video import Video

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 120
"""Pixels per inch of every plot."""

CURVE_SIZE = (5.2, 4.8)
"""Width and height of a ROC or precision-recall plot, in inches."""

KEY_INSIDE = 8
"""Models that are named within a plot of curves; more stand beside it."""

KEY_LINES = 24
"""Models in a column beside it."""

KEY_WIDTH = 2.7
"""Width of such a column, in inches."""

TIMELINE_WIDTH = 10.0
"""Width of a timeline, in inches."""

PROBABILITIES = ScoreAxis(0.0, 1.02)
"""The axis of scores between 0 and 1."""


def plots_folder(folder: Path) -> Path | None:
    """``plots`` in a folder of results; None, as :func:`can_plot` says, without matplotlib."""
    return folder / "plots" if can_plot() else None


def can_plot() -> bool:
    """Whether matplotlib is installed; where it is not, a warning says so, once."""
    if importlib.util.find_spec("matplotlib") is None:
        _say_what_is_missing()
        return False
    return True


@cache
def _say_what_is_missing() -> None:
    warnings.warn(
        "plots are not written as PNG files, which takes matplotlib; pages have them all the same; "
        f"install it with: {how_to_install('plots')}",
        OddframeWarning,
        stacklevel=4,
    )


def write_roc(target: Path, evaluations: Mapping[str, Evaluation]) -> Path:
    """Draw the ROC curves of one or several models (name to evaluation) over each other."""
    figure = _curve_figure(
        {name: (e.curves["roc"], e, "micro_auc") for name, e in evaluations.items()},
        "False-positive rate",
        "True-positive rate",
    )
    figure.axes[0].plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle=":", zorder=1)
    return _save(figure, target)


def write_precision_recall(target: Path, evaluations: Mapping[str, Evaluation]) -> Path:
    """Draw the precision-recall curves of one or several models; dotted: share of odd frames."""
    figure = _curve_figure(
        {name: (e.curves["pr"], e, "average_precision") for name, e in evaluations.items()},
        "Recall",
        "Precision",
    )
    for evaluation in evaluations.values():
        share = evaluation.anomalous_frames / evaluation.frames
        figure.axes[0].axhline(share, color="0.6", linewidth=1, linestyle=":", zorder=1)
    return _save(figure, target)


def write_timeline(
    target: Path,
    video: Video,
    scores: Mapping[str, np.ndarray],
    *,
    thresholds: Mapping[str, float | None] | None = None,
    detections: Sequence[Detection] = (),
    axis: ScoreAxis | None = None,
    y_label: str = "score",
) -> Path:
    """Draw one video's scores over time, above one time axis.

    Models get a panel and a score axis each, because their scores have no common scale, unless
    there is one axis for all: then they share one panel, and the first lies on top. Ground truth
    is shaded in all of them; the threshold is dashed.

    Args:
        target: PNG file.
        video: gives the annotated events and the frame rate.
        scores: model name to ``(frames,)``.
        thresholds: model name to threshold.
        detections: bars at the top of the first panel; without a threshold the legend says so.
        axis: the one axis of all scores.
        y_label: what a single panel's axis is called.
    """
    from matplotlib.figure import Figure

    groups = [dict(scores)] if axis else [{name: part} for name, part in scores.items()]
    several, count = len(scores) > 1, len(groups)
    height = 0.9 + 1.5 * count + 0.8 * (axis is not None and several)
    figure = Figure((TIMELINE_WIDTH, height), DPI)
    # Fixed margins in inches: a layout engine would take longer than all the drawing.
    margins = {"left": 0.95 / TIMELINE_WIDTH, "right": 1 - 0.2 / TIMELINE_WIDTH}
    margins |= {"top": 1 - 0.35 / height, "bottom": 0.55 / height}
    grid = figure.subplots(count, 1, sharex=True, squeeze=False, gridspec_kw=margins)
    panels: list[Axes] = list(grid[:, 0])
    order = list(scores)
    for panel, group in zip(panels, groups, strict=True):
        _draw_truth(panel, video)
        for name, values in group.items():
            threshold = (thresholds or {}).get(name)
            label = name if axis and several else None
            _draw_scores(panel, values, threshold, order.index(name), label)
            shown = axis or score_axis([values], threshold).holding([values])
            panel.set_ylim(shown.low, shown.high)
        panel.set_ylabel(next(iter(group)) if count > 1 else y_label, parse_math=False)
        panel.yaxis.set_label_coords(-0.07, 0.5)
    decided = any(level is not None for level in (thresholds or {}).values())
    _draw_detections(panels[0], detections, "detected" if decided else HIGHEST)
    panels[-1].set_xlim(0, video.frames)
    panels[-1].set_xticks(*zip(*axis_ticks(video.clock, most=10), strict=True))
    panels[-1].set_xlabel("time in the video" if video.start is None else "time of day")
    panels[0].set_title(video.id, loc="left", fontsize="medium", parse_math=False)
    # Each kind of mark once, whatever panel it first appears in.
    marks: dict[Any, Any] = {}
    for panel in panels:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            marks.setdefault(label, handle)
    if marks:
        legend = panels[0].legend(
            marks.values(),
            marks.keys(),
            loc="lower right",
            bbox_to_anchor=(1, 1),
            ncols=len(marks),
            frameon=False,
            fontsize="small",
        )
        for text in legend.get_texts():
            text.set_parse_math(False)
    return _save(figure, target)


def _draw_truth(panel: Axes, video: Video) -> None:
    for event in video.events:
        shade = panel.axvspan(event.start, event.end, label="annotated", linewidth=0)
        shade.set(color=hexadecimal(TRUTH), alpha=0.3)


def _draw_scores(
    panel: Axes,
    values: np.ndarray,
    threshold: float | None,
    place: int,
    label: str | None,
) -> None:
    frames = thin_series(values, bins=int(TIMELINE_WIDTH * DPI))
    style = _line(place)
    panel.plot(frames + 0.5, values[frames], **style, lw=1.2, label=label, zorder=2 - place / 100)
    if threshold is not None:
        panel.axhline(threshold, color="0.35", linewidth=1, linestyle="--", label="threshold")
    _tidy(panel)


def _line(place: int) -> dict[str, Any]:
    """Colour of a model's line; with more models than colours, the second round is dashed."""
    dashes = ("-", "--", ":")[place // len(SERIES) % 3]
    return {"color": hexadecimal(SERIES[place % len(SERIES)]), "linestyle": dashes}


def _draw_detections(panel: Axes, detections: Sequence[Detection], label: str) -> None:
    for detection in detections:
        panel.axvspan(
            detection.start,
            detection.end,
            ymin=0.94,
            color=hexadecimal(DETECTION),
            linewidth=0,
            label=label,
        )


def _curve_figure(
    curves: Mapping[str, tuple[Curve, Evaluation, str]], x_label: str, y_label: str
) -> Figure:
    from matplotlib.figure import Figure

    # A key of more lines would hide the curves: then it stands beside them.
    columns = -(-len(curves) // KEY_LINES) if len(curves) > KEY_INSIDE else 0
    width, height = CURVE_SIZE
    figure = Figure((width + columns * KEY_WIDTH, height), DPI, layout="constrained")
    axes = figure.subplots()
    for place, (name, (curve, evaluation, metric)) in enumerate(curves.items()):
        number = evaluation.metrics.get(metric)
        label = name if number is None else f"{name}: {measured(number)}"
        axes.plot(curve.x, curve.y, **_line(place), lw=1.8, label=label)
    axes.set(xlim=(0, 1), ylim=(0, 1.01), xlabel=x_label, ylabel=y_label, aspect="equal")
    _tidy(axes)
    if columns:
        legend = figure.legend(
            loc="outside right upper", ncols=columns, frameon=False, fontsize="small"
        )
    else:
        legend = axes.legend(loc="best", frameon=False, fontsize="small")
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)


def _save(figure: Figure, target: Path) -> Path:
    with atomic_path(target) as temporary:
        figure.savefig(temporary, format="png")
    return target
