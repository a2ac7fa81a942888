"""Counts, lengths, paths, lists and columns, wherever a line for a person is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
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


def sentence(line: str) -> str:
    """A line as a sentence of its own: ``the scores are …`` to ``The scores are ….``."""
    return f"{line[:1].upper()}{line[1:]}."


def first_of(names: Sequence[str], most: int = 3) -> str:
    """``a, b``; of more than ``most`` the first and how many others: ``a, b, c and 1,204 more``."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def duration(seconds: float) -> str:
    """``45 s``, ``2 min 05 s``, ``1 h 04 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min"


def shown_path(path: Path) -> str:
    """As somebody in the working directory would write it: relative where it is inside."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def aligned(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Lines with columns of equal width: the first ones flush on the left, others on the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if at < left else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


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


def spelled(name: str) -> str:
    """A parameter's name as an option: ``--val-share``."""
    return f"--{name.replace('_', '-')}"
