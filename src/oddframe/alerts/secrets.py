"""Passwords and signing keys: from the environment or a file, and never in a message or a log."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from oddframe.errors import OddframeError
from oddframe.files.text_files import read_text
from oddframe.files.yaml_table import YamlTable

_LONGEST = 64 * 1024
_HIDDEN = "***"


@dataclass(frozen=True, repr=False)
class Secret:
    """Words that are never shown: not by ``str`` or ``repr`` either.

    Attributes:
        words: what they are.
    """

    words: str

    def __str__(self) -> str:
        return _HIDDEN

    __repr__ = __str__

    def __bool__(self) -> bool:
        return bool(self.words)


def secret_keys(key: str) -> tuple[str, str]:
    """The keys by which a table gives a secret: ``password_env``, ``password_file``."""
    return f"{key}_env", f"{key}_file"


def read_secret(table: YamlTable, key: str) -> Secret:
    """A secret that a table names; empty words where it names none.

    Args:
        table: with ``{key}_env``, the name of a variable, or ``{key}_file``, a file of one line.
        key: what it is: ``password``.

    Raises:
        OddframeError: both are given, there is no such variable or file, or nothing in it.
    """
    by_name, by_file = secret_keys(key)
    if by_name in table and by_file in table:
        raise table.wrong(by_file, f"either it or '{by_name}'", "both")
    if by_name in table:
        name = table.text(by_name)
        words = os.environ.get(name, "")
        if not words:
            raise table.error(
                f"'{by_name}': expected a variable of the environment that holds the {key}, found "
                f"none of the name {name}; set it before the start"
            )
        return Secret(words)
    path = table.path(by_file)
    if path is None:
        return Secret("")
    words = read_text(path, f"a {key}", limit=_LONGEST).strip("\r\n")
    if not words or "\n" in words:
        found = "several lines" if words else "nothing"
        raise OddframeError(f"{path}: expected a {key} on one line, found {found}")
    return Secret(words)


def without(secrets: Iterable[Secret], text: str) -> str:
    """A text in which secrets are hidden, whoever put them there."""
    for secret in sorted(secrets, key=lambda secret: -len(secret.words)):
        if secret:
            text = text.replace(secret.words, _HIDDEN)
    return text
