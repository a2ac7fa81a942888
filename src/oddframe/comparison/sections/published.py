"""Numbers from papers in a section of their own, never in one table with measured ones."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from oddframe.comparison.published_numbers import Published
from oddframe.evaluation.metric_names import metric_name
from oddframe.reporting.parts.tables import scrolling


def published_section(published: Sequence[Published]) -> str:
    """A table per protocol; nothing without rows.

    Args:
        published: what others reported on this data set.
    """
    if not published:
        return ""
    parts = [
        '<p class="note">Reported by others, not measured here. Features, frames, smoothing and '
        "the choice of the checkpoint differ from paper to paper and from the numbers above, so a "
        "difference to those says little; none has an interval.</p>"
    ]
    for protocol in dict.fromkeys(row.protocol for row in published):
        rows = [row for row in published if row.protocol == protocol]
        said, _, more = protocol.partition("; ")
        below = f'<p class="quiet">{escape(more[:1].upper() + more[1:])}.</p>' if more else ""
        parts.append(f"<h3>Published: {escape(said)}</h3>{below}{_table(rows)}")
    return "".join(parts)


def rows_of_methods(published: Sequence[Published]) -> list[dict[str, Published]]:
    """One row per method, metric to number; a method with two numbers in a metric has two rows."""
    rows: list[dict[str, Published]] = []
    for part in published:
        for row in rows:
            one = next(iter(row.values()))
            same = (one.method, one.venue, one.protocol) == (part.method, part.venue, part.protocol)
            if same and part.metric not in row:
                row[part.metric] = part
                break
        else:
            rows.append({part.metric: part})
    return rows


def _table(published: Sequence[Published]) -> str:
    metrics = list(dict.fromkeys(row.metric for row in published))
    heads = "".join(
        f'<th scope="col" class="number">{escape(metric_name(metric).label)}</th>'
        for metric in metrics
    )
    lines = []
    for row in rows_of_methods(published):
        one = next(iter(row.values()))
        cells = "".join(
            f'<td class="number">{_printed(row[metric]) if metric in row else ""}</td>'
            for metric in metrics
        )
        remarks = dict.fromkeys(part.note for part in row.values() if part.note)
        below = f"<small>{escape(one.venue)}</small>" if one.venue else ""
        below += "".join(f'<small class="remark">{escape(note)}</small>' for note in remarks)
        lines.append(
            f'<tr><th scope="row">{escape(one.method)}{below}</th>{cells}'
            f"<td>{escape(one.source)}</td></tr>"
        )
    return scrolling(
        f'<table class="models published"><thead><tr><th scope="col">method</th>{heads}'
        f'<th scope="col">reported by</th></tr></thead><tbody>{"".join(lines)}</tbody></table>',
        "Published numbers",
    )


def _printed(row: Published) -> str:
    return f"{row.value:.4f}".rstrip("0").ljust(5, "0")
