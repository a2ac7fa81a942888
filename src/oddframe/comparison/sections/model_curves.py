"""The training curves of several models laid over each other: one drawing per term."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from oddframe.errors import OddframeError
from oddframe.evaluation.metric_names import metric_name
from oddframe.pages.colours import series_class
from oddframe.reporting.parts.model_timelines import series_key
from oddframe.reporting.parts.training_curves import WORDS, Line, curve_panel, curve_terms

ORDER = ("val", "train", "oracle")
"""Validation comes first, since models are chosen by it."""

Drawn = list[tuple[str, Line]]
"""Model and line of one term."""


def model_curves(
    curves: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]], models: Sequence[str]
) -> str:
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
        return ""
    kinds = {name: series_class(place) for place, name in enumerate(models)}
    parts = [
        '<p class="hint">One line per training, models by colour, each drawing on an axis of its '
        "own (“log”: a logarithmic one). Losses of two models with the same name can be different "
        "sums: compare their shapes rather than their heights.</p>"
    ]
    if unknown := [name for name in models if name not in known]:
        parts.append(f'<p class="quiet">No training curve: {escape(", ".join(unknown))}.</p>')
    for split in ORDER:
        groups = terms[split]
        shared = {key for key, d in groups.items() if len({name for name, _ in d}) > 1}
        if len(known) == 1:
            shared = set(groups)
        if groups:
            red = ' class="suspect"' if split == "oracle" else ""
            words = WORDS[split]
            parts.append(f"<h3{red}>{escape(words[:1].upper() + words[1:])}</h3>")
        for one_only in (False, True):
            panels = "".join(
                _panel(split, *key, drawn, kinds, last, one_only)
                for key, drawn in sorted(groups.items(), key=_order)
                if (key not in shared) == one_only
            )
            if panels:
                grid = f'<div class="panels">{panels}</div>'
                label = "<details><summary>Terms of one model alone</summary>"
                parts.append(f"{label}{grid}</details>" if one_only else grid)
    return series_key(list(models)) + "".join(parts)


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
) -> str:
    label = metric_name(term).label
    label = f"{phase}: {label}" if phase else label
    notes = [escape(drawn[0][0])] if one_only else []
    if split == "oracle":
        notes.append('<b class="suspect">oracle</b>')
    lines = [(kinds[name], line) for name, line in drawn]
    return curve_panel(label, lines, last, " · ".join(notes))
