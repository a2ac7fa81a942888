"""The one way to read text and JSON that somebody gives us, or that an earlier process left.

Text is UTF-8, with or without a byte order mark, or UTF-16 or UTF-32 with one. Whatever is wrong
with a file is an OddframeError of one line: a pipe or a device, another encoding, NUL, more bytes
than such a file has, JSON that is nested too deep, numbers beyond what a number can hold, keys
that stand twice.
"""

from __future__ import annotations

import codecs
import io
import json
import math
import reprlib
from collections import Counter
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.regular_files import require_file, unreadable
from oddframe.files.spreadsheets import AS_UTF8, FOUND, is_spreadsheet

TABLES = (".csv", ".tsv", ".txt")
"""Endings of tables in text."""

LONGEST = 512 * 2**20
"""Bytes of the longest text that is read, if nothing else is said."""

_MARKS = {  # UTF-32 first: its little-endian mark begins with that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = 60
_SHOWN = 160
"""Characters of a value in a message; lists in lists are some parts of some parts."""


def read_text(path: Path, what: str, *, advice: str = "", limit: int = LONGEST) -> str:
    """The text of a file, without a byte order mark; line ends are as they are.

    Args:
        path: the file.
        what: what it should be, for messages: ``a manifest``.
        advice: what to do if there is no such file.
        limit: the most bytes that such a file has.

    Raises:
        OddframeError: no such file, a pipe or a device, longer, another encoding, or no text.
    """
    require_file(path, what, advice, limit)
    try:
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise OddframeError(f"{path}: expected {what}, found {unreadable(error)}") from None
    if len(content) > limit:  # it grew meanwhile
        raise OddframeError(f"{path}: expected {what}, found more than {limit / 1e6:,.0f} MB")
    return decode(content, str(path), what)


def decode(content: bytes, where: str, what: str) -> str:
    """Bytes as text; see :func:`read_text`.

    Raises:
        OddframeError: another encoding, or no text at all.
    """
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        text = "\0"
        if b"\0" not in content[:1000] and encoding == "utf-8":
            line = content.count(b"\n", 0, error.start) + 1
            advice = AS_UTF8 if where.lower().endswith(TABLES) else "save the file as UTF-8"
            found = f"the byte 0x{content[error.start]:02x} on line {line}; {advice}"
            raise OddframeError(f"{where}: expected {what} as UTF-8 text, found {found}") from None
    if "\0" in text:
        other = "other data; give another file, or save this one as UTF-8 text"
        other = FOUND if is_spreadsheet(io.BytesIO(content)) else other
        raise OddframeError(f"{where}: expected {what} as UTF-8 text, found {other}")
    return text


def refuse_results(content: Any, path: Path, what: str, advice: str) -> None:
    """Refuse what a command wrote about itself where people give files of their own.

    Args:
        content: what a JSON file holds.
        path: the file.
        what: the kind of file that is expected there.
        advice: what to give in its place.

    Raises:
        OddframeError: it is one of oddframe's own formats.
    """
    name = content.get("format") if isinstance(content, dict) else None
    if isinstance(name, str) and name.startswith("oddframe-"):
        raise OddframeError(f"{path}: expected {what}, found {shown(name)}; {advice}")


def read_json(path: Path, what: str, *, advice: str = "") -> Any:
    """The value in a JSON file; see :func:`read_text` and :func:`parse_json`."""
    return parse_json(read_text(path, what, advice=advice), f"{path}: expected {what} in JSON")


def parse_json(text: str, where: str) -> Any:
    """The value of a JSON text.

    Args:
        text: without a byte order mark.
        where: how the message begins: ``m.jsonl line 3: expected a video``.

    Raises:
        OddframeError: not JSON, NaN or Infinity, a number too large for its type, nested too deep,
            or an object with the same key twice.
    """
    try:
        return json.loads(
            text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_once
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column" if "\n" in text.strip() else "column"
        said = f"text that is not JSON ({error.msg} at {place} {error.colno})"
    except RecursionError:
        said = "brackets within brackets, too deep to be read"
    except ValueError as error:
        said = str(error)
        if "digits" in said:  # Python's own words advise to lift the limit
            said = "a whole number of thousands of digits"
    raise OddframeError(f"{where}, found {said}")


def shown(value: Any) -> str:
    """A value for a message: short however large it is, and without control characters."""
    text = _REPR.repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _no_constant(word: str) -> None:
    raise ValueError(f"{word}, which JSON does not have")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:20]}, which is too large")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        again = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {shown(again)} a second time")
    return content
