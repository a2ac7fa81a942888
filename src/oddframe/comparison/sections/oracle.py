"""What choosing a checkpoint on the test videos would have reported, beside the honest choice."""

from __future__ import annotations

from collections.abc import Collection
from html import escape

from oddframe.comparison.compare import Comparison
from oddframe.comparison.paired_differences import excludes_zero, oracle_in_words
from oddframe.comparison.sections.differences import signed
from oddframe.comparison.sections.numbers import main_metrics
from oddframe.evaluation.metric_names import metric_name
from oddframe.evaluation.result import Measured
from oddframe.reporting.parts.tables import first_open, scrolling
from oddframe.reporting.wording import interval, measured


def oracle_section(comparison: Comparison, suspects: Collection[str]) -> str:
    """A table per main metric: chosen by validation, oracle in red, and the gap between them.

    Args:
        comparison: gives ``oracle`` and ``oracle_gaps``; nothing is shown where there are none.
        suspects: names of the models in red.
    """
    if not comparison.oracle:
        return ""
    parts = [
        '<p class="hint">The same trainings, with the checkpoint that did best on validation, and '
        "with the one that did best on these very test videos. The second cannot be had where "
        "nothing is annotated: it is an upper bound, and no result. Many papers report it.</p>"
    ]
    tables = {
        metric_name(metric).label: _table(metric, comparison, suspects)
        for metric in main_metrics(comparison)
    }
    parts.append(first_open(tables))
    return "".join(parts)


def _table(metric: str, comparison: Comparison, suspects: Collection[str]) -> str:
    rows = []
    for name, metrics in comparison.oracle.items():
        chosen = comparison.models[name].get(metric, Measured(None))
        best = metrics.get(metric, Measured(None))
        gap = comparison.oracle_gaps.get(name, {}).get(metric, Measured(None))
        red = " suspect" if name in suspects else ""
        words = oracle_in_words(name, metric_name(metric).label, gap)
        bold = " value" if excludes_zero(gap) else ""
        rows.append(
            f'<tr><th scope="row">{escape(name)}</th>'
            f'<td class="number value{red}">{_parts(chosen)}</td>'
            f'<td class="number suspect">{_parts(best)}</td>'
            f'<td class="number{bold}">{signed(gap)}<small>{interval(gap)}</small></td>'
            f'<td class="words">{escape(words)}</td></tr>'
        )
    return scrolling(
        '<table class="models"><thead><tr><th scope="col">model</th>'
        '<th scope="col" class="number">chosen by validation</th>'
        '<th scope="col" class="number suspect">oracle checkpoint</th>'
        '<th scope="col" class="number">gap</th><th scope="col">in words</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>",
        f"{metric_name(metric).label}: chosen by validation, and oracle",
    )


def _parts(part: Measured) -> str:
    value, _, reach = measured(part).partition(" ")
    return f"{value}<small>{reach}</small>"
