"""Bars in groups, of shares between 0 and 1, as a page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from oddframe.pages.figures import Legend

TALL = 150
"""Height of a bar of 1, in pixels."""


@dataclass(frozen=True)
class Bar:
    """A bar.

    Attributes:
        kind: CSS classes.
        x, width: where it begins and how wide it is, in pixels.
        top: its upper end, in pixels below that of a bar of 1; :data:`TALL` where it has no value.
        low, high: ends of its interval in the same way, None without one.
        text: its value, or why it has none.
        above: where that begins, in the same way.
    """

    kind: str
    x: float
    width: float
    top: float
    low: float | None
    high: float | None
    text: str
    above: float


@dataclass(frozen=True)
class BarGroup:
    """Bars of one thing side by side: where the middle is, what it is called, a line below."""

    middle: float
    name: str
    note: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class BarRow:
    """Groups beside each other, and the width of all, in pixels."""

    width: float
    groups: Sequence[BarGroup]


@dataclass(frozen=True)
class BarChart:
    """Rows of groups.

    Attributes:
        title: stands above it.
        legend: whose bar is which; None where there is one in each group.
        rows: under each other, one axis for all.
        slanted: whether names are written aslant, as there is no room.
        chance: whether half is marked.
        tall: :data:`TALL`.
        deep: room for the names, in pixels.
    """

    template: ClassVar[str] = "parts/bars.html"
    title: str
    legend: Legend | None
    rows: Sequence[BarRow]
    slanted: bool
    chance: bool
    tall: int = TALL
    deep: int = 40
