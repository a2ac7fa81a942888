"""A zone: a polygon of the picture with a name, and what is done there."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from unicodedata import normalize

from oddframe.console.characters import has_acting
from oddframe.console.words import count
from oddframe.errors import OddframeError

Kind = Literal["ignore", "watch"]
KINDS: tuple[Kind, ...] = ("ignore", "watch")
Point = tuple[float, float]
"""Right and down, each a share of the picture's width and height, 0 to 1."""
MOST_CORNERS = 200
MOST_SENSITIVE = 1000.0
_GRID = 50
"""Points to a side of the grid that says whether anything is left to look at."""
_LEAST_AREA = 1e-6
"""Share of the picture; less is a line."""


@dataclass(frozen=True)
class Zone:
    """A part of the picture.

    Attributes:
        name: what a person calls it.
        kind: ``ignore``: painted out before any detector sees it; ``watch``: what is odd there is
            said to be there, and may ring sooner or later than elsewhere.
        polygon: its corners in order, shares of the picture's width and height.
        sensitivity: of a watched zone, what the scores of what is odd there are multiplied by.
    """

    name: str
    kind: Kind
    polygon: tuple[Point, ...]
    sensitivity: float = 1.0

    def __post_init__(self) -> None:
        corners = self.polygon
        if len(corners) > 1 and corners[0] == corners[-1]:  # some close a polygon by its first
            corners = corners[:-1]
            object.__setattr__(self, "polygon", corners)
        object.__setattr__(self, "name", normalize("NFC", " ".join(self.name.split())))
        where = f"zone '{self.name}'"
        if has_acting(self.name):
            raise OddframeError(f"{where}: expected a name of plain characters; rename it")
        if not self.name:
            raise OddframeError("a zone without a name; give it one")
        if self.kind not in KINDS:
            raise OddframeError(f"{where}: expected ignore or watch, found '{self.kind}'")
        if not 1 / MOST_SENSITIVE <= self.sensitivity <= MOST_SENSITIVE:
            raise OddframeError(
                f"{where}: expected a sensitivity from {1 / MOST_SENSITIVE:g} to "
                f"{MOST_SENSITIVE:g}, found {self.sensitivity:g}; to see nothing there, make it a "
                "zone to ignore"
            )
        if self.kind == "ignore" and self.sensitivity != 1:
            raise OddframeError(f"{where}: what is ignored has no sensitivity; leave it out")
        if not 3 <= len(corners) <= MOST_CORNERS:
            raise OddframeError(
                f"{where}: expected 3 to {MOST_CORNERS} corners, found "
                f"{count(len(corners), 'corner')}"
            )
        for x, y in corners:
            if not (0 <= x <= 1 and 0 <= y <= 1):
                raise OddframeError(
                    f"{where}: expected corners inside the picture, from 0 to 1 to the right and "
                    f"down, found ({x:g}, {y:g}); divide pixels by the picture's width and height"
                )
        if crossing := _crossing(corners):
            (one, other) = crossing
            raise OddframeError(
                f"{where}: its sides {one} and {other} meet where they should not; give the "
                "corners in the order in which one walks around it, each once"
            )
        if abs(_area(corners)) < _LEAST_AREA:
            raise OddframeError(f"{where}: all its corners lie in a line; give it some room")

    def holds(self, x: float, y: float) -> bool:
        """Whether a point is in it."""
        inside = False
        for (x1, y1), (x2, y2) in _sides(self.polygon):
            # A ray to the right crosses the border an odd number of times.
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
                inside = not inside
        return inside


@dataclass(frozen=True)
class Zones:
    """The zones of a picture; false where there are none.

    Attributes:
        all: in the order in which they were given; where watched ones lie over each other, the
            first counts.
    """

    all: tuple[Zone, ...] = ()

    def __post_init__(self) -> None:
        names = [zone.name for zone in self.all]
        for name in names:
            if names.count(name) > 1:
                raise OddframeError(f"zone '{name}': there are two of that name; rename one")
        ignored = self.ignored
        # So much area at least covers everything.
        if sum(abs(_area(zone.polygon)) for zone in ignored) > 0.9 and not _leave_room(ignored):
            raise OddframeError(
                f"zones to ignore ({', '.join(zone.name for zone in ignored)}): they cover the "
                "whole picture, so that nothing is left to look at; make them smaller"
            )

    def __bool__(self) -> bool:
        return bool(self.all)

    def __iter__(self) -> Iterator[Zone]:
        return iter(self.all)

    @property
    def ignored(self) -> tuple[Zone, ...]:
        """Those that are painted out."""
        return tuple(zone for zone in self.all if zone.kind == "ignore")

    @property
    def ignored_mark(self) -> str:
        """Twelve letters that change where what is ignored changes; empty where nothing is."""
        corners = [zone.polygon for zone in self.ignored]
        return hashlib.sha256(f"{corners}".encode()).hexdigest()[:12] if corners else ""

    @property
    def watched(self) -> tuple[Zone, ...]:
        """The others."""
        return tuple(zone for zone in self.all if zone.kind == "watch")

    @property
    def names(self) -> tuple[str, ...]:
        """Of all."""
        return tuple(zone.name for zone in self.all)

    def at(self, x: float, y: float) -> Zone | None:
        """The watched zone that a point is in; None elsewhere."""
        return next((zone for zone in self.watched if zone.holds(x, y)), None)


NO_ZONES = Zones()


def _sides(corners: Sequence[Point]) -> list[tuple[Point, Point]]:
    return list(zip(corners, [*corners[1:], corners[0]], strict=True))


def _area(corners: Sequence[Point]) -> float:
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in _sides(corners)) / 2


def _leave_room(zones: Sequence[Zone]) -> bool:
    """Whether any of the points of a grid lies outside of zones."""
    places = [(step + 0.5) / _GRID for step in range(_GRID)]
    return any(
        not any(zone.holds(x, y) for zone in zones) for x, y in itertools.product(places, places)
    )


def _crossing(corners: Sequence[Point]) -> tuple[int, int] | None:
    """Numbers, from 1, of two sides that share more than the corner between them."""
    sides = _sides(corners)
    for (one, first), (other, second) in itertools.combinations(enumerate(sides), 2):
        if other - one == 1:
            meet = _folds(first[0], first[1], second[1])
        elif one == 0 and other == len(sides) - 1:
            meet = _folds(second[0], second[1], first[1])
        else:
            meet = _touch(first, second)
        if meet:
            return one + 1, other + 1
    return None


def _turn(a: Point, b: Point, c: Point) -> float:
    """Above 0 for a turn one way at ``b``, below for one the other way, 0 straight on."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _folds(a: Point, b: Point, c: Point) -> bool:
    """Whether the way from ``a`` over ``b`` to ``c`` goes back over itself, or stands still."""
    back = (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1])
    return a == b or b == c or (_turn(a, b, c) == 0 and back < 0)


def _touch(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    """Whether two sides have a point in common."""
    (a, b), (c, d) = one, other
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    ends = ((c, one), (d, one), (a, other), (b, other))
    return any(
        turn == 0 and _between(p, *side) for turn, (p, side) in zip(turns, ends, strict=True)
    )


def _between(p: Point, a: Point, b: Point) -> bool:
    """Whether a point that lies in a line with two others is between them."""
    return min(a[0], b[0]) <= p[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])
