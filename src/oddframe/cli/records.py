"""Rows of a result for a program: lines of JSON, or a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from oddframe.files.csv_files import csv_text

Rows = Sequence[Mapping[str, Any]]
"""Names and plain values, a row each."""


def as_json(rows: Rows) -> str:
    """A line of JSON for each row."""
    return "\n".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)


def as_csv(rows: Rows) -> str:
    """A table with a head; what is more than a number or text is JSON in its cell.

    Without rows there is no head either: nobody knows its names.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        return ""
    return csv_text(names, [[_cell(row.get(name)) for name in names] for row in rows]).rstrip("\n")


def _cell(value: Any) -> Any:
    return (
        json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | tuple) else value
    )
