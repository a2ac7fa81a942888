"""Colours on a terminal: which stream takes them, and which words of a row have one.

Text is plain wherever it is made. It is painted as the last thing before a terminal shows it, so a
pipe, a file and a program never see a colour.
"""

from __future__ import annotations

import os
import re
from typing import TextIO

BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "1;31", "32", "33"
"""Codes of ANSI terminals, in the 16 colours that everybody has chosen for himself."""
_RULES = (
    (re.compile(r"^ *\d+  .*?  (score -?\d\S*)"), RED),  # an odd moment
    (re.compile(r"^(ok)  "), GREEN),
    (re.compile(r"^(NO)  "), RED),
    (re.compile(r"^(?:not scored|left out|no features|the camera itself)(?=: )"), YELLOW),
    (re.compile(r"^(?:scores|events|annotated|clips|report|next)(?=: )"), DIM),
)
"""What a row looks like, and the colour of the part in brackets, or of all that was matched."""


def takes_colours(stream: TextIO) -> bool:
    """Whether a stream is a terminal that shows colours.

    ``NO_COLOR`` (https://no-color.org), with anything in it, forbids them, ``FORCE_COLOR`` asks
    for them where there is no terminal; a terminal that calls itself ``dumb`` has none.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def painted(text: str, code: str) -> str:
    """Text in a colour."""
    return f"\x1b[{code}m{text}\x1b[0m"


def painted_row(row: str, first: bool) -> str:
    """A row of what a command found, the words that matter in colour.

    Args:
        row: without a line end, and without anything that acts on a terminal.
        first: whether it is the first, which is a heading unless it is a row like others.
    """
    for rule, code in _RULES:
        if found := rule.search(row):
            start, end = found.span(found.lastindex or 0)
            return f"{row[:start]}{painted(row[start:end], code)}{row[end:]}"
    return painted(row, BOLD) if first and row else row


def label(text: str, stream: TextIO, code: str) -> str:
    """The first words of a message, in a colour where the stream takes it."""
    return painted(text, code) if takes_colours(stream) else text
