"""The training curve as small drawings: one per term, train and validation over the steps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.evaluation.metric_names import metric_name
from oddframe.reporting.drawing.score_axes import ScoreAxis, score_axis, thin_series

SPLITS = {"train": "series0", "val": "series1", "oracle": "suspect"}
"""Split of a line of ``metrics.jsonl`` to the CSS class of its line."""

WORDS = {
    "train": "training, mean since the validation before",
    "val": "validation",
    "oracle": "test videos (oracle: nothing may be chosen by it)",
}

HEIGHT = 1000
"""Height and width of a drawing's own coordinates."""

BINS = 150
"""How finely a line is drawn."""

Line = tuple[list[float], list[float]]
"""Steps and values."""


def training_section(curve: Sequence[Mapping[str, Any]]) -> str:
    """Every term of the training curve over the steps, grouped by phase; nothing if it is empty.

    An axis is logarithmic where all its values are positive and span a factor of ten or more.

    Args:
        curve: the lines of ``metrics.jsonl``: ``step``, ``split``, and each term by name. A name
            ``phase/term`` belongs to a phase. Values that are not finite are left out.

    Raises:
        OddframeError: a line without a step or a split that is known.
    """
    phases = curve_terms(curve)
    if not phases:
        return ""
    last = max(float(line["step"]) for line in curve)
    splits = [split for split in SPLITS if any(line["split"] == split for line in curve)]
    marks = "".join(f'<li><i class="{SPLITS[split]}"></i>{WORDS[split]}</li>' for split in splits)
    parts = [
        '<p class="hint">Each term over the training steps, on an axis of its own (“log”: a '
        "logarithmic one); the number beside its name is the last.</p>"
        f'<ul class="legend">{marks}</ul>'
    ]
    # What belongs to no phase is measured at validations, unless there is one phase only.
    for phase in sorted(phases, key=lambda name: not name):
        if len(phases) > 1:
            parts.append(f"<h3>{escape(f'Phase: {phase}' if phase else 'At each validation')}</h3>")
        panels = "".join(_panel(term, lines, last) for term, lines in phases[phase].items())
        parts.append(f'<div class="panels">{panels}</div>')
    return "".join(parts)


def curve_terms(curve: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, Line]]]:
    """The lines of a training curve: phase to term to split to steps and finite values.

    Args:
        curve: the lines of ``metrics.jsonl``.

    Raises:
        OddframeError: a line without a step or a split that is known.
    """
    phases: dict[str, dict[str, dict[str, Line]]] = {}
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


def _panel(term: str, lines: Mapping[str, Line], last: float) -> str:
    ends = [
        f'<b class="{SPLITS[split]}">{values[-1]:.3g}{" (oracle)" if split == "oracle" else ""}</b>'
        for split, (_, values) in lines.items()
    ]
    drawn = [(SPLITS[split], line) for split, line in lines.items()]
    return curve_panel(metric_name(term).label, drawn, last, " ".join(ends))


def curve_panel(
    label: str, lines: Sequence[tuple[str, Line]], last: float, caption: str = ""
) -> str:
    """One small drawing of lines over the steps.

    Args:
        label: plain text.
        lines: CSS class and line, at least one.
        last: the step at the right end.
        caption: HTML after the label.
    """
    values = [np.array(value) for _, (_, value) in lines]
    low, high = min(part.min() for part in values), max(part.max() for part in values)
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
        drawn.append(f'<polyline class="{kind}" points="{" ".join(points)}"/>')
    scale = " · log" if logarithmic else ""
    said = escape(label)
    return (
        f'<figure class="lane"><figcaption>{said} <small>'
        f'{caption}{scale}</small></figcaption><div class="plot">'
        f'<div class="y" aria-hidden="true"><span style="top:0">{top}</span>'
        f'<span style="top:100%">{foot}</span></div><div class="track">'
        f'<svg viewBox="0 0 {HEIGHT} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{said} over the training steps">{"".join(drawn)}</svg></div>'
        f'<div class="x" aria-hidden="true"><span style="left:0">0</span>'
        f'<span style="left:100%">{last:,.0f} steps</span></div></div></figure>'
    )


def _told_apart(low: float, high: float) -> tuple[str, str]:
    """Both numbers with as many digits as it takes to tell them apart, three to six."""
    for digits in range(3, 6):
        if f"{low:.{digits}g}" != f"{high:.{digits}g}":
            return f"{low:.{digits}g}", f"{high:.{digits}g}"
    return f"{low:.6g}", f"{high:.6g}"
