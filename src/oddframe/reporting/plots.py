"""Curves and timelines as PNG files, through matplotlib's figures and never through pyplot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from oddframe.atomic import atomic_path
from oddframe.detections import Detection
from oddframe.evaluation.result import Curve, Evaluation
from oddframe.reporting.colours import DETECTION, SERIES, TRUTH, hexadecimal
from oddframe.reporting.score_axes import clock, score_axis, thin_series, time_ticks
from oddframe.reporting.wording import measured
from oddframe.videos import Video

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 120
"""Pixels per inch of every plot."""

CURVE_SIZE = (5.2, 4.8)
"""Width and height of a ROC or precision-recall plot, in inches."""

TIMELINE_WIDTH = 10.0
"""Width of a timeline, in inches."""


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
) -> Path:
    """Draw one video's scores over time, a panel per model above one time axis.

    Models get a panel and a score axis each, because their scores have no common scale. Ground
    truth is shaded in all of them; the threshold is dashed.

    Args:
        target: PNG file.
        video: gives the annotated events and the frame rate.
        scores: model name to ``(frames,)``.
        thresholds: model name to threshold.
        detections: bars at the top of the first panel.
    """
    from matplotlib.figure import Figure

    count = len(scores)
    height = 0.9 + 1.5 * count
    figure = Figure((TIMELINE_WIDTH, height), DPI)
    # Fixed margins in inches: a layout engine would take longer than all the drawing.
    margins = {"left": 0.95 / TIMELINE_WIDTH, "right": 1 - 0.2 / TIMELINE_WIDTH}
    margins |= {"top": 1 - 0.35 / height, "bottom": 0.55 / height}
    grid = figure.subplots(count, 1, sharex=True, squeeze=False, gridspec_kw=margins)
    panels: list[Axes] = list(grid[:, 0])
    for place, (panel, (name, values)) in enumerate(zip(panels, scores.items(), strict=True)):
        threshold = (thresholds or {}).get(name)
        _draw_scores(panel, video, values, threshold, SERIES[place % len(SERIES)])
        if place == 0:
            _draw_detections(panel, detections, video.fps)
        panel.set_ylabel(name if count > 1 else "score", parse_math=False)
        panel.yaxis.set_label_coords(-0.07, 0.5)
    seconds = video.frames / video.fps
    panels[-1].set_xlim(0, seconds)
    ticks = time_ticks(seconds, most=10)
    panels[-1].set_xticks(ticks, [clock(tick, precise=False) for tick in ticks])
    panels[-1].set_xlabel("time in the video")
    panels[0].set_title(video.id, loc="left", fontsize="medium", parse_math=False)
    # Each kind of mark once, whatever panel it first appears in.
    marks: dict[Any, Any] = {}
    for panel in panels:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            marks.setdefault(label, handle)
    if marks:
        panels[0].legend(
            marks.values(),
            marks.keys(),
            loc="lower right",
            bbox_to_anchor=(1, 1),
            ncols=len(marks),
            frameon=False,
            fontsize="small",
        )
    return _save(figure, target)


def _draw_scores(
    panel: Axes, video: Video, values: np.ndarray, threshold: float | None, colour: Any
) -> None:
    frames = thin_series(values, bins=int(TIMELINE_WIDTH * DPI))
    axis = score_axis([values], threshold)
    for event in video.events:
        span = (event.start / video.fps, event.end / video.fps)
        panel.axvspan(*span, color=hexadecimal(TRUTH), alpha=0.3, linewidth=0, label="annotated")
    panel.plot((frames + 0.5) / video.fps, values[frames], color=hexadecimal(colour), linewidth=1.2)
    if threshold is not None:
        panel.axhline(threshold, color="0.35", linewidth=1, linestyle="--", label="threshold")
    panel.set_ylim(axis.low, axis.high)
    _tidy(panel)


def _draw_detections(panel: Axes, detections: Sequence[Detection], fps: float) -> None:
    for detection in detections:
        panel.axvspan(
            detection.start / fps,
            detection.end / fps,
            ymin=0.94,
            color=hexadecimal(DETECTION),
            linewidth=0,
            label="detected",
        )


def _curve_figure(
    curves: Mapping[str, tuple[Curve, Evaluation, str]], x_label: str, y_label: str
) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(CURVE_SIZE, DPI, layout="constrained")
    axes = figure.subplots()
    for place, (name, (curve, evaluation, metric)) in enumerate(curves.items()):
        number = evaluation.metrics.get(metric)
        label = name if number is None else f"{name}: {measured(number)}"
        colour = hexadecimal(SERIES[place % len(SERIES)])
        axes.plot(curve.x, curve.y, color=colour, linewidth=1.8, label=label)
    axes.set(xlim=(0, 1), ylim=(0, 1.01), xlabel=x_label, ylabel=y_label, aspect="equal")
    _tidy(axes)
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
