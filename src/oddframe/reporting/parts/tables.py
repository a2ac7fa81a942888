"""Tables of metrics and facts as HTML."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any

from oddframe.console.words import count
from oddframe.evaluation.metric_names import LOCALISATION, baseline_name, metric_name
from oddframe.evaluation.result import Evaluation, Measured
from oddframe.reporting.wording import interval, is_oracle, normal_footage, number
from oddframe.scores.frame_scores import is_per_video

_EVENT_METRICS = ("event_f1", "event_precision", "event_recall", "event_ap")


def metrics_tables(evaluation: Evaluation, suspect: bool) -> str:
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
    parts = []
    hours = evaluation.normal_hours
    if groups["frames"]:
        frames = groups["frames"], evaluation.baselines, suspect, evaluation.oracle
        per_video = is_per_video(evaluation.protocol.get("oracle_meta", {}))
        note = "normalised per video" if per_video else ""
        parts.append(_table("Frames, by score", *frames, note, hours))
    if groups["alarms"]:
        value = evaluation.protocol.get("threshold")
        at = "" if value is None else f" {value:.4g}"
        parts.append(_table(f"At the threshold{at}", groups["alarms"], {}, suspect, hours=hours))
    if groups["events"]:
        parts.append(_events(groups["events"], suspect))
    if groups["place"]:
        parts.append(_table("Where in the picture", groups["place"], {}, suspect))
    tables = "".join(f"<div>{part}</div>" for part in parts)
    return f'<div class="tables">{tables}</div>'


def classes_table(
    classes: Mapping[str, Mapping[str, Measured]],
    suspect: bool,
    counts: Mapping[str, Mapping[str, int]] | None = None,
) -> str:
    """The metrics of each class of events, and how much of it there is."""
    notes = {name: size_of_class(part) for name, part in (counts or {}).items()}
    return grid("class", classes, set(classes) if suspect else set(), notes)


def size_of_class(counts: Mapping[str, int]) -> str:
    """``5 videos, 162 frames``."""
    return f"{count(counts['videos'], 'video')}, {count(counts['frames'], 'anomalous frame')}"


def facts_table(facts: Mapping[str, Any]) -> str:
    """Names and plain values, such as the protocol or the versions."""
    rows = "".join(
        f'<tr><th scope="row">{escape(name.replace("_", " "))}</th>'
        f"<td>{escape(_plain(value))}</td></tr>"
        for name, value in facts.items()
    )
    return f'<table class="facts"><tbody>{rows}</tbody></table>'


def scrolling(table: str, label: str) -> str:
    """A table that scrolls sideways on a narrow screen, also with the keyboard."""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}">{table}</div>'
    )


def first_open(sections: Mapping[str, str]) -> str:
    """The first section under its heading, the others folded under theirs.

    Args:
        sections: heading as plain text to HTML.
    """
    parts = [
        f"<h3>{escape(title)}</h3>{body}"
        if place == 0
        else f"<details><summary>{escape(title)}</summary>{body}</details>"
        for place, (title, body) in enumerate(sections.items())
    ]
    return "".join(parts)


def value_range(
    name: str, parts: Sequence[tuple[str, Measured]], ticks: Sequence[Measured] = ()
) -> str:
    """A small picture from 0 to 1: per CSS class an interval and its value, and plain ticks.

    Nothing if the metric is no share, or a number is undefined or outside 0 to 1.
    """
    values = [v for _, part in parts for v in (part.value, part.low, part.high) if v is not None]
    if not metric_name(name).share or not values or min(values) < 0 or max(values) > 1:
        return ""
    height = 16 * len(parts)
    marks = [
        f'<line class="other" x1="{100 * tick.value:.1f}" x2="{100 * tick.value:.1f}" '
        f'y1="3" y2="{height - 3}"/>'
        for tick in ticks
        if tick.value is not None and 0 <= tick.value <= 1
    ]
    for place, (kind, part) in enumerate(parts):
        y = 16 * place + 8
        marks.append(f'<line class="rail" x1="0" x2="100" y1="{y}" y2="{y}"/>')
        if part.low is not None and part.high is not None:
            marks.append(
                f'<line class="interval {kind}" x1="{100 * part.low:.1f}" '
                f'x2="{100 * part.high:.1f}" y1="{y}" y2="{y}"/>'
            )
        if part.value is not None:
            marks.append(f'<circle class="{kind}" cx="{100 * part.value:.1f}" cy="{y}" r="3.4"/>')
    return (
        f'<svg class="range" viewBox="-4 0 108 {height}" style="height:{height * 1.28:.0f}px" '
        f'aria-hidden="true">{"".join(marks)}</svg>'
    )


def heading(name: str, part: Measured | None = None, hours: float = 0.0) -> str:
    """The first cell of a metric's row: label, meaning, and what there is to say of its value.

    Args:
        name: of the metric.
        part: its value, if one is beside it.
        hours: normal footage, which is told of what is counted in it.
    """
    shown = metric_name(name)
    footage = normal_footage(hours) if shown.per_hour else ""
    notes = [shown.meaning, f"in {footage}" if footage else "", part.note if part else ""]
    lines = "".join(f"<small>{escape(note)}</small>" for note in notes if note)
    return f'<th scope="row">{escape(shown.label)}{lines}</th>'


def value_cell(name: str, part: Measured, suspect: bool, under: str = "") -> str:
    """The cell with a metric's value; red if it is not to be compared with honest ones."""
    red = " suspect" if suspect or is_oracle(name, part) else ""
    below = f"<small>{escape(under)}</small>" if under else ""
    return f'<td class="number value{red}">{_value(part)}{below}</td>'


def _table(
    title: str,
    metrics: Mapping[str, Measured],
    baselines: Mapping[str, Mapping[str, Measured]],
    suspect: bool,
    oracle: Mapping[str, Measured] | None = None,
    oracle_note: str = "",
    hours: float = 0.0,
) -> str:
    heads = "".join(
        f'<th scope="col" class="number baseline">{escape(baseline_name(name))}</th>'
        for name in baselines
    )
    above = (
        f'<tr class="above"><td colspan="{5 if oracle else 4}"></td>'
        f'<th scope="colgroup" colspan="{len(baselines)}" class="baseline">'
        "trivial baselines</th></tr>"
        if baselines
        else ""
    )
    if all(part.value is None for part in metrics.values()):
        labels = ", ".join(metric_name(name).label for name in metrics)
        why = "; ".join(dict.fromkeys(part.note for part in metrics.values() if part.note))
        text = f"{labels}: not measured ({why})."
        return f'<h3>{title}</h3><p class="quiet">{escape(text)}</p>'
    rows = []
    for name, part in metrics.items():
        others = [baseline.get(name, Measured(None)) for baseline in baselines.values()]
        rows.append(
            f"<tr>{heading(name, part, hours)}{value_cell(name, part, suspect)}"
            f'<td class="number">{interval(part)}</td>'
            f"<td>{value_range(name, [('series0', part)], others)}</td>"
            + (_oracle_cell(oracle.get(name, Measured(None))) if oracle else "")
            + "".join(_baseline_cell(name, part, other) for other in others)
            + "</tr>"
        )
    return f"<h3>{title}</h3>" + scrolling(
        f'<table class="metrics"><thead>{above}<tr><th scope="col">metric</th>'
        '<th scope="col" class="number">value</th><th scope="col" class="number">95 % interval</th>'
        '<th scope="col"><span class="axis"><span>0</span><span>1</span></span></th>'
        + (_oracle_head(oracle_note) if oracle else "")
        + f"{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>",
        title,
    )


def _oracle_head(note: str) -> str:
    below = f"<small>{escape(note)}</small>" if note else ""
    return f'<th scope="col" class="number suspect">oracle checkpoint{below}</th>'


def _oracle_cell(part: Measured) -> str:
    return f'<td class="number suspect">{_value(part)}<small>{interval(part)}</small></td>'


def _events(metrics: Mapping[str, Measured], suspect: bool) -> str:
    rows: dict[str, dict[str, Measured]] = {}
    for name, part in metrics.items():
        base, _, overlap = name.rpartition("_")
        rows.setdefault(f"{overlap} and more", {})[base] = part
    return "<h3>Events found, by overlap in time with the annotation</h3>" + grid(
        "overlap (tIoU)", rows, set(rows) if suspect else set(), {}
    )


def grid(
    corner: str,
    rows: Mapping[str, Mapping[str, Measured]],
    red: Collection[str],
    notes: Mapping[str, str],
) -> str:
    """One row per name, one column per metric, the interval under each value.

    Args:
        corner: heading of the names.
        rows: name to metrics.
        red: names of the rows in red.
        notes: name to a line under it.
    """
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    heads = "".join(
        f'<th scope="col" class="number">{escape(metric_name(name).label)}</th>' for name in columns
    )
    lines = []
    for title, row in rows.items():
        kind = "number suspect" if title in red else "number"
        content = "".join(_grid_cell(kind, row.get(column, Measured(None))) for column in columns)
        note = f"<small>{escape(notes[title])}</small>" if title in notes else ""
        lines.append(f'<tr><th scope="row">{escape(title)}{note}</th>{content}</tr>')
    return scrolling(
        f'<table><thead><tr><th scope="col">{escape(corner)}</th>{heads}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table>",
        corner,
    )


def _grid_cell(kind: str, part: Measured) -> str:
    if part.value is None and part.note:
        why = escape(part.note)
        return f'<td class="{kind}" title="{why}">–<small>undefined</small></td>'
    return f'<td class="{kind}">{_value(part)}<small>{interval(part)}</small></td>'


def _baseline_cell(name: str, part: Measured, other: Measured) -> str:
    if other.value is None:
        return '<td class="number baseline">–</td>'
    better = part.value is not None and (
        other.value <= part.value
        if metric_name(name).lower_is_better
        else other.value >= part.value
    )
    if better:
        return (
            '<td class="number baseline beats" title="as good as the detector, or better">'
            f"{number(other.value)} ▲</td>"
        )
    return f'<td class="number baseline">{number(other.value)}</td>'


def _value(part: Measured) -> str:
    return "–" if part.value is None else number(part.value)


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_plain(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(part) for part in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
