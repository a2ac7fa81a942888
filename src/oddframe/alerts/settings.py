"""The settings that all sinks have."""

from __future__ import annotations

from typing import Any

from oddframe.alerts.message import KINDS
from oddframe.files.yaml_table import YamlTable

COMMON = "kind", "kinds"
"""Keys of every sink: what it is, and which messages it takes."""
_CHOICE = tuple(kind for kind in KINDS if kind != "test")


def read_kinds(table: YamlTable, default: tuple[str, ...] = _CHOICE) -> tuple[str, ...]:
    """Which messages a sink takes, besides tests.

    Raises:
        OddframeError: no list, an unknown kind, or none at all.
    """
    if "kinds" not in table:
        return default
    kinds = read_words(table, "kinds")
    if not set(kinds) <= set(_CHOICE):
        raise table.wrong("kinds", f"some of {', '.join(_CHOICE)}", kinds)
    return tuple(kind for kind in _CHOICE if kind in kinds)


def read_words(table: YamlTable, key: str) -> tuple[str, ...]:
    """A list of words, at least one; a single word stands for a list of it.

    Raises:
        OddframeError: it is missing, empty, or holds something else.
    """
    value: Any = table.any(key) if key in table else None
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not words or not all(isinstance(one, str) for one in words):
        raise table.wrong(key, "a list of words", value)
    return tuple(words)
