"""A YAML file that people write: every key is known, every value is of its kind."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.reader import ReaderError

from oddframe.errors import OddframeError, nearest
from oddframe.files.paths import as_path
from oddframe.files.text_files import read_text, shown

LONGEST = 4 * 2**20
"""Bytes of a YAML file; PyYAML reads about one megabyte in a second."""
_MOST_VALUES = 100_000
_LARGEST = 1 << 64


class _Loader(yaml.SafeLoader):
    """YAML in which ``1e-3`` is a number, as on the command line, and no key stands twice.

    Dates stay words, since nothing here is a date and a folder may be called like one.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in names:
                said = f"the key {shown(name)} a second time"
                raise ConstructorError(None, None, said, key.start_mark)
            names.add(name)
        return super().construct_mapping(node, deep)


class Dumper(yaml.SafeDumper):
    """Writes what :func:`read_yaml` reads: words that it would take for a number are quoted."""

    def represent_words(self, words: str) -> yaml.ScalarNode:
        """Words; where they hold a line break that PyYAML would fold, with it escaped."""
        breaks = any(letter in words for letter in "\x85\u2028\u2029")
        return self.represent_scalar("tag:yaml.org,2002:str", words, '"' if breaks else None)


Dumper.add_representer(str, Dumper.represent_words)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for kind in (_Loader, Dumper):
    kind.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"),
        list("-+0123456789"),
    )


def read_yaml(path: Path, what: str, advice: str = "") -> dict[str, Any]:
    """The keys and values of a YAML file: words, numbers, true, false, null, lists, mappings.

    Args:
        path: the file.
        what: what it should be, for messages: ``a recipe``.
        advice: what to do if there is no such file.

    Raises:
        OddframeError: missing, unreadable, longer than such a file is, no keys and values, values
            of another kind, or some that refer to each other until there is no end of them.
    """
    return yaml_of(read_text(path, what, advice=advice, limit=LONGEST), path, what)


def yaml_of(text: str, path: Path, what: str) -> dict[str, Any]:
    """As :func:`read_yaml`, of text that the file has, or is going to have.

    Raises:
        OddframeError: as there.
    """
    where = f"{path}: expected {what} in YAML"
    try:
        content = yaml.load(text, _Loader)
    except (yaml.MarkedYAMLError, ReaderError) as error:
        raise OddframeError(f"{where}; {_syntax(error)}") from error
    except RecursionError:
        raise OddframeError(f"{where}, found values within values, too deep to be read") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        said = "a number of thousands of digits" if "digits" in str(error) else str(error)
        raise OddframeError(f"{where}, found {said}") from error
    if not isinstance(content, dict):
        kind = {list: "a list", type(None): "nothing", str: "words"}.get(type(content), "a value")
        raise OddframeError(f"{path}: expected {what}, keys and values, found {kind}")
    _check_plain(content, where)
    return content


def yaml_node(text: str) -> yaml.Node | None:
    """The same as nodes, which know where in the text they stand; None of nothing."""
    return yaml.compose(text, _Loader)


def _check_plain(content: Any, where: str) -> None:
    """Aliases make a few lines stand for billions of values: they are counted as they expand."""
    waiting, seen = [content], 0
    while waiting:
        value = waiting.pop()
        seen += 1
        if seen + len(waiting) > _MOST_VALUES:
            raise OddframeError(
                f"{where}, found aliases that stand for more than {_MOST_VALUES:,} values"
            )
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str):
            if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
                raise OddframeError(f"{where}, found half a character in {shown(value)}")
        elif value is not None and type(value) not in (bool, int, float):
            raise OddframeError(f"{where}, found {type(value).__name__} ({shown(value)})")
        elif isinstance(value, int) and abs(value) > _LARGEST:
            raise OddframeError(f"{where}, found a whole number that is too large")


def _syntax(error: yaml.MarkedYAMLError | ReaderError) -> str:
    """``line 3: WHAT (CONTEXT from line 2 on)``: PyYAML's own words name no file."""
    if isinstance(error, ReaderError):
        return f"character {error.position + 1}: {error.reason}"
    mark, began = error.problem_mark or error.context_mark, error.context_mark
    said = error.problem or error.context
    where = f"line {mark.line + 1}: " if mark else ""
    since = f" from line {began.line + 1} on" if began else ""
    return f"{where}{said}" + (f" ({error.context}{since})" if error.context else "")


class YamlTable:
    """Keys and values of one place in a file.

    Every method raises an OddframeError that names the file and the key if the value is missing
    (and there is no default) or of another kind.

    Args:
        path: the file, for messages.
        content: the keys and values.
        known: all keys that may be there; another is an error that names the nearest of them.
        place: the keys that lead here, for messages.
    """

    def __init__(
        self, path: Path, content: Mapping[Any, Any], known: tuple[str, ...], place: str = ""
    ) -> None:
        self._path, self._content, self._place = path, content, place
        for key in map(str, content):
            if key not in known:
                raise OddframeError(
                    f"{path}: unknown key {shown(self._name(key))}; {nearest(key, known)}known are "
                    f"{', '.join(known)}"
                )

    def __contains__(self, key: str) -> bool:
        return key in self._content

    def text(self, key: str, default: str | None = None) -> str:
        """Words."""
        return self._value(key, str, "words", default)

    def path(self, key: str) -> Path | None:
        """An absolute path, from one relative to the working directory; None if it is missing."""
        if self._content.get(key) is None:
            return None
        text = self._value(key, str, "a path")
        try:
            return as_path(text, f"{self._path}: '{self._name(key)}'").expanduser().absolute()
        except RuntimeError:  # ~somebody
            raise self.wrong(key, "a path of somebody who has a folder here", text) from None

    def whole(self, key: str, default: int | None = None, least: int | None = None) -> int:
        """A whole number, not below the least."""
        wanted = "a whole number" if least is None else f"a whole number, {least} or more"
        value = self._value(key, int, wanted, default)
        if key in self and least is not None and value < least:
            raise self.wrong(key, wanted, value)
        return value

    def number(self, key: str, default: float, most: float = math.inf) -> float:
        """A number, 0 or more, and not above the most."""
        wanted = "a number, 0 or more" if most == math.inf else f"a number from 0 to {most:,.0f}"
        value = self._value(key, float, wanted, default)
        if not math.isfinite(value) or not 0 <= value <= most:
            raise self.wrong(key, wanted, value)
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false; the default where it is missing."""
        return self._value(key, bool, "true or false", default)

    def share(self, key: str) -> float:
        """A number from 0 to 1."""
        value = self._value(key, float, "a number from 0 to 1")
        if not 0 <= value <= 1:
            raise self.wrong(key, "a number from 0 to 1", value)
        return value

    def choice(self, key: str, known: tuple[str, ...], default: str | None = None) -> str:
        """One of the known words."""
        value = self.text(key, default)
        if value not in known:
            raise self.wrong(key, f"one of {', '.join(known)}", value)
        return value

    def any(self, key: str) -> Any:
        """The value as it is."""
        return self._content[key]

    def mapping(self, key: str) -> dict[str, Any]:
        """Names and values of any kind; empty where it is missing."""
        return dict(self._value(key, dict, "names and values", {}))

    def values(self, key: str) -> list[Any]:
        """A list of values of any kind."""
        return list(self._value(key, list, "a list"))

    def table(self, key: str, known: tuple[str, ...], *, optional: bool = False) -> YamlTable:
        """The keys and values below a key."""
        content = self._value(key, dict, "names and values", {} if optional else None)
        return YamlTable(self._path, content, known, self._name(key))

    def tables(self, key: str, known: tuple[str, ...]) -> list[YamlTable]:
        """A list of keys and values; empty where it is missing."""
        parts = self._value(key, list, "a list", [])
        for part in parts:
            if not isinstance(part, dict):
                raise self.wrong(key, "a list of names and values", part)
        name = self._name(key)
        return [YamlTable(self._path, row, known, f"{name}[{n}]") for n, row in enumerate(parts)]

    def _value(self, key: str, kind: type, wanted: str, default: Any = None) -> Any:
        if key not in self._content:
            if default is None:
                raise OddframeError(f"{self._path}: '{self._name(key)}' is missing; it is {wanted}")
            return default
        value = self._content[key]
        if kind is float and isinstance(value, int):
            value = value if isinstance(value, bool) else float(value)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.wrong(key, wanted, value)
        return value

    def _name(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key

    def wrong(self, key: str, wanted: str, found: Any) -> OddframeError:
        """An error that names file and key, what should be there and what is."""
        return self.error(f"'{self._name(key)}': expected {wanted}, found {shown(found)}")

    def error(self, what: str) -> OddframeError:
        """An error that names the file."""
        return OddframeError(f"{self._path}: {what}")
