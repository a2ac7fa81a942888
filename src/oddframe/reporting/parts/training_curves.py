"""The terms of a training curve, and a small drawing of one of them over the steps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.pages.figures import HEIGHT, Label, Lane, Line, Mark
from oddframe.reporting.drawing.score_axes import ScoreAxis, score_axis, thin_series

SPLITS = {"train": "series0", "val": "series1", "oracle": "suspect"}
"""Split of a line of ``metrics.jsonl`` to the CSS class of its line."""

WORDS = {
    "train": "training, mean since the validation before",
    "val": "validation",
    "oracle": "test videos (oracle: nothing may be chosen by it)",
}

BINS = 150
"""How finely a line is drawn."""

Term = tuple[list[float], list[float]]
"""Steps and values."""


def curve_terms(curve: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, Term]]]:
    """The lines of a training curve: phase to term to split to steps and finite values.

    Args:
        curve: the lines of ``metrics.jsonl``.

    Raises:
        OddframeError: a line without a step or a split that is known.
    """
    phases: dict[str, dict[str, dict[str, Term]]] = {}
    for line in curve:
        step, split = _place(line)
        for name, value in line.items():
            if name in ("step", "epoch", "split") or not _is_finite(value):
                continue
            phase, _, term = name.rpartition("/")
            steps, values = (
                phases.setdefault(phase, {}).setdefault(term, {}).setdefault(split, ([], []))
            )
            steps.append(float(step))
            values.append(float(value))
    return phases


def _place(line: Mapping[str, Any]) -> tuple[float, str]:
    if (
        not isinstance(line, Mapping)
        or not _is_finite(line.get("step"))
        or str(line.get("split")) not in SPLITS
    ):
        raise OddframeError(
            "training curve (metrics.jsonl): expected lines with a number 'step' and a 'split' of "
            f"{', '.join(SPLITS)}, found {str(line)[:80]!r}; repair or remove the file"
        )
    return line["step"], line["split"]


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def curve_panel(
    label: str,
    lines: Sequence[tuple[str, Term]],
    last: float,
    values: Sequence[Mark] = (),
    between: str = " ",
) -> Lane:
    """One small drawing of lines over the steps.

    Args:
        label: stands above it.
        lines: CSS class and line, at least one.
        last: the step at the right end.
        values: told after the label.
        between: what stands between them.
    """
    every = [np.array(numbers) for _, (_, numbers) in lines]
    low, high = min(part.min() for part in every), max(part.max() for part in every)
    logarithmic = low > 0 and high >= 10 * low
    if logarithmic:
        axis = ScoreAxis(math.log10(low), math.log10(high))
        foot, top = _told_apart(float(low), float(high))
    else:
        # A term that never changes lies in the middle.
        spare = 0.0 if high > low else abs(low) / 2 or 0.5
        axis = score_axis([np.array([low - spare, high + spare])], None)
        foot, top = _told_apart(axis.low, axis.high)
    drawn = []
    for kind, (steps, numbers) in lines:
        kept = thin_series(np.array(numbers), BINS)
        heights = axis.height(np.log10(numbers) if logarithmic else np.array(numbers))
        points = [
            f"{HEIGHT * steps[i] / (last or 1):.0f},{HEIGHT * (1 - heights[i]):.0f}" for i in kept
        ]
        if len(points) == 1:
            points *= 2  # the round ends of a line without length make a dot
        drawn.append(Line(kind, " ".join(points)))
    return Lane(
        title=label,
        said=f"{label} over the training steps",
        width=HEIGHT,
        lines=drawn,
        y=(Label("0", top), Label("100%", foot)),
        x=(Label("0", "0"), Label("100%", f"{last:,.0f} steps")),
        values=values,
        between=between,
        logarithmic=logarithmic,
    )


def _told_apart(low: float, high: float) -> tuple[str, str]:
    """Both numbers with as many digits as it takes to tell them apart, three to six."""
    for digits in range(3, 6):
        if f"{low:.{digits}g}" != f"{high:.{digits}g}":
            return f"{low:.{digits}g}", f"{high:.{digits}g}"
    return f"{low:.6g}", f"{high:.6g}"
