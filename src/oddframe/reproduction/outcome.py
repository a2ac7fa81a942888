"""Measured beside expected, in words, and the list of what can be reproduced."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from oddframe.evaluation.metric_names import metric_name
from oddframe.evaluation.result import Measured
from oddframe.reproduction.recipe import OWN_MANIFEST, Recipe, Value

_MEANING = {
    "selected": "checkpoint selected on validation",
    "oracle": "oracle: checkpoint selected on the test videos, an upper bound",
    "held-out": "selected on validation, scores not scaled within test videos",
}


@dataclass(frozen=True)
class Reproduction:
    """What ``reproduce`` found.

    Attributes:
        recipe: what was reproduced.
        measured: row of :data:`oddframe.reproduction.recipe.ROWS` to the recipe's metric.
        report: the report page of the selected checkpoint.
    """

    recipe: Recipe
    measured: dict[str, Measured]
    report: Path

    def text(self) -> str:
        """Measured, expected, difference, and what to make of it."""
        recipe = self.recipe
        lines = [f"\n{recipe.title}: {recipe.citation}; {recipe.table}", ""]
        lines += [f"{metric_name(recipe.metric).label}, measured:"]
        cut = f"; from frame {recipe.skip_first} of each video on" if recipe.skip_first else ""
        lines += [
            f"  {row:<8}  {_number(part)}  {_MEANING[row]}{cut if row != 'held-out' else ''}"
            for row, part in self.measured.items()
        ]
        lines += ["", "expected:"]
        lines += [f"  {verdict(part, self.measured[part.row])}" for part in recipe.expected]
        if not recipe.expected:
            lines.append("  nobody has said a number")
        if recipe.reference:
            lines += ["", "for reference, not expected here:"]
            lines += [f"  {_named(part)}" for part in recipe.reference]
        return "\n".join([*lines, "", f"protocol: {recipe.protocol}", f"report: {self.report}"])


@dataclass(frozen=True)
class RecipeList:
    """All shipped recipes."""

    recipes: tuple[Recipe, ...]

    def text(self) -> str:
        """A line for each: name, expected value, title, what it needs."""
        rows = [
            (recipe.name, _expected(recipe), f"{recipe.title}; needs {_needs(recipe)}")
            for recipe in self.recipes
        ]
        widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
        lines = [
            f"  {name.ljust(widths[0])}  {value.ljust(widths[1])}  {words}"
            for name, value, words in rows
        ]
        how = "\nsee what is missing: oddframe reproduce NAME --data FOLDER --check"
        return "\n".join(["recipes, each with what is expected:", *lines, how])


def verdict(expected: Value, measured: Measured) -> str:
    """A sentence: expected, measured, their difference, and whether that can be chance.

    Args:
        expected: the number to hold it against.
        measured: the metric of that row as measured here, with its 95 % interval if there is one.
    """
    said = _named(expected)
    if measured.value is None:
        return f"{said}; measured: undefined ({measured.note})"
    gap = measured.value - expected.value
    words = f"{said}; measured {measured.value:.4f}, difference {gap:+.4f}: "
    if measured.low is None or measured.high is None:
        return words + "there is no interval to judge it by"
    interval = f"the measured 95 % interval [{measured.low:.4f}, {measured.high:.4f}]"
    if measured.low <= expected.value <= measured.high:
        words += f"the expected value lies inside {interval}, other test videos could explain it"
    else:
        where = "above" if expected.value > measured.high else "below"
        words += f"the expected value lies {where} {interval}, it is not reproduced"
    if expected.spread:
        apart = abs(gap) / expected.spread
        words += (
            f"; it is {apart:.1f} standard deviations of the seeds ({expected.spread:.3f}) away"
        )
    return words


def _named(part: Value) -> str:
    recalled = ", recalled, not looked up again" if part.recalled else ""
    note = f"; {part.note}" if part.note else ""
    return f"{part.row} {part.value:.4f} ({part.by}{recalled}, {part.where}{note})"


def _number(part: Measured) -> str:
    if part.value is None:
        return f"undefined ({part.note})"
    if part.low is None or part.high is None:
        return f"{part.value:.4f}"
    return f"{part.value:.4f} [{part.low:.4f}, {part.high:.4f}]"


def _expected(recipe: Recipe) -> str:
    if not recipe.expected:
        return "-"
    first = recipe.expected[0]
    by = "published" if first.by == "published" else "measured"
    by += ", recalled" * first.recalled
    return f"{_SHORT[recipe.metric]} {first.value:.3f} {by}"


_SHORT = {"micro_auc": "AUC", "macro_auc": "macro AUC", "average_precision": "AP"}


def _needs(recipe: Recipe) -> str:
    parts = [recipe.dataset if recipe.dataset != OWN_MANIFEST else "a manifest"]
    if recipe.features is not None:
        parts.append(f"{recipe.features.backbone} features")
    if recipe.weights is not None:
        parts.append(recipe.weights.what)
    return ", ".join(parts)
