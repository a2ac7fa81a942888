"""Curves drawn inside a page; colours come from its style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from oddframe.evaluation.result import Curve, Evaluation
from oddframe.pages.colours import series_class

Ticks = Sequence[tuple[float, str]]
"""Places from 0 to 100 along an axis, and what stands there."""

SHARES: Ticks = [(place, f"{place / 100:g}") for place in (0.0, 25.0, 50.0, 75.0, 100.0)]


def plane_svg(
    title: str,
    axes: tuple[tuple[str, Ticks], tuple[str, Ticks]],
    marks: str,
    below: str = "",
) -> str:
    """A square of 100 by 100 with its axes, as a figure.

    Args:
        title: plain text above it.
        axes: of x and of y, label and ticks.
        marks: SVG inside it; the origin is above on the left.
        below: HTML under it.
    """
    (x_label, across), (y_label, upwards) = axes
    ticks = "".join(
        f'<line class="grid" x1="{v:.4g}" x2="{v:.4g}" y1="0" y2="100"/>'
        f'<text x="{v:.4g}" y="107" text-anchor="middle">{escape(words)}</text>'
        for v, words in across
    ) + "".join(
        f'<line class="grid" x1="0" x2="100" y1="{100 - v:.4g}" y2="{100 - v:.4g}"/>'
        f'<text x="-3" y="{102 - v:.4g}" text-anchor="end">{escape(words)}</text>'
        for v, words in upwards
    )
    return (
        f'<figure class="curve"><figcaption>{escape(title)}</figcaption>'
        f'<svg viewBox="-20 -4 126 124" role="img" aria-label="{escape(title)}">'
        f"{ticks}{marks}"
        f'<text x="50" y="117" text-anchor="middle">{escape(x_label)}</text>'
        f'<text transform="translate(-15 50) rotate(-90)" text-anchor="middle">'
        f"{escape(y_label)}</text></svg>{below}</figure>"
    )


def polyline(x: Sequence[float], y: Sequence[float], kind: str) -> str:
    """A line through places of the square, y upwards, with CSS classes."""
    points = (f"{a:.2f},{100 - b:.2f}" for a, b in zip(x, y, strict=True))
    return f'<polyline class="{kind}" points="{" ".join(points)}"/>'


def band(
    x: Sequence[float], low: Sequence[float | None], high: Sequence[float | None], kind: str
) -> str:
    """The area between two lines, in parts where either has no place."""
    parts: list[list[tuple[float, float, float]]] = [[]]
    for place, below, above in zip(x, low, high, strict=True):
        if below is None or above is None:
            parts.append([])
        else:
            parts[-1].append((place, below, above))
    outlines = (
        [(a, b) for a, b, _ in part] + [(a, c) for a, _, c in reversed(part)] for part in parts
    )
    return "".join(
        f'<polygon class="{kind}" '
        f'points="{" ".join(f"{a:.2f},{100 - b:.2f}" for a, b in outline)}"/>'
        for outline in outlines
        if outline
    )


def curves_svg(
    curves: Sequence[Curve], title: str, x_label: str, y_label: str, chance: Curve
) -> str:
    """ROC or precision-recall curves on the unit square, over the curve of pure chance.

    The lines have the CSS classes ``series0``, ``series1`` and so on.
    """

    def line(part: Curve, kind: str) -> str:
        return polyline([100 * v for v in part.x], [100 * v for v in part.y], kind)

    lines = "".join(line(curve, series_class(place)) for place, curve in enumerate(curves))
    return plane_svg(
        title, ((x_label, SHARES), (y_label, SHARES)), f"{line(chance, 'chance')}{lines}"
    )


def roc_and_pr(evaluations: Sequence[Evaluation]) -> str:
    """Both kinds of curves side by side, one line per evaluation; nothing if there are none."""
    drawn = []
    for kind, title, x_label, y_label in (
        ("roc", "ROC curve", "false-positive rate", "true-positive rate"),
        ("pr", "Precision and recall", "recall", "precision"),
    ):
        curves = [e.curves[kind] for e in evaluations if kind in e.curves]
        if len(curves) != len(evaluations):
            continue
        share = evaluations[0].anomalous_frames / evaluations[0].frames
        levels = [0.0, 1.0] if kind == "roc" else [share, share]
        drawn.append(curves_svg(curves, title, x_label, y_label, Curve([0.0, 1.0], levels)))
    return f'<div class="curves">{"".join(drawn)}</div>' if drawn else ""
