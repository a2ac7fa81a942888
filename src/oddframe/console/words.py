"""Numbers with their nouns, and lists that stay short, wherever a line for a person is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

HELD_OUT = "held-out normal footage"
"""What a threshold may be said to come from only if nothing was learnt from that footage."""
LEARNT_FROM = "normal footage that the detector has learnt from as well"
MAYBE_LEARNT_FROM = "normal footage that the network may have learnt from"
FOOTAGE = (HELD_OUT, LEARNT_FROM, MAYBE_LEARNT_FROM)
"""What a threshold on normal footage can come from."""


def count(amount: int, noun: str) -> str:
    """``1 video``, ``3 videos``, ``1,204 frames``."""
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def first_of(names: Sequence[str], most: int = 3) -> str:
    """``a, b``; of more than ``most`` the first and how many others: ``a, b, c and 1,204 more``."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def notes_lines(notes: Mapping[str, Any]) -> list[str]:
    """``trust motion: 0.8`` for each of a detector's notes, its threshold last.

    A sentence that begins with the name of its note, as that on a threshold does, stands alone.
    """
    lines = []
    for name, value in sorted(notes.items(), key=lambda note: note[0] == "threshold"):
        words = name.replace("_", " ")
        alone = str(value).startswith(f"{words} ")
        lines.append(str(value) if alone else f"{words}: {value}")
    return lines
