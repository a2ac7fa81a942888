"""How much models change from one seed to the next: a dot per training, mean and spread."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape

from oddframe.comparison.compare import Comparison
from oddframe.comparison.sections.numbers import main_metrics
from oddframe.console.words import count
from oddframe.evaluation.metric_names import is_share, metric_name
from oddframe.evaluation.seed_spread import SeedSpread
from oddframe.pages.colours import series_class
from oddframe.reporting.parts.tables import first_open, scrolling
from oddframe.reporting.wording import number

WIDTH = 100


def seeds_section(comparison: Comparison, suspects: Collection[str]) -> str:
    """A table per main metric with a row per model that was trained with several seeds.

    Args:
        comparison: gives ``repeats``; nothing is shown where no model has any.
        suspects: names of the models in red.
    """
    if not comparison.repeats:
        return ""
    hint = (
        '<p class="hint">Each dot is one training; the bar is the 95 % interval of the mean over '
        "seeds (Student’s t, cut at 0 and 1). This is the chance in training. The intervals under "
        "“Numbers” are that in the choice of videos, and neither contains the other.</p>"
    )
    tables = {
        metric_name(metric).label: table
        for metric in main_metrics(comparison)
        if (table := _table(metric, comparison, suspects))
    }
    return hint + first_open(tables)


def _table(metric: str, comparison: Comparison, suspects: Collection[str]) -> str:
    values = {
        name: [v for v in row.get(metric, ()) if v is not None]
        for name, row in comparison.repeats.items()
    }
    values = {name: part for name, part in values.items() if part}
    if not values:
        return ""
    spreads = {name: SeedSpread.of(part, share=is_share(metric)) for name, part in values.items()}
    low, high = _ends(values, spreads)
    places = {name: place for place, name in enumerate(comparison.models)}
    rows = []
    for name, spread in spreads.items():
        red = " suspect" if name in suspects else ""
        kind = series_class(places[name])
        reach = (
            "–"
            if spread.low is None or spread.high is None
            else f"[{number(spread.low)}, {number(spread.high)}]"
        )
        deviation = "–" if spread.standard_deviation is None else number(spread.standard_deviation)
        rows.append(
            f'<tr><th scope="row"><i class="{kind}"></i>{escape(name)}</th>'
            f"<td>{_dots(values[name], spread, kind, low, high)}</td>"
            f'<td class="number">{spread.n}</td>'
            f'<td class="number value{red}">{number(spread.mean)}</td>'
            f'<td class="number{red}">{deviation}</td><td class="number{red}">{reach}</td></tr>'
        )
    label = f"{metric_name(metric).label} over seeds"
    axis = f"<span>{number(low)}</span><span>{number(high)}</span>"
    return scrolling(
        '<table class="models"><thead><tr><th scope="col">model</th><th scope="col">'
        f'<span class="axis wide">{axis}</span></th><th scope="col" class="number">seeds</th>'
        '<th scope="col" class="number">mean</th>'
        '<th scope="col" class="number">standard deviation</th>'
        '<th scope="col" class="number">95 % interval, seeds</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>",
        label,
    )


def _ends(
    values: Mapping[str, Sequence[float]], spreads: Mapping[str, SeedSpread]
) -> tuple[float, float]:
    """The axis of all dots and intervals."""
    every = [value for part in values.values() for value in part]
    every += [v for s in spreads.values() for v in (s.low, s.high) if v is not None]
    low, high = min(every), max(every)
    return (low, high) if high > low else (low - 0.005, high + 0.005)


def _dots(values: Sequence[float], spread: SeedSpread, kind: str, low: float, high: float) -> str:
    def x(value: float) -> str:
        return f"{WIDTH * min(max((value - low) / (high - low), 0), 1):.1f}"

    marks = [f'<line class="rail" x1="0" x2="{WIDTH}" y1="8" y2="8"/>']
    if spread.low is not None and spread.high is not None:
        marks.append(
            f'<line class="interval {kind}" x1="{x(spread.low)}" x2="{x(spread.high)}" '
            'y1="8" y2="8"/>'
        )
    marks += [f'<circle class="{kind}" cx="{x(value)}" cy="8" r="2.4"/>' for value in values]
    mean = x(spread.mean)
    marks.append(f'<line class="mean" x1="{mean}" x2="{mean}" y1="2" y2="14"/>')
    said = f"{count(spread.n, 'seed')}: {', '.join(number(value) for value in values)}"
    return (
        f'<svg class="range wide" viewBox="-4 0 {WIDTH + 8} 16" role="img" '
        f'aria-label="{said}"><title>{said}</title>{"".join(marks)}</svg>'
    )
