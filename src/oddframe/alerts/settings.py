"""The settings that all sinks have."""

from __future__ import annotations

import re
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


def read_host(table: YamlTable, what: str) -> str:
    """The name or address of a server, which can be looked up.

    Args:
        table: with ``host``.
        what: the kind of server, for messages: ``a broker``.

    Raises:
        OddframeError: it is missing, or no such name.
    """
    host = table.text("host")
    if not is_host(host):
        raise table.wrong("host", f"the name or address of {what} alone", host)
    return host


def read_port(table: YamlTable, default: int) -> int:
    """A port.

    Raises:
        OddframeError: it is none.
    """
    port = table.whole("port", default, least=1)
    if port > 65535:
        raise table.wrong("port", "a port, up to 65535", port)
    return port


def is_host(name: str) -> bool:
    """Whether a name can be looked up; for others Python raises errors of its own kind."""
    try:
        name.encode("idna")
    except UnicodeError:
        return False
    return re.fullmatch(r"[!-.0-~]+", name) is not None
