"""The training curve in a report: a drawing per term, training and validation over the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from oddframe.evaluation.metric_names import metric_name
from oddframe.pages.figures import Lane, Legend, Mark
from oddframe.reporting.parts.training_curves import SPLITS, WORDS, Term, curve_panel, curve_terms


@dataclass(frozen=True)
class TrainingCurves:
    """A drawing per term.

    Attributes:
        key: which line is which split's.
        phases: name of a phase, empty where it is the only one, and the drawings of its terms.
    """

    template: ClassVar[str] = "report/training.html"
    key: Legend
    phases: Sequence[tuple[str, Sequence[Lane]]]


def training_section(curve: Sequence[Mapping[str, Any]]) -> TrainingCurves | None:
    """Every term of the training curve over the steps, grouped by phase; None if it is empty.

    An axis is logarithmic where all its values are positive and span a factor of ten or more.

    Args:
        curve: the lines of ``metrics.jsonl``: ``step``, ``split``, and each term by name. A name
            ``phase/term`` belongs to a phase. Values that are not finite are left out.

    Raises:
        OddframeError: a line without a step or a split that is known.
    """
    phases = curve_terms(curve)
    if not phases:
        return None
    last = max(float(line["step"]) for line in curve)
    splits = [split for split in SPLITS if any(line["split"] == split for line in curve)]
    drawn = []
    # What belongs to no phase is measured at validations, unless there is one phase only.
    for phase in sorted(phases, key=lambda name: not name):
        heading = f"Phase: {phase}" if phase else "At each validation"
        panels = [_panel(term, lines, last) for term, lines in phases[phase].items()]
        drawn.append((heading if len(phases) > 1 else "", panels))
    return TrainingCurves(Legend([Mark(SPLITS[split], WORDS[split]) for split in splits]), drawn)


def _panel(term: str, lines: Mapping[str, Term], last: float) -> Lane:
    ends = [
        Mark(SPLITS[split], f"{values[-1]:.3g}{' (oracle)' if split == 'oracle' else ''}")
        for split, (_, values) in lines.items()
    ]
    drawn = [(SPLITS[split], line) for split, line in lines.items()]
    return curve_panel(metric_name(term).label, drawn, last, ends)
