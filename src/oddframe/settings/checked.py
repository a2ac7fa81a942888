"""Settings against their dataclass: types, choices and ranges, in the command line's words."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from oddframe.errors import OddframeError
from oddframe.files.text_files import shown
from oddframe.settings.ranges import Range, range_of

_LARGEST = 1e300
_LARGEST_WHOLE = 1 << 31
"""Sizes and counts beyond it are beyond what the libraries below take."""


def refusal(setting: str, wanted: str, found: Any) -> OddframeError:
    """The one voice: ``--settings.k: expected 1 or more, found 0``."""
    return OddframeError(f"--settings.{setting}: expected {wanted}, found {shown(found)}")


@dataclass(frozen=True)
class Setting:
    """What one setting may be.

    Attributes:
        name: as people give it.
        default: its type is that of the setting.
        choices: the words that are allowed, or none where it is not chosen among words.
        range: what its number must be in, or each number of a tuple.
    """

    name: str
    default: Any
    choices: tuple[str, ...]
    range: Range

    @property
    def allowed(self) -> str:
        """In words, for ``--help``: ``1 or more``, ``one of adagrad, adam``, ``true or false``."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if isinstance(self.default, bool):
            return "true or false"
        if isinstance(self.default, str):
            return "text"
        if isinstance(self.default, tuple):
            each = replace(self, default=next(iter(self.default), 0))
            return f"{len(self.default)} numbers, each {each.allowed}"
        whole = "a whole number" if isinstance(self.default, int) else "a number"
        return str(self.range) or whole

    def checked(self, value: Any) -> Any:
        """The value, in the type of the default: 5 becomes 5.0, a list a tuple.

        Raises:
            OddframeError: of another type, no choice, or out of range.
        """
        default = self.default
        if isinstance(default, tuple):
            if not isinstance(value, list | tuple) or len(value) != len(default):
                raise refusal(self.name, f"a list of {len(default)} numbers", value)
            pairs = zip(default, value, strict=True)
            return tuple(replace(self, default=one).checked(part) for one, part in pairs)
        if isinstance(default, bool | str):
            right = value in self.choices if self.choices else isinstance(value, type(default))
            if not right:
                raise refusal(self.name, self.allowed, value)
            return value
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or value != value or abs(value) == math.inf:
            raise refusal(self.name, "a number", value)
        if value not in self.range:
            raise refusal(self.name, str(self.range), value)
        if isinstance(default, int) and (value != int(value) or abs(value) >= _LARGEST_WHOLE):
            raise refusal(self.name, "a whole number below 2^31", value)
        if abs(value) >= _LARGEST:
            raise refusal(self.name, "a number below 1e300", value)
        return type(default)(value)


def settings_of(kind: Any) -> dict[str, Setting]:
    """The settings of a configuration dataclass, by name and in its order."""
    hints = get_type_hints(kind)
    found = {}
    for field in fields(kind):
        hint = hints[field.name]
        choices = get_args(hint) if get_origin(hint) is Literal else ()
        found[field.name] = Setting(field.name, field.default, choices, range_of(kind, field.name))
    return found


class CheckedSettings:
    """Base of configuration dataclasses: what is made of them is checked however it is made.

    A subclass whose settings bear on each other says so in a ``__post_init__`` of its own.
    """

    def __post_init__(self) -> None:
        """Refuse settings of another type, that are no choice or out of range."""
        for name, setting in settings_of(type(self)).items():
            setting.checked(getattr(self, name))

    def expect(self, fulfilled: bool, setting: str, wanted: str) -> None:
        """Raise an error that names the setting unless the condition holds.

        Raises:
            OddframeError: it does not.
        """
        if not fulfilled:
            raise refusal(setting, wanted, getattr(self, setting))
