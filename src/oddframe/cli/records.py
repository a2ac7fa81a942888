"""Rows of a result for a program: lines of JSON, or a table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

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
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n")
    if names:
        writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue().rstrip("\n")


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False)
    # A spreadsheet takes text that begins so for a formula.
    begins = isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{value}" if begins else value
