"""A run in MLflow's words: names that it allows, values, tags, and the note on the run's page."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from oddframe.evaluation.result import Measured
from oddframe.tracking.record import Point, RunRecord
from oddframe.tracking.run_results import ORACLE_RESULT

STATE = "oddframe.state"
_LONGEST_NAME, _LONGEST_TAG = 250, 5000
_SHOWN_RESULTS = 10

Value = tuple[str, int, float]
"""Metric, step and value, as MLflow keeps them."""


def curve_values(points: Iterable[Point]) -> list[Value]:
    """The points of a curve."""
    return [(allowed_name(point.name), point.step, point.value) for point in points]


def result_values(results: dict[str, Measured]) -> Iterator[Value]:
    """Results at step 0, and the ends of their intervals under names of their own."""
    for name, measured in results.items():
        ends = {"": measured.value, ".low": measured.low, ".high": measured.high}
        for suffix, value in ends.items():
            if value is not None and math.isfinite(value):
                yield allowed_name(f"{name}{suffix}"), 0, float(value)


def allowed_name(name: str) -> str:
    """A name as MLflow allows it: others than letters, digits and ``_ - . / space`` as ``:hex:``.

    A part of a path that is empty or only dots would be taken as another path and is written so
    too. A name that is too long ends with a hash in place of the rest.
    """
    parts = []
    for part in name.split("/"):
        odd = r"." if part.strip(".") == "" else r"[^\w. -]"
        parts.append(re.sub(odd, lambda found: f":{ord(found[0]):x}:", part) or "::")
    written = "/".join(parts)
    if len(written) <= _LONGEST_NAME:
        return written
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{written[: _LONGEST_NAME - 17]}-{digest}"


def file_name(name: str) -> str:
    """A path inside MLflow without what an address or Windows would misread, as ``~hex``."""
    return re.sub(r'[%#?~\\:*"<>|]', lambda found: f"~{ord(found[0]):02x}", name)


def tag_entities(tags: dict[str, str]) -> list[Any]:
    """Tags, cut to the length that MLflow takes."""
    from mlflow.entities import RunTag

    return [RunTag(allowed_name(name), value[:_LONGEST_TAG]) for name, value in tags.items()]


def tags_of(record: RunRecord) -> dict[str, str]:
    """The tags of a run, its state and the note on its page among them."""
    return {**record.tags, STATE: record.state, "mlflow.note.content": note_of(record)}


def note_of(record: RunRecord) -> str:
    """The description on the run's page, in Markdown: its main numbers and where the run is.

    Those of the test split come first, then what was selected, oracle last; some of each.
    """
    main = {n: x for n, x in record.results.items() if "/class/" not in n and "/at/" not in n}
    parts: dict[tuple[bool, ...], list[str]] = {}
    for name in sorted(main, key=_importance):
        parts.setdefault(_importance(name)[:2], []).append(name)
    shown = [name for names in parts.values() for name in names[:_SHOWN_RESULTS]]
    lines = ["| result | value | 95 % interval |", "|---|---|---|"] if shown else []
    for name in shown:
        measured = main[name]
        known = measured.low is not None and measured.high is not None
        interval = f"{measured.low:.4g} to {measured.high:.4g}" if known else ""
        lines.append(f"| {name} | {measured.value:.4g} | {interval} |")
    if any(name.startswith(ORACLE_RESULT) for name in shown):
        lines += ["", "oracle: chosen on the very videos it is measured on, an upper bound."]
    if len(record.results) > len(shown):
        lines += ["", f"{len(record.results) - len(shown)} more are among the metrics."]
    return "\n".join([*lines, "", f"Run folder: `{record.folder}` ({record.state})"])


def _importance(name: str) -> tuple[bool, ...]:
    """To sort results by, the most important first: the part of the table, then the place in it."""
    return (
        name.startswith(ORACLE_RESULT),
        "selected/" in name,
        not name.removeprefix(ORACLE_RESULT).startswith("test/"),
        not name.endswith("/micro_auc"),
    )
