"""A card: what a thing is, in names and values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Card:
    """What a thing is.

    Attributes:
        path: where it is.
        kind: what kind of thing it is: ``run``, ``manifest``, ``scores``, ``features``, ``drill``,
            ``video``, ``footage``.
        facts: name to a value, or to several lines, in the order in which they are told.
    """

    path: str
    kind: str
    facts: dict[str, str | tuple[str, ...]]

    def rows(self) -> list[dict[str, Any]]:
        """One row: the facts by name."""
        return [{"path": self.path, "kind": self.kind, **self.facts}]

    def text(self) -> str:
        """Lines for a terminal: the names on the left, the values beside them."""
        width = max(map(len, self.facts), default=0)
        lines = [f"{self.path}: {self.kind}"]
        for name, value in self.facts.items():
            first, *others = (value,) if isinstance(value, str) else value
            lines.append(f"  {name.ljust(width)}  {first}")
            lines += [f"  {' ' * width}  {line}" for line in others]
        return "\n".join(lines)


def facts(rows: Iterable[tuple[str, Any]]) -> dict[str, str | tuple[str, ...]]:
    """The rows that say something: a value, or at least one line."""
    told: dict[str, str | tuple[str, ...]] = {}
    for name, value in rows:
        if isinstance(value, Sequence) and not isinstance(value, str):
            if lines := tuple(map(str, value)):
                told[name] = lines
        elif value not in (None, ""):
            told[name] = str(value)
    return told
