"""Several sets of scores side by side: a page, CSV tables, and curves, bars and timelines."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from oddframe.atomic import write_text
from oddframe.evaluation.compare import Comparison, PairedDifference
from oddframe.evaluation.result import Evaluation, Measured
from oddframe.evaluation.thresholds import are_probabilities
from oddframe.reporting.class_bars import class_charts
from oddframe.reporting.colours import SERIES
from oddframe.reporting.curve_drawings import roc_and_pr
from oddframe.reporting.decision_tables import decisions_section
from oddframe.reporting.document import html_document
from oddframe.reporting.metric_names import metric_name
from oddframe.reporting.model_timelines import model_timelines, series_key
from oddframe.reporting.plots import (
    PROBABILITIES,
    write_precision_recall,
    write_roc,
    write_timeline,
)
from oddframe.reporting.tables import heading, scrolling, size_of_class, value_cell, value_range
from oddframe.reporting.wording import count, doubts, interval, number
from oddframe.scores import Scores
from oddframe.videos import Video


def write_comparison(
    folder: Path,
    comparison: Comparison,
    *,
    title: str = "Comparison",
    evaluations: Mapping[str, Evaluation] | None = None,
    videos: Sequence[Video] = (),
    scores: Mapping[str, Scores] | None = None,
) -> Path:
    """Write ``comparison.html``, its tables as CSV and its pictures as PNG into the folder.

    The tables are ``metrics.csv``, ``differences.csv``, ``decisions.csv`` and, where there are
    classes, ``classes.csv``; the pictures are in ``plots/``.

    Args:
        folder: made if it is not there.
        comparison: the numbers and their paired differences.
        title: heading of the page.
        evaluations: model name to its evaluation; gives curves (also as ``plots/*.png``) and
            whether its numbers are to be marked. Other names than the comparison's are ignored.
        videos: those to draw timelines of.
        scores: model name to the scores of these videos.

    Returns:
        The path of ``comparison.html``.

    Raises:
        OddframeError: the folder cannot be written.
    """
    folder = Path(folder)
    known = {name: e for name, e in (evaluations or {}).items() if name in comparison.models}
    suspects = {**comparison.doubts}
    suspects |= {name: found for name, e in known.items() if (found := doubts({}, e))}
    _write_csv(
        folder / "metrics.csv",
        ("model", "metric", "value", "low", "high", "note"),
        [
            (model, metric, *_cells(part))
            for model, metrics in comparison.models.items()
            for metric, part in metrics.items()
        ],
    )
    _write_csv(
        folder / "differences.csv",
        ("first", "second", "metric", "difference", "low", "high", "words"),
        [
            (d.first, d.second, d.metric, d.value.value, d.value.low, d.value.high, d.words)
            for d in comparison.differences
        ],
    )
    _write_class_tables(folder, comparison)
    if known and all("roc" in e.curves for e in known.values()):
        write_roc(folder / "plots" / "roc.png", known)
    if known and all("pr" in e.curves for e in known.values()):
        write_precision_recall(folder / "plots" / "precision_recall.png", known)
    lanes = model_timelines(videos, scores) if videos and scores else ""
    if videos and scores:
        unit = are_probabilities([part.align(videos) for part in scores.values()])
        for video in videos:
            target = folder / "plots" / "timelines" / f"{video.id}.png"
            named = {name: part[video.id] for name, part in scores.items()}
            write_timeline(target, video, named, axis=PROBABILITIES if unit else None)
    key = series_key(list(comparison.models))
    decided = decisions_section(comparison.decisions, set(suspects))
    sections = {
        "Numbers": _numbers(comparison, set(suspects)),
        "Differences": _differences(comparison, set(suspects)),
        "Classes": _classes(folder, comparison, set(suspects)),
        "Decisions at a threshold": decided,
        "Curves": _curves(known),
        "Timelines": key + lanes if lanes else "",
    }
    page = html_document(title, _introduction(comparison, suspects), sections)
    return write_text(folder / "comparison.html", page)


def _introduction(comparison: Comparison, suspects: Mapping[str, Sequence[str]]) -> str:
    drawn = (
        f"Intervals are 95 %, from {count(comparison.resamples, 'resample')} of whole videos, the "
        f"same for all models (seed {comparison.seed})."
        if comparison.resamples
        else "There are no intervals: nothing was resampled."
    )
    warnings = "".join(
        f"<p>{escape(name)}: {escape(line)}.</p>" for name in suspects for line in suspects[name]
    )
    return (
        f'<p class="lead">{count(len(comparison.models), "set")} of scores on '
        f"{count(comparison.videos, 'video')} of {escape(comparison.dataset)}, split "
        f'{escape(comparison.split)}.</p><p class="quiet">{drawn}</p>'
        + (f'<div class="warning" role="note">{warnings}</div>' if warnings else "")
    )


def _numbers(comparison: Comparison, suspects: set[str]) -> str:
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
        ranges = [(f"series{i % len(SERIES)}", part) for i, part in enumerate(parts.values())]
        rows.append(f"<tr>{heading(metric)}<td>{value_range(metric, ranges)}</td>{cells}</tr>")
    return series_key(list(models)) + scrolling(
        '<table class="metrics"><thead><tr><th scope="col">metric</th><th scope="col">'
        '<span class="axis"><span>0</span><span>1</span></span></th>'
        f"{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>",
        "Metrics of each model",
    )


def _differences(comparison: Comparison, suspects: set[str]) -> str:
    pairs: dict[tuple[str, str], list[PairedDifference]] = {}
    for difference in comparison.differences:
        pairs.setdefault((difference.first, difference.second), []).append(difference)
    parts = [
        '<p class="hint">Both models of a pair are resampled alike, so what is hard for both '
        "cancels; a difference can be clear although the two intervals above overlap.</p>"
    ]
    for (first, second), differences in pairs.items():
        red = " suspect" if suspects & {first, second} else ""
        rows = "".join(
            f'<tr><th scope="row">{escape(metric_name(d.metric).label)}</th>'
            f'<td class="number value{red}">{_signed(d.value)}</td>'
            f'<td class="number{red}">{interval(d.value)}</td>'
            f'<td class="verdict{red}">{escape(_verdict(d))}</td></tr>'
            for d in differences
        )
        label = f"{first} minus {second}"
        parts.append(
            f"<h3>{escape(label)}</h3>"
            + scrolling(
                '<table class="metrics"><thead><tr><th scope="col">metric</th>'
                '<th scope="col" class="number">difference</th>'
                '<th scope="col" class="number">95 % interval</th><th scope="col">verdict</th></tr>'
                f"</thead><tbody>{rows}</tbody></table>",
                label,
            )
        )
    return "\n".join(parts)


def _signed(part: Measured) -> str:
    if part.value is None:
        return "–"
    return f"{'+' if part.value > 0 else ''}{number(part.value)}"


def _verdict(difference: PairedDifference) -> str:
    """Which of the two is better, if the interval of the difference excludes zero."""
    part = difference.value
    if part.value is None or part.low is None or part.high is None:
        return part.note
    if part.low == part.value == part.high == 0:
        return "equal"
    if part.low <= 0 <= part.high:
        return "may be chance"
    first_is_better = (part.value > 0) != metric_name(difference.metric).lower_is_better
    return f"{difference.first if first_is_better else difference.second} is better"


def _classes(folder: Path, comparison: Comparison, suspects: set[str]) -> str:
    """Charts, and a table per class metric with a column per model."""
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
            ranges = [(f"series{i % len(SERIES)}", p) for i, p in enumerate(parts_of.values())]
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


def _write_class_tables(folder: Path, comparison: Comparison) -> None:
    numbers = ("metric", "value", "low", "high", "note")
    if comparison.classes:
        _write_csv(
            folder / "classes.csv",
            ("model", "class", "videos", "anomalous_frames", *numbers),
            [
                (model, title, *comparison.class_counts[title].values(), metric, *_cells(part))
                for model, classes in comparison.classes.items()
                for title, metrics in classes.items()
                for metric, part in metrics.items()
            ],
        )
    _write_csv(
        folder / "decisions.csv",
        ("model", "decision", "oracle", "threshold", "chosen_on", "class", *numbers),
        [
            (model, name, d.oracle, d.threshold, d.chosen_on, title, metric, *_cells(part))
            for model, decided in comparison.decisions.items()
            for name, d in decided.items()
            for title, metrics in {"": d.metrics, **d.classes}.items()
            for metric, part in metrics.items()
        ],
    )


def _cells(part: Measured) -> tuple[Any, ...]:
    return part.value, part.low, part.high, part.note


def _curves(evaluations: Mapping[str, Evaluation]) -> str:
    drawn = roc_and_pr(list(evaluations.values())) if evaluations else ""
    return series_key(list(evaluations)) + drawn if drawn else ""


def _write_csv(path: Path, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    write_text(path, stream.getvalue())
