"""Paired differences between models: a matrix where there are many, and every pair in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape

from oddframe.comparison.compare import Comparison
from oddframe.comparison.paired_differences import PairedDifference
from oddframe.comparison.sections.numbers import main_metrics
from oddframe.evaluation.metric_names import metric_name
from oddframe.evaluation.result import Measured
from oddframe.reporting.parts.tables import scrolling
from oddframe.reporting.wording import interval, metric_label, number

_MOST_INTERVALS = 6
"""A matrix of so many models has room for the intervals."""


def differences_section(comparison: Comparison, suspects: Collection[str]) -> str:
    """What each pair differs by, and whether that may be chance; pairs are folded if several.

    Args:
        comparison: the differences.
        suspects: names of the models in red.
    """
    pairs: dict[tuple[str, str], list[PairedDifference]] = {}
    for difference in comparison.differences:
        pairs.setdefault((difference.first, difference.second), []).append(difference)
    if not pairs:
        return ""
    parts = [
        '<p class="hint">Both models of a pair are resampled alike, so what is hard for both '
        "cancels; a difference can be clear although the two intervals above overlap.</p>"
    ]
    if comparison.caution:
        parts.append(f'<p class="quiet caution">{escape(comparison.caution)}</p>')
    hours = comparison.normal_hours
    tables = "".join(_pair(*names, rows, suspects, hours) for names, rows in pairs.items())
    metrics = main_metrics(comparison)
    if len(pairs) == 1 or not metrics:
        return "".join([*parts, tables])
    several = len({first for first, _ in pairs}) > 1
    parts.append(
        _matrix(comparison, metrics[0], suspects)
        if several
        else _against_first(pairs, metrics, suspects)
    )
    label = f"All {len(pairs)} pairs in every metric, with intervals"
    return "".join([*parts, f"<details><summary>{label}</summary>{tables}</details>"])


def signed(part: Measured) -> str:
    """``+0.031``; a dash where the difference is undefined."""
    if part.value is None:
        return "–"
    return f"{'+' if part.value > 0 else ''}{number(part.value)}"


def _matrix(comparison: Comparison, metric: str, suspects: Collection[str]) -> str:
    """Row minus column in one metric."""
    found: dict[tuple[str, str], tuple[Measured, bool]] = {}
    for d in comparison.differences:
        if d.metric == metric:
            found[d.first, d.second] = d.value, d.clear
            found[d.second, d.first] = _negated(d.value), d.clear
    names = list(comparison.models)
    roomy = len(names) <= _MOST_INTERVALS
    heads = "".join(f'<th scope="col" class="number">{escape(name)}</th>' for name in names)
    rows = []
    for row in names:
        cells = "".join(
            _cell(found.get((row, column)), bool({row, column} & set(suspects)), roomy)
            if row != column
            else '<td class="number baseline">·</td>'
            for column in names
        )
        rows.append(f'<tr><th scope="row">{escape(row)}</th>{cells}</tr>')
    title = f"{metric_name(metric).label}: row minus column"
    return f"<h3>{escape(title)}</h3>{_BOLD}" + scrolling(
        '<table class="matrix"><thead><tr><th scope="col"></th>'
        f"{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>",
        title,
    )


def _against_first(
    pairs: Mapping[tuple[str, str], Sequence[PairedDifference]],
    metrics: Sequence[str],
    suspects: Collection[str],
) -> str:
    """The one model that all the others were compared with, minus each of them."""
    first = next(iter(pairs))[0]
    heads = "".join(
        f'<th scope="col" class="number">{escape(metric_name(name).label)}</th>' for name in metrics
    )
    rows = []
    for (_, second), differences in pairs.items():
        values = {d.metric: (d.value, d.clear) for d in differences}
        red = bool({first, second} & set(suspects))
        cells = "".join(_cell(values.get(metric), red, True) for metric in metrics)
        rows.append(f'<tr><th scope="row">{escape(second)}</th>{cells}</tr>')
    title = f"{first} minus each of the others"
    return f"<h3>{escape(title)}</h3>{_BOLD}" + scrolling(
        '<table class="matrix"><thead><tr><th scope="col"></th>'
        f"{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>",
        title,
    )


_BOLD = (
    '<p class="quiet">Bold: the interval of the difference excludes zero, also corrected for the '
    "number of pairs.</p>"
)


def _cell(difference: tuple[Measured, bool] | None, red: bool, roomy: bool) -> str:
    if difference is None:
        return '<td class="number baseline">–</td>'
    part, clear = difference
    kind = ("number value" if clear else "number") + (" suspect" if red else "")
    below = f"<small>{interval(part)}</small>" if roomy and part.low is not None else ""
    return f'<td class="{kind}">{signed(part)}{below}</td>'


def _negated(part: Measured) -> Measured:
    value, low, high = (None if v is None else 0.0 - v for v in (part.value, part.high, part.low))
    return Measured(value, low, high, part.note)


def _pair(
    first: str,
    second: str,
    differences: Sequence[PairedDifference],
    suspects: Collection[str],
    hours: float,
) -> str:
    red = " suspect" if {first, second} & set(suspects) else ""
    rows = "".join(
        f'<tr><th scope="row">{escape(metric_label(d.metric, hours))}</th>'
        f'<td class="number value{red}">{signed(d.value)}</td>'
        f'<td class="number{red}">{interval(d.value)}</td>'
        f'<td class="verdict{red}">{escape(d.verdict)}</td></tr>'
        for d in differences
    )
    label = f"{first} minus {second}"
    return f"<h3>{escape(label)}</h3>" + scrolling(
        '<table class="metrics"><thead><tr><th scope="col">metric</th>'
        '<th scope="col" class="number">difference</th>'
        '<th scope="col" class="number">95 % interval</th><th scope="col">verdict</th></tr>'
        f"</thead><tbody>{rows}</tbody></table>",
        label,
    )
