"""The report's numbers: metrics in groups, beside them what trivial baselines reach, and curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from oddframe.console.words import count, sentence
from oddframe.evaluation.metric_names import LOCALISATION, baseline_name, metric_name
from oddframe.evaluation.result import Evaluation, Measured
from oddframe.pages.bar_charts import BarChart
from oddframe.pages.figures import Planes
from oddframe.pages.tables import Cell, Group, Table
from oddframe.reporting.parts.alarm_drawings import alarm_drawings
from oddframe.reporting.parts.class_charts import class_charts
from oddframe.reporting.parts.curve_drawings import roc_and_pr
from oddframe.reporting.parts.decision_tables import Decisions, decisions_part
from oddframe.reporting.parts.tables import (
    AXIS,
    baseline_cell,
    grid,
    heading,
    heads,
    size_of_class,
    value_cell,
    value_range,
)
from oddframe.reporting.wording import hint, interval, normal_footage, oracle_notes, value
from oddframe.scores.frame_scores import is_per_video

_EVENT_METRICS = ("event_f1", "event_precision", "event_recall", "event_ap")


@dataclass(frozen=True)
class Metrics:
    """Metrics of one kind: their table, or why none of them was measured."""

    title: str
    table: Table | None
    missing: str = ""


@dataclass(frozen=True)
class MetricsTables:
    """Tables of metrics side by side."""

    template: ClassVar[str] = "report/metrics.html"
    groups: Sequence[Metrics]


@dataclass(frozen=True)
class Numbers:
    """What was measured.

    Attributes:
        dataset, split: what was evaluated.
        videos, anomalous_videos, frames, anomalous_frames: how much of it there was.
        footage: normal footage in which false alarms were counted; may be empty.
        oracle: whether an oracle checkpoint stands beside the scores.
        warnings: what sets the oracle apart, a sentence each.
        hints: what may be wrong, a sentence each.
        metrics: every metric.
        curves, alarms: drawings.
        classes: the metrics of each class.
        charts: drawings that compare the classes.
        decisions: at thresholds.
    """

    template: ClassVar[str] = "report/numbers.html"
    dataset: str
    split: str
    videos: str
    anomalous_videos: str
    frames: str
    anomalous_frames: str
    footage: str
    oracle: bool
    warnings: Sequence[str]
    hints: Sequence[str]
    metrics: MetricsTables
    curves: Planes | None
    alarms: Planes | None
    classes: Table | None
    charts: Sequence[BarChart]
    decisions: Decisions | None


def numbers_section(evaluation: Evaluation, suspect: bool, plots: Path | None) -> Numbers:
    """The numbers of an evaluation, and charts of its classes as files.

    Args:
        evaluation: the numbers.
        suspect: whether all of them are shown in red.
        plots: the folder of the charts; None for no files.
    """
    classes, by_class, counts = None, evaluation.classes, evaluation.class_counts
    if by_class:
        sizes = {name: size_of_class(part) for name, part in counts.items()}
        classes = grid("class", by_class, set(by_class) if suspect else set(), sizes)
    return Numbers(
        dataset=evaluation.dataset,
        split=evaluation.split,
        videos=count(evaluation.videos, "video"),
        anomalous_videos=str(evaluation.anomalous_videos),
        frames=count(evaluation.frames, "frame"),
        anomalous_frames=f"{evaluation.anomalous_frames:,}",
        footage=normal_footage(evaluation.normal_hours),
        oracle=bool(evaluation.oracle),
        warnings=[sentence(line) for line in oracle_notes(evaluation)],
        hints=[f"{line}." for line in hint(evaluation)],
        metrics=metrics_tables(evaluation, suspect),
        curves=roc_and_pr([evaluation]),
        alarms=alarm_drawings([evaluation]),
        classes=classes,
        charts=class_charts(plots, {"scores": by_class}, counts) if by_class else (),
        decisions=decisions_part(
            {"scores": evaluation.decisions}, {"scores"} if suspect else set()
        ),
    )


def metrics_tables(evaluation: Evaluation, suspect: bool) -> MetricsTables:
    """Every metric with its interval, in groups; beside them what trivial baselines reach.

    Args:
        evaluation: the numbers.
        suspect: whether all of them are shown in red (see :func:`oddframe.reporting.wording`).
    """
    compared = {name for row in evaluation.baselines.values() for name in row}
    groups: dict[str, dict[str, Measured]] = {"frames": {}, "alarms": {}, "events": {}, "place": {}}
    for name, part in evaluation.metrics.items():
        if name in compared:
            groups["frames"][name] = part
        elif name.startswith(_EVENT_METRICS):
            groups["events"][name] = part
        else:
            groups["place" if name in LOCALISATION else "alarms"][name] = part
    found = []
    hours = evaluation.normal_hours
    if groups["frames"]:
        frames = groups["frames"], evaluation.baselines, suspect, evaluation.oracle
        per_video = is_per_video(evaluation.protocol.get("oracle_meta", {}))
        note = "normalised per video" if per_video else ""
        found.append(_metrics("Frames, by score", *frames, note, hours))
    if groups["alarms"]:
        level = evaluation.protocol.get("threshold")
        at = "" if level is None else f" {level:.4g}"
        found.append(_metrics(f"At the threshold{at}", groups["alarms"], {}, suspect, hours=hours))
    if groups["events"]:
        found.append(_events(groups["events"], suspect))
    if groups["place"]:
        found.append(_metrics("Where in the picture", groups["place"], {}, suspect))
    return MetricsTables(found)


def _metrics(
    title: str,
    metrics: Mapping[str, Measured],
    baselines: Mapping[str, Mapping[str, Measured]],
    suspect: bool,
    oracle: Mapping[str, Measured] | None = None,
    oracle_note: str = "",
    hours: float = 0.0,
) -> Metrics:
    if all(part.value is None for part in metrics.values()):
        labels = ", ".join(metric_name(name).label for name in metrics)
        why = "; ".join(dict.fromkeys(part.note for part in metrics.values() if part.note))
        return Metrics(title, None, f"{labels}: not measured ({why}).")
    head = [Cell("metric"), *heads(["value", "95 % interval"]), AXIS]
    if oracle:
        notes = [oracle_note] if oracle_note else []
        head.append(Cell("oracle checkpoint", "number suspect", notes))
    above = Group(len(head), len(baselines), "trivial baselines", "baseline") if baselines else None
    head += [Cell(baseline_name(name), "number baseline") for name in baselines]
    rows = []
    for name, part in metrics.items():
        others = [baseline.get(name, Measured(None)) for baseline in baselines.values()]
        row = [heading(name, part, hours), value_cell(name, part, suspect)]
        row.append(Cell(interval(part), "number"))
        row.append(Cell(picture=value_range(name, [("series0", part)], others)))
        if oracle:
            best = oracle.get(name, Measured(None))
            row.append(Cell(value(best), "number suspect", [interval(best)]))
        rows.append(
            [*row, *(baseline_cell(name, other, {"the detector": part}) for other in others)]
        )
    return Metrics(title, Table(title, head, rows, "metrics", above))


def _events(metrics: Mapping[str, Measured], suspect: bool) -> Metrics:
    rows: dict[str, dict[str, Measured]] = {}
    for name, part in metrics.items():
        base, _, overlap = name.rpartition("_")
        rows.setdefault(f"{overlap} and more", {})[base] = part
    table = grid("overlap (tIoU)", rows, set(rows) if suspect else set(), {})
    return Metrics("Events found, by overlap in time with the annotation", table)
