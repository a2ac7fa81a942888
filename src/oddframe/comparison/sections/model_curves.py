"""The training curves of several models laid over each other: one drawing per term."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from oddframe.errors import OddframeError
from oddframe.evaluation.metric_names import metric_name
from oddframe.pages.colours import series_class
from oddframe.pages.figures import Lane, Legend, Mark
from oddframe.reporting.parts.lanes import series_key
from oddframe.reporting.parts.training_curves import WORDS, Term, curve_panel, curve_terms

ORDER = ("val", "train", "oracle")
"""Validation comes first, since models are chosen by it."""

Drawn = list[tuple[str, Term]]
"""Model and line of one term."""


@dataclass(frozen=True)
class Split:
    """The terms of one split.

    Attributes:
        heading: its words.
        oracle: whether nothing may be chosen by it.
        shared: drawings of the terms that several models have.
        alone: drawings of the terms that one model has alone.
    """

    heading: str
    oracle: bool
    shared: Sequence[Lane]
    alone: Sequence[Lane]


@dataclass(frozen=True)
class ModelCurves:
    """Training curves of several models.

    Attributes:
        key: which line is which model's.
        unknown: models without a curve.
        splits: drawings of the terms.
    """

    template: ClassVar[str] = "comparison/training.html"
    key: Legend
    unknown: Sequence[str]
    splits: Sequence[Split]


def model_curves(
    curves: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]], models: Sequence[str]
) -> ModelCurves | None:
    """Each term that several models share as one drawing; terms of one model alone are folded.

    Args:
        curves: model name to the lines of ``metrics.jsonl`` of each of its trainings.
        models: all names of the page in order, which gives the colours.

    Raises:
        OddframeError: a curve that cannot be read; the message names the model.
    """
    terms: dict[str, dict[tuple[str, str], Drawn]] = {split: {} for split in ORDER}
    last = 0.0
    for name in models:
        for curve in curves.get(name, ()):
            try:
                phases = curve_terms(curve)
            except OddframeError as error:
                raise OddframeError(f"'{name}': {error}") from None
            for phase, named in phases.items():
                for term, lines in named.items():
                    for split, line in lines.items():
                        terms[split].setdefault((phase, term), []).append((name, line))
                        last = max(last, *line[0])
    known = {name for groups in terms.values() for drawn in groups.values() for name, _ in drawn}
    if not known:
        return None
    kinds = {name: series_class(place) for place, name in enumerate(models)}
    splits = []
    for split in ORDER:
        groups = dict(sorted(terms[split].items(), key=_order))
        if not groups:
            continue
        shared = {key for key, d in groups.items() if len({name for name, _ in d}) > 1}
        if len(known) == 1:
            shared = set(groups)
        panels = {
            key: _panel(split, *key, drawn, kinds, last, key not in shared)
            for key, drawn in groups.items()
        }
        splits.append(
            Split(
                heading=f"{WORDS[split][:1].upper()}{WORDS[split][1:]}",
                oracle=split == "oracle",
                shared=[panel for key, panel in panels.items() if key in shared],
                alone=[panel for key, panel in panels.items() if key not in shared],
            )
        )
    unknown = [name for name in models if name not in known]
    return ModelCurves(series_key(list(models)), unknown, splits)


def _order(item: tuple[tuple[str, str], Drawn]) -> tuple[str, bool]:
    """By phase, and metrics before losses, which have no meaning that they share."""
    (phase, term), _ = item
    return phase, not metric_name(term).meaning


def _panel(
    split: str,
    phase: str,
    term: str,
    drawn: Drawn,
    kinds: Mapping[str, str],
    last: float,
    one_only: bool,
) -> Lane:
    label = metric_name(term).label
    label = f"{phase}: {label}" if phase else label
    notes = [Mark("", drawn[0][0])] if one_only else []
    if split == "oracle":
        notes.append(Mark("suspect", "oracle"))
    lines = [(kinds[name], line) for name, line in drawn]
    return curve_panel(label, lines, last, notes, between=" · ")
