"""Settings of a detector, as a person gives them: checked against its configuration."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args, get_origin, get_type_hints

from oddframe.errors import OddframeError, nearest
from oddframe.files.text_files import shown

_LARGEST = 1e300
_LARGEST_WHOLE = 1 << 31
"""Sizes and counts beyond it are beyond what the libraries below take."""


def check_seed(seed: int) -> None:
    """Refuse seeds that NumPy or PyTorch would.

    Raises:
        OddframeError: negative, or more than 63 bits.
    """
    if not 0 <= seed < 1 << 63:
        raise OddframeError(f"--seed: expected a whole number from 0 to 2^63 - 1, found {seed}")


def read_settings(kind: Any, detector: str, settings: dict[str, Any]) -> Any:
    """A configuration with these settings, the others at their defaults.

    Args:
        kind: the detector's ``CONFIG`` dataclass.
        detector: its name, for messages.
        settings: name to value.

    Raises:
        OddframeError: an unknown name, a value of another type, or one that is not allowed.
    """
    hints = get_type_hints(kind)
    known = {field.name: field.default for field in fields(kind)}
    checked = {}
    for name, value in settings.items():
        if name not in known:
            raise OddframeError(
                f"{detector} has no setting '{name}'; {nearest(name, known)}it has "
                f"{', '.join(sorted(known))}"
            )
        checked[name] = _checked(detector, name, value, known[name], hints[name])
    return kind(**checked)


def _checked(detector: str, name: str, value: Any, default: Any, hint: Any) -> Any:
    where = f"{detector}: setting '{name}' must be"
    choices = get_args(hint) if get_origin(hint) is not tuple else ()
    if choices and isinstance(default, str):
        if not isinstance(value, str) or value not in choices:
            raise OddframeError(f"{where} one of {', '.join(map(str, choices))}, found {value!r}")
        return value
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise OddframeError(f"{where} true or false, found {value!r}")
        return value
    if isinstance(default, str):
        if not isinstance(value, str):
            raise OddframeError(f"{where} a name, found {value!r}")
        return value
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple) or len(value) != len(default):
            raise OddframeError(f"{where} a list of {len(default)} numbers, found {value!r}")
        pairs = zip(value, default, strict=True)
        return tuple(_checked(detector, name, part, of, type(of)) for part, of in pairs)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not abs(value) < _LARGEST:  # nor NaN
        raise OddframeError(f"{where} a number, found {shown(value)}")
    if isinstance(default, int) and (value != int(value) or abs(value) >= _LARGEST_WHOLE):
        raise OddframeError(f"{where} a whole number below 2^31, found {shown(value)}")
    return type(default)(value)
