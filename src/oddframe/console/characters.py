"""Characters that no name holds and no terminal is sent: they act on it, hide, or end a row."""

from __future__ import annotations

import re

_ACTING = re.compile(
    "["
    "\\x00-\\x1f\\x7f-\\x9f"  # controls; among them NUL, tab, line ends, escape, U+0085
    "\\u2028\\u2029"  # line and paragraph separators
    "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u206f"  # marks that turn the reading direction
    "\\xad\\u180e\\u200b\\u2060-\\u2065\\ufeff\\ufff9-\\ufffb"  # nothing to be seen
    "\\ud800-\\udfff"  # halves of characters, which no file can hold
    "]"
)
# Joiners stay: Persian, Indic scripts and emoji are written with them. So do all spaces, which
# are in names of files (macOS puts U+202F into those of screenshots).


def has_acting(text: str) -> bool:
    """Whether such a character is in the text."""
    return _ACTING.search(text) is not None


def made_visible(text: str) -> str:
    r"""The text with such characters as escapes: ``a\x1b[2J``."""
    return _ACTING.sub(lambda found: ascii(found[0])[1:-1], text)
