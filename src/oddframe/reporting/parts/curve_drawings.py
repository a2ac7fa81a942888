"""Curves in a square; their colours come from the page's style sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from oddframe.evaluation.result import Curve, Evaluation
from oddframe.pages.colours import series_class
from oddframe.pages.figures import Line, Plane, Planes, Tick

SHARES = [Tick(place, f"{place / 100:g}") for place in (0.0, 25.0, 50.0, 75.0, 100.0)]
"""Ticks of an axis from 0 to 1."""


def polyline(x: Sequence[float], y: Sequence[float], kind: str) -> Line:
    """A line through places of the square, y upwards, with CSS classes."""
    return Line(kind, _points(zip(x, y, strict=True)))


def band(
    x: Sequence[float], low: Sequence[float | None], high: Sequence[float | None], kind: str
) -> list[Line]:
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
    return [Line(kind, _points(outline), filled=True) for outline in outlines if outline]


def _points(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.2f},{100 - y:.2f}" for x, y in places)


def roc_and_pr(evaluations: Sequence[Evaluation]) -> Planes | None:
    """Both kinds of curves side by side, one line per evaluation, over the curve of pure chance.

    The lines have the CSS classes ``series0``, ``series1`` and so on; None without any curve.
    """
    planes = []
    for kind, title, x_label, y_label in (
        ("roc", "ROC curve", "false-positive rate", "true-positive rate"),
        ("pr", "Precision and recall", "recall", "precision"),
    ):
        curves = [e.curves[kind] for e in evaluations if kind in e.curves]
        if not curves or len(curves) != len(evaluations):
            continue
        share = evaluations[0].anomalous_frames / evaluations[0].frames
        chance = Curve([0.0, 1.0], [0.0, 1.0] if kind == "roc" else [share, share])
        lines = [_share_line(chance, "chance")]
        lines += [_share_line(curve, series_class(place)) for place, curve in enumerate(curves)]
        planes.append(Plane(title, x_label, y_label, SHARES, SHARES, lines))
    return Planes(planes) if planes else None


def _share_line(curve: Curve, kind: str) -> Line:
    return polyline([100 * v for v in curve.x], [100 * v for v in curve.y], kind)
