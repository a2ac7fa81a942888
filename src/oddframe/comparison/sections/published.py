"""Numbers from papers in a section of their own, never in one table with measured ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from oddframe.comparison.published_numbers import Published
from oddframe.console.words import sentence
from oddframe.pages.tables import Cell, Table
from oddframe.reporting.parts.tables import metric_heads


@dataclass(frozen=True)
class Protocol:
    """Numbers that were reported under one protocol.

    Attributes:
        dataset: what they were reported on.
        said: the protocol in a few words.
        more: the rest of it as a sentence; may be empty.
        table: the numbers.
    """

    dataset: str
    said: str
    more: str
    table: Table


@dataclass(frozen=True)
class PublishedNumbers:
    """What others reported, by data set and protocol."""

    template: ClassVar[str] = "comparison/published.html"
    protocols: Sequence[Protocol]


def published_section(published: Sequence[Published]) -> PublishedNumbers | None:
    """A table per data set and protocol; None without rows.

    Args:
        published: what others reported.
    """
    if not published:
        return None
    found = []
    for dataset, protocol in dict.fromkeys((row.dataset, row.protocol) for row in published):
        said, _, more = protocol.partition("; ")
        table = _table([r for r in published if (r.dataset, r.protocol) == (dataset, protocol)])
        found.append(Protocol(dataset, said, sentence(more) if more else "", table))
    return PublishedNumbers(found)


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


def _table(published: Sequence[Published]) -> Table:
    metrics = list(dict.fromkeys(row.metric for row in published))
    lines = []
    for row in rows_of_methods(published):
        one = next(iter(row.values()))
        cells = [Cell(row[metric].printed if metric in row else "", "number") for metric in metrics]
        remarks = list(dict.fromkeys(part.note for part in row.values() if part.note))
        venue = [one.venue] if one.venue else []
        lines.append([Cell(one.method, notes=venue, remarks=remarks), *cells, Cell(one.source)])
    head = [Cell("method"), *metric_heads(metrics), Cell("reported by")]
    return Table("Published numbers", head, lines, "models published")
