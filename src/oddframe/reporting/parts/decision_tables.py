"""Decisions at thresholds as HTML: what is gained and paid where, with oracles in red."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from oddframe.evaluation.metric_names import decision_name
from oddframe.evaluation.result import Decision
from oddframe.evaluation.thresholds import OWN
from oddframe.reporting.parts.tables import grid

HINT = (
    "Frames above a threshold are called anomalous. Metrics that need no threshold (AUC, average "
    "precision, PR-AUC) stand in the table of frames. What is chosen on the evaluated videos is "
    "an oracle: an upper bound, not a result."
)


def decisions_section(models: Mapping[str, Mapping[str, Decision]], suspect: set[str]) -> str:
    """A row per model and threshold, and per class where there are classes.

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
        return ""
    red = {title for title, (part, doubted) in named.items() if part.oracle or doubted}
    notes = {
        title: f"above {part.threshold:.4g}; {_origin(part)}" for title, (part, _) in named.items()
    }
    rows = {title: part.metrics for title, (part, _) in named.items()}
    by_class = []
    for title, (part, _) in named.items():
        if part.classes:
            inside = grid("class", part.classes, set(part.classes) if title in red else set(), {})
            by_class.append(f"<details><summary>{escape(title)}</summary>{inside}</details>")
    inner = "".join(by_class)
    if inner:
        inner = f"<details><summary>Per class, under the class mask</summary>{inner}</details>"
    return f'<p class="hint">{escape(HINT)}</p>{grid("threshold", rows, red, notes)}{inner}'


def _origin(part: Decision) -> str:
    if part.rule == "fixed" and not part.oracle:
        return "by convention"
    return f"{'from' if part.rule == OWN else 'chosen on'} {part.chosen_on}"
