"""Values that were read from JSON or YAML, checked against the types that they should have."""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from oddframe.errors import OddframeError
from oddframe.files.text_files import shown

_WORDS = {str: "words", bool: "true or false", int: "a whole number", float: "a number"}
_LARGEST = 1 << 63
_INSIDE = (dict, Mapping, list, tuple, Sequence)


def typed(value: Any, hint: Any, where: str) -> Any:
    """A value of a type, made of plain values.

    Args:
        value: as read: numbers, words, lists, and mappings from words.
        hint: ``int``, ``float``, ``str``, ``bool``, ``None``, a ``Literal``, a dataclass, lists,
            tuples, mappings and unions of these, or ``Any``. A float may be written as a whole
            number; neither may be NaN or infinite.
        where: how a message begins: ``FILE: 'seed'``.

    Raises:
        OddframeError: a value of another type, or a missing or unknown name of a dataclass.
    """
    origin, inside = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        return _of_union(value, inside, where)
    if hint in (None, type(None)) and value is None:
        return None
    if hint in _WORDS and _is(value, hint):
        return float(value) if hint is float else value
    if origin is Literal and type(value) is str and value in inside:
        return value
    if is_dataclass(hint) and isinstance(value, Mapping):
        return _of_dataclass(value, hint, where)
    if (origin or hint) in (dict, Mapping) and isinstance(value, Mapping):
        kind = inside[1] if inside else Any
        return {
            _name(key, where): typed(part, kind, f"{where}.{shown(key)[1:-1]}")
            for key, part in value.items()
        }
    if (origin or hint) in (list, tuple, Sequence) and isinstance(value, list):
        return _of_list(value, origin or hint, inside, where)
    raise OddframeError(f"{where}: expected {_described(hint)}, found {shown(value)}")


def _is(value: Any, kind: type) -> bool:
    if kind in (int, float):
        number = isinstance(value, int if kind is int else int | float)
        bound = _LARGEST if isinstance(value, int) else float("inf")
        return number and not isinstance(value, bool) and abs(value) < bound  # nor NaN
    return isinstance(value, kind)


def _of_union(value: Any, kinds: tuple[Any, ...], where: str) -> Any:
    last = None
    for kind in kinds:
        try:
            return typed(value, kind, where)
        except OddframeError as error:
            # What is said inside of a mapping says more than that it is not, say, None.
            if (get_origin(kind) or kind) in _INSIDE or is_dataclass(kind):
                last = error
    if isinstance(value, Mapping | list) and last is not None:
        raise last
    wanted = " or ".join(_described(kind) for kind in kinds)
    raise OddframeError(f"{where}: expected {wanted}, found {shown(value)}")


def _of_dataclass(value: Mapping[Any, Any], kind: Any, where: str) -> Any:
    hints, known = _hints(kind), {part.name: part for part in fields(kind)}
    for name in value:
        if name not in known:
            raise OddframeError(f"{where}: expected {', '.join(known)}, found {shown(name)}")
    for name, part in known.items():
        if name not in value and part.default is MISSING and part.default_factory is MISSING:
            raise OddframeError(f"{where}: '{name}' is missing")
    return kind(**{n: typed(part, hints[n], f"{where}: '{n}'") for n, part in value.items()})


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    """The types of a dataclass: Python makes them of text each time, in half a millisecond."""
    return get_type_hints(kind)


def _of_list(value: list[Any], kind: Any, inside: tuple[Any, ...], where: str) -> Any:
    if kind is tuple and inside and inside[-1] is not Ellipsis:
        if len(value) != len(inside):
            raise OddframeError(f"{where}: expected {len(inside)} values, found {len(value)}")
        kinds: Sequence[Any] = inside
    else:
        kinds = [inside[0] if inside else Any] * len(value)
    made = [
        typed(part, k, f"{where}[{n}]")
        for n, (part, k) in enumerate(zip(value, kinds, strict=True))
    ]
    return tuple(made) if kind is tuple else made


def _name(key: Any, where: str) -> str:
    if not isinstance(key, str):
        raise OddframeError(f"{where}: expected words as names, found {shown(key)}")
    return key


def _described(hint: Any) -> str:
    origin = get_origin(hint) or hint
    if origin is Literal:
        return "one of " + ", ".join(map(str, get_args(hint)))
    if origin in (dict, Mapping) or is_dataclass(origin):
        return "names and values"
    if origin in (list, tuple, Sequence):
        return "a list"
    return _WORDS.get(hint, "nothing" if hint in (None, type(None)) else str(hint))
