"""Figures as every page shows them: charts, lanes over time, curves in a square, their keys."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

HEIGHT = 1000
"""Height of a lane's own coordinates."""


@dataclass(frozen=True)
class Mark:
    """An entry of a key: CSS classes of its colour, and its name."""

    kind: str
    text: str


@dataclass(frozen=True)
class Legend:
    """The key of a figure."""

    template: ClassVar[str] = "parts/legend.html"
    marks: Sequence[Mark]


@dataclass(frozen=True)
class Line:
    """A line, or the outline of an area, in the coordinates of its figure.

    Attributes:
        kind: CSS classes.
        points: as SVG wants them.
        filled: whether it is an area.
    """

    kind: str
    points: str
    filled: bool = False


@dataclass(frozen=True)
class Label:
    """Text at a place along an axis, in percent of it as CSS wants it."""

    place: str
    text: str


@dataclass(frozen=True)
class Span:
    """A stretch of a lane: where it starts, how wide it is, its name."""

    start: int
    width: int
    name: str = ""


@dataclass(frozen=True)
class Lane:
    """Lines over one time axis, as wide as the page.

    Attributes:
        title: stands above it.
        said: what it is called where it cannot be seen.
        width: width in its own coordinates; the height is :data:`HEIGHT`.
        lines: those that come later lie on top.
        y, x: labels of the axes, from the top and from the left.
        truth: annotated events.
        threshold: height of a dashed line.
        values: last values of lines, told in their colours; or the one model that it shows.
        between: stands between those.
        logarithmic: whether the axis is.
    """

    template: ClassVar[str] = "parts/lane.html"
    title: str
    said: str
    width: int
    lines: Sequence[Line]
    y: Sequence[Label]
    x: Sequence[Label]
    truth: Sequence[Span] = ()
    threshold: int | None = None
    values: Sequence[Mark] = ()
    between: str = " "
    logarithmic: bool = False


@dataclass(frozen=True)
class Lanes:
    """Lanes, of which some are seen and the others unfold.

    Attributes:
        opened: those that are seen.
        folded: the others.
        summary: what the others are.
    """

    template: ClassVar[str] = "parts/lanes.html"
    opened: Sequence[Lane]
    folded: Sequence[Lane] = ()
    summary: str = ""


@dataclass(frozen=True)
class Tick:
    """Text at a place of an axis from 0 to 100."""

    place: float
    text: str


@dataclass(frozen=True)
class Dot:
    """A point in a square of 100 by 100; the origin is above on the left."""

    kind: str
    x: float
    y: float


@dataclass(frozen=True)
class Plane:
    """Curves in a square of 100 by 100; the origin of lines and dots is above on the left.

    Attributes:
        title: stands above it.
        x, y: names of the axes.
        across, upwards: their ticks.
        lines: those that come later lie on top.
        dots: lie on top of all lines.
        legend: key of the lines.
        note: stands below.
    """

    template: ClassVar[str] = "parts/plane.html"
    title: str
    x: str
    y: str
    across: Sequence[Tick]
    upwards: Sequence[Tick]
    lines: Sequence[Line]
    dots: Sequence[Dot] = ()
    legend: Legend | None = None
    note: str = ""


@dataclass(frozen=True)
class Planes:
    """Planes side by side."""

    template: ClassVar[str] = "parts/planes.html"
    planes: Sequence[Plane]


@dataclass(frozen=True)
class Chart:
    """A picture of its own.

    Attributes:
        source: its ``data:`` address, so that the page needs no other file.
        said: what is to be seen.
        caption: stands above it.
    """

    template: ClassVar[str] = "parts/chart.html"
    source: str
    said: str
    caption: str = ""


def data_uri(content: bytes, kind: str = "jpeg") -> str:
    """A picture as the ``src`` of an image, so that the page needs no other file."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
