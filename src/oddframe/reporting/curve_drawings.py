"""ROC and precision-recall curves drawn inside a page; colours come from its style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from oddframe.evaluation.result import Curve, Evaluation
from oddframe.reporting.colours import series_class


def curves_svg(
    curves: Sequence[Curve], title: str, x_label: str, y_label: str, chance: Curve
) -> str:
    """ROC or precision-recall curves on the unit square, over the curve of pure chance.

    The lines have the CSS classes ``series0``, ``series1`` and so on.
    """

    def line(part: Curve, kind: str) -> str:
        points = (f"{100 * x:.2f},{100 - 100 * y:.2f}" for x, y in zip(part.x, part.y, strict=True))
        return f'<polyline class="{kind}" points="{" ".join(points)}"/>'

    ticks = "".join(
        f'<line class="grid" x1="{v}" x2="{v}" y1="0" y2="100"/>'
        f'<line class="grid" x1="0" x2="100" y1="{v}" y2="{v}"/>'
        f'<text x="{v}" y="107" text-anchor="middle">{v / 100:g}</text>'
        f'<text x="-3" y="{102 - v}" text-anchor="end">{v / 100:g}</text>'
        for v in (0, 25, 50, 75, 100)
    )
    lines = "".join(line(curve, series_class(place)) for place, curve in enumerate(curves))
    return (
        f'<figure class="curve"><figcaption>{escape(title)}</figcaption>'
        f'<svg viewBox="-20 -4 126 124" role="img" aria-label="{escape(title)}">'
        f"{ticks}{line(chance, 'chance')}{lines}"
        f'<text x="50" y="117" text-anchor="middle">{escape(x_label)}</text>'
        f'<text transform="translate(-15 50) rotate(-90)" text-anchor="middle">'
        f"{escape(y_label)}</text></svg></figure>"
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
