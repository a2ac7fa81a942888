"""CSV as people and spreadsheets write it, read; and CSV that a spreadsheet opens safely, written.

Read: commas, semicolons or tabs between cells; with the latter two a decimal comma; blank rows, a
byte order mark, Excel's ``sep=;``, quoted cells over several lines. Only CR and LF end a row.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from oddframe.errors import OddframeError
from oddframe.files.atomic import write_text
from oddframe.files.text_files import read_text, shown

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""What a spreadsheet takes for the beginning of a formula, and what may hide it."""


class Row(NamedTuple):
    """A row that is not blank: its file, the line that it begins on, its cells without spaces."""

    path: Path
    line: int
    cells: tuple[str, ...]

    @property
    def where(self) -> str:
        """File and line, for messages."""
        return f"{self.path} line {self.line}"


@dataclass(frozen=True)
class CsvTable:
    """A CSV file that is being read.

    Attributes:
        path: the file.
        header: the first row that is not blank.
        rows: those below it that are not blank; they can be gone through once.
        decimal_comma: whether ``0,5`` is a number, as it is where no comma separates cells.
    """

    path: Path
    header: Row
    rows: Iterator[Row]
    decimal_comma: bool

    def number(self, text: str) -> float | None:
        """The number that a cell of this table holds; see :func:`number_in`."""
        return number_in(text, self.decimal_comma)

    def columns(self) -> dict[str, int]:
        """The header's names, in lower case, to their places.

        Raises:
            OddframeError: a name stands twice.
        """
        places: dict[str, int] = {}
        for place, name in enumerate(self.header.cells):
            if name and name.lower() in places:
                raise OddframeError(f"{self.header.where}: two columns are called {shown(name)}")
            places.setdefault(name.lower(), place)
        return places

    def body(self) -> Iterator[Row]:
        """The rows below the header, as long as it is.

        Raises:
            OddframeError: a row has cells beyond those of the header, or quotes that do not end.
        """
        width = len(self.header.cells)
        for row in self.rows:
            if any(row.cells[width:]):
                raise OddframeError(
                    f"{row.where}: expected at most {width} cells, as the header has, found "
                    f'{len(row.cells)}; put text that holds a separator in quotes: "a, b"'
                )
            yield row._replace(cells=(row.cells + ("",) * width)[:width])


def read_csv(path: Path, what: str) -> CsvTable:
    """A CSV file, its header read.

    Args:
        path: the file.
        what: what it should be, for messages: ``an event file``.

    Raises:
        OddframeError: see :func:`.read_text`; or quotes that do not end, or no
            row that is not blank.
    """
    text = read_text(path, what)
    stated = re.match(r"sep=([,;\t])\r?\n", text, re.IGNORECASE)
    first = next((line for line in re.split(r"[\r\n]", text) if line.strip(",;\t ")), "")
    separator = stated[1] if stated else max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    if stated:
        next(reader)
    rows = _rows(path, what, reader)
    header = next(rows, None)
    if header is None:
        raise OddframeError(f"{path}: expected {what}, found nothing in it")
    return CsvTable(path, header, rows, separator != ",")


def _rows(path: Path, what: str, reader: Any) -> Iterator[Row]:
    begins = reader.line_num + 1
    try:
        for cells in reader:
            stripped = tuple(cell.strip() for cell in cells)
            if any(stripped):
                yield Row(path, begins, stripped)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise OddframeError(
            f"{path} line {begins}: expected cells of {what}, found {error}; check the quotes"
        ) from None


def number_in(text: str, decimal_comma: bool = False) -> float | None:
    """The number that a text holds (perhaps infinite), or None if it holds none.

    Stricter than ``float``: no words, no underscores, only the digits 0 to 9.
    """
    if decimal_comma and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    return float(text) if _NUMBER.fullmatch(text) else None


def write_csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
    """Write a CSV file atomically: :func:`csv_text`."""
    return write_text(path, csv_text(head, rows))


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """CSV: commas, LF, quotes where a cell needs them; formulas are :func:`guarded`."""
    lines = []
    for row in (head, *rows):
        stream = io.StringIO()
        # With this line end the writer quotes CR as well as LF.
        csv.writer(stream, lineterminator="\r\n").writerow([guarded(cell) for cell in row])
        lines.append(stream.getvalue().removesuffix("\r\n") + "\n")
    return "".join(lines)


def guarded(cell: Any) -> Any:
    """A cell of a table for spreadsheets.

    Text that one would run as a formula (it begins with ``=``, ``+``, ``-``, ``@``, a tab or a
    line's end) gets an apostrophe in front; numbers stay numbers, and None is an empty cell.
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
