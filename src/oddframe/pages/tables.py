"""Tables as every page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from oddframe.pages.rendering import Shown


@dataclass(frozen=True)
class Cell:
    """What stands in one place of a table.

    Attributes:
        text: the value.
        kind: CSS classes: ``number``, ``value``, ``suspect``, ...
        notes: small lines under the text.
        remarks: small lines that are to be seen better than notes.
        mark: CSS classes of a model's mark before the text.
        hint: what is shown where a pointer rests on the cell.
        picture: stands in place of the text.
    """

    text: str = ""
    kind: str = ""
    notes: Sequence[str] = ()
    remarks: Sequence[str] = ()
    mark: str = ""
    hint: str = ""
    picture: Shown | None = None


@dataclass(frozen=True)
class Axis:
    """The two ends of the pictures in a column."""

    template: ClassVar[str] = "parts/axis.html"
    low: str = "0"
    high: str = "1"
    kind: str = "axis"


@dataclass(frozen=True)
class Group:
    """A heading over the last columns of a table.

    Attributes:
        before: how many columns it leaves out.
        columns: how many it covers.
        text: the heading.
        kind: CSS classes.
    """

    before: int
    columns: int
    text: str
    kind: str


@dataclass(frozen=True)
class Table:
    """A table that scrolls sideways on a narrow screen, also with the keyboard.

    Attributes:
        label: what it is called where it cannot be seen.
        head: headings of the columns.
        rows: cells of each row, the first of which is its heading.
        kind: CSS classes.
        above: a heading over several columns.
    """

    template: ClassVar[str] = "parts/table.html"
    label: str
    head: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    kind: str = ""
    above: Group | None = None


@dataclass(frozen=True)
class Facts:
    """Names and what there is to say of each."""

    template: ClassVar[str] = "parts/facts.html"
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class FirstOpen:
    """Parts under headings, of which the first is seen and the others unfold."""

    template: ClassVar[str] = "parts/first_open.html"
    parts: Sequence[tuple[str, Shown]]
