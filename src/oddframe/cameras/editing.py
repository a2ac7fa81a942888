"""Changing what a cameras file says of one camera, and not a letter beside it.

The file is a person's: comments, order, quotes and blank lines stay as they are. PyYAML knows where
in the text each value stands; only that is written anew. What comes of it is read again and must
say what was asked for and nothing else: where it does not (two cameras that share their words by an
alias, say), nothing is changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from oddframe.cameras.cameras_file import WHAT
from oddframe.errors import OddframeError
from oddframe.files.yaml_table import Dumper, yaml_node, yaml_of

_WIDE = 1 << 30
"""Lines are not folded."""


class _Row(list[Any]):
    """A list that is written in one line."""


Dumper.add_representer(
    _Row,
    lambda dumper, row: dumper.represent_sequence("tag:yaml.org,2002:seq", row, flow_style=True),
)


def with_changes(text: str, path: Path, camera: str, changes: Mapping[str, Any]) -> str:
    """The text of a cameras file in which one camera says something else.

    Args:
        text: as it is.
        path: the file, for messages.
        camera: the name of the camera.
        changes: key to what it is to say there: plain values; None to say nothing.

    Raises:
        OddframeError: no such camera, or a text that cannot be changed without changing more.
    """
    content = yaml_of(text, path, WHAT)
    index = _index(content, path, camera)
    wanted = _apart(content)
    for key, value in changes.items():
        if value is None:
            wanted["cameras"][index].pop(key, None)
        else:
            wanted["cameras"][index][key] = value
    for key, value in changes.items():
        text = _changed(text, path, index, key, value)
    try:
        said = yaml_of(text, path, WHAT)
    except OddframeError:
        said = None
    if said != wanted:
        raise OddframeError(
            f"{path}: camera '{camera}' cannot be changed here without changing more of the file "
            "(a value that others refer to, or that is written in an unusual way); change "
            f"{', '.join(repr(key) for key in changes)} there by hand"
        )
    return text


def _index(content: Mapping[str, Any], path: Path, camera: str) -> int:
    rows = content.get("cameras")
    for index, row in enumerate(rows if isinstance(rows, list) else ()):
        if isinstance(row, dict) and row.get("name") == camera:
            return index
    raise OddframeError(f"{path}: there is no camera '{camera}' in it any more")


def _apart(value: Any) -> Any:
    """A copy in which nothing is shared."""
    if isinstance(value, dict):
        return {key: _apart(part) for key, part in value.items()}
    return [_apart(part) for part in value] if isinstance(value, list) else value


def _changed(text: str, path: Path, index: int, key: str, value: Any) -> str:
    row = _row(text, path, index)
    pairs = [(name, said) for name, said in row.value if name.value == key]
    if value is None:
        return _without(text, row, *pairs[0]) if pairs else text
    if pairs:
        return _replaced(text, row, *pairs[0], value)
    return _added(text, row, key, value)


def _row(text: str, path: Path, index: int) -> yaml.MappingNode:
    """The node of a camera."""
    top = yaml_node(text)
    rows = [v for k, v in getattr(top, "value", ()) if getattr(k, "value", None) == "cameras"]
    row = rows[0].value[index] if rows else None
    if not isinstance(row, yaml.MappingNode) or not row.value:
        raise OddframeError(f"{path}: its list of cameras cannot be changed here; do so by hand")
    return row


def _replaced(
    text: str, row: yaml.MappingNode, name: yaml.Node, said: yaml.Node, value: Any
) -> str:
    colon = text.index(":", name.end_mark.index) + 1
    end = _end(text, said)
    if row.flow_style:
        return f"{text[:colon]} {_inline(value, quoted=_quotes(text, name))}{text[end:]}"
    line_end = _line_end(text, end)
    head, tail = "", text[end:line_end]
    if said.start_mark.line > name.end_mark.line:  # the value's own lines follow the key's
        head = text[colon : _line_end(text, colon)].rstrip()
    is_lines = isinstance(value, list | dict) and not getattr(said, "flow_style", False)
    if not is_lines:
        words = _inline(value)
        return f"{text[:colon]} {words}{f'  {head.strip()}' if head else ''}{tail}{text[line_end:]}"
    # What is said beside a value of one line stands beside its key then.
    if not head and tail.strip().startswith("#"):
        head, tail = f"  {tail.strip()}", ""
    lines = _lines(value, name.start_mark.column + 2, _newline(text))
    return f"{text[:colon]}{head}{lines}{tail}{text[line_end:]}"


def _added(text: str, row: yaml.MappingNode, key: str, value: Any) -> str:
    first, last = row.value[0][0], row.value[-1][1]
    quoted = _quotes(text, first)
    end = _end(text, last)
    if row.flow_style:
        words = _inline(value, quoted=quoted)
        return f"{text[:end]}, {json.dumps(key) if quoted else key}: {words}{text[end:]}"
    column, newline = first.start_mark.column, _newline(text)
    end = _line_end(text, end)
    if isinstance(value, list | dict):
        words = _lines(value, column + 2, newline)
    else:
        words = f" {_inline(value)}"
    return f"{text[:end]}{newline}{' ' * column}{key}:{words}{text[end:]}"


def _without(text: str, row: yaml.MappingNode, name: yaml.Node, said: yaml.Node) -> str:
    place = next(number for number, pair in enumerate(row.value) if pair[0] is name)
    if place == 0:  # it shares its line with the dash, or the bracket
        after = row.value[1][0].start_mark.index if len(row.value) > 1 else _end(text, said)
        return text[: name.start_mark.index] + text[after:]
    if row.flow_style:
        return text[: _end(text, row.value[place - 1][1])] + text[_end(text, said) :]
    begin = text.rfind("\n", 0, name.start_mark.index) + 1
    end = _line_end(text, _end(text, said))
    if end == len(text):
        begin = max(begin - 1, 0)
    return text[:begin] + text[end:].removeprefix("\r").removeprefix("\n")


def _end(text: str, node: yaml.Node) -> int:
    """Where a value ends; PyYAML's own end of lines below a key is where the next thing begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    end = node.end_mark.index
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return len(text[:end].rstrip())
    return end


def _line_end(text: str, index: int) -> int:
    found = text.find("\n", index)
    found = len(text) if found < 0 else found
    return found - 1 if text[index:found].endswith("\r") else found


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _quotes(text: str, name: yaml.Node) -> bool:
    """Whether keys are quoted there, as in JSON, which it is to stay."""
    return text[name.start_mark.index] == '"'


def _inline(value: Any, *, quoted: bool = False) -> str:
    """A value in one line."""
    if quoted:
        return json.dumps(value)
    said = yaml.dump(
        value,
        Dumper=Dumper,
        default_flow_style=True,
        width=_WIDE,
        allow_unicode=True,
        sort_keys=False,
    )
    return re.sub(r"\n(?:\.\.\.\n)?\Z", "", said)


def _lines(value: Any, indent: int, newline: str) -> str:
    """A list or names and values in lines of their own, each of which begins with a line end."""
    said = yaml.dump(
        _rows(value),
        Dumper=Dumper,
        default_flow_style=False,
        width=_WIDE,
        allow_unicode=True,
        sort_keys=False,
    )
    return "".join(f"{newline}{' ' * indent}{line}" for line in said.splitlines())


def _rows(value: Any) -> Any:
    """With lists of numbers, and of such lists, in one line each."""
    if isinstance(value, dict):
        return {key: _rows(part) for key, part in value.items()}
    if isinstance(value, list):
        plain = not any(isinstance(part, dict) for part in value)
        return _Row(value) if plain else [_rows(part) for part in value]
    return value
