"""The numbers of a comparison as CSV files, for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from oddframe.comparison.published_numbers import Published
from oddframe.comparison.result import Comparison
from oddframe.evaluation.result import Measured
from oddframe.files.csv_files import write_csv

TABLES = (
    "metrics.csv",
    "differences.csv",
    "decisions.csv",
    "classes.csv",
    "seeds.csv",
    "oracle.csv",
    "published.csv",
)
"""Every file that :func:`write_tables` may write."""
_NUMBERS = ("value", "low", "high", "note")


def write_tables(folder: Path, comparison: Comparison, published: Sequence[Published] = ()) -> None:
    """Write ``metrics.csv``, ``differences.csv`` and the others that have rows into the folder.

    Those others are ``classes.csv``, ``seeds.csv``, ``oracle.csv`` and ``published.csv``;
    ``decisions.csv`` is always written. A file of an earlier comparison that has no rows now is
    removed, so that none lies beside numbers that it does not belong to.

    Args:
        folder: made if it is not there.
        comparison: the numbers.
        published: those of others, in a file of their own.

    Raises:
        OddframeError: the folder cannot be written.
    """
    write_csv(
        folder / "metrics.csv",
        ("model", "metric", *_NUMBERS),
        [
            (model, metric, *astuple(part))
            for model, metrics in comparison.models.items()
            for metric, part in metrics.items()
        ],
    )
    write_csv(
        folder / "differences.csv",
        ("first", "second", "metric", "difference", "low", "high", "words"),
        [
            (d.first, d.second, d.metric, d.value.value, d.value.low, d.value.high, d.words)
            for d in comparison.differences
        ],
    )
    write_csv(
        folder / "decisions.csv",
        ("model", "decision", "oracle", "threshold", "chosen_on", "class", "metric", *_NUMBERS),
        [
            (model, name, d.oracle, d.threshold, d.chosen_on, title, metric, *astuple(part))
            for model, decided in comparison.decisions.items()
            for name, d in decided.items()
            for title, metrics in {"": d.metrics, **d.classes}.items()
            for metric, part in metrics.items()
        ],
    )
    _write_or_remove(
        folder / "classes.csv",
        ("model", "class", "videos", "anomalous_frames", "metric", *_NUMBERS),
        [
            (model, title, *comparison.class_counts[title].values(), metric, *astuple(part))
            for model, classes in comparison.classes.items()
            for title, metrics in classes.items()
            for metric, part in metrics.items()
        ],
    )
    _write_or_remove(
        folder / "seeds.csv",
        ("model", "metric", "repeat", "value"),
        [
            (model, metric, place, value)
            for model, metrics in comparison.repeats.items()
            for metric, values in metrics.items()
            for place, value in enumerate(values)
        ],
    )
    _write_or_remove(
        folder / "oracle.csv",
        ("model", "metric", *_NUMBERS, "gap", "gap_low", "gap_high", "gap_note"),
        [
            (model, metric, *astuple(part), *astuple(_gap(comparison, model, metric)))
            for model, metrics in comparison.oracle.items()
            for metric, part in metrics.items()
        ],
    )
    _write_or_remove(
        folder / "published.csv",
        tuple(field.name for field in fields(Published)),
        [astuple(row) for row in published],
    )


def _gap(comparison: Comparison, model: str, metric: str) -> Measured:
    return comparison.oracle_gaps.get(model, {}).get(metric, Measured(None))


def _write_or_remove(path: Path, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        write_csv(path, head, rows)
    else:
        path.unlink(missing_ok=True)
