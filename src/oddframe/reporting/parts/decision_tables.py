"""Decisions at thresholds: what is gained and paid where, with oracles in red."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from oddframe.evaluation.metric_names import decision_name
from oddframe.evaluation.result import Decision
from oddframe.evaluation.thresholds import OWN
from oddframe.pages.tables import Table
from oddframe.reporting.parts.tables import grid


@dataclass(frozen=True)
class Decisions:
    """What is decided at each threshold.

    Attributes:
        table: a row per model and threshold.
        classes: name of a row to its table, which has a row per class.
    """

    template: ClassVar[str] = "parts/decisions.html"
    table: Table
    classes: Sequence[tuple[str, Table]]


def decisions_part(
    models: Mapping[str, Mapping[str, Decision]], suspect: set[str]
) -> Decisions | None:
    """A row per model and threshold, and per class where there are classes; None without any.

    Args:
        models: model name to its decisions; a single model's name is not shown.
        suspect: models whose numbers are all shown in red.
    """
    named = {
        (f"{model}: {decision_name(name)}" if len(models) > 1 else decision_name(name)): (
            part,
            model in suspect,
        )
        for model, decided in models.items()
        for name, part in decided.items()
    }
    if not named:
        return None
    red = {title for title, (part, doubted) in named.items() if part.oracle or doubted}
    notes = {
        title: f"above {part.threshold:.4g}; {_origin(part)}" for title, (part, _) in named.items()
    }
    rows = {title: part.metrics for title, (part, _) in named.items()}
    classes = [
        (title, grid("class", part.classes, set(part.classes) if title in red else set(), {}))
        for title, (part, _) in named.items()
        if part.classes
    ]
    return Decisions(grid("threshold", rows, red, notes), classes)


def _origin(part: Decision) -> str:
    if part.rule == "fixed" and not part.oracle:
        return "by convention"
    return f"{'from' if part.rule == OWN else 'chosen on'} {part.chosen_on}"
