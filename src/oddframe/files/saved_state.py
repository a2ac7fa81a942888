"""The state of a detector as a checkpoint has it: every value is checked when it is taken.

A checkpoint comes from a disk, and perhaps from somebody else. What a detector takes for granted of
its state is said here, so that a wrong value is one line when a run is opened, and not a wrong
score, or an error of a library, in the middle of a video.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import partial
from typing import Any, TypeVar, get_type_hints

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.text_files import shown

_LONGEST_WORDS = 10_000

Value = TypeVar("Value")


class SavedState:
    """Named values of one place in a state.

    Every method raises an OddframeError that names the value if it is missing or not as expected.

    Args:
        content: the values.
        place: the names that lead here, for messages.
    """

    def __init__(self, content: Any, place: str = "") -> None:
        self._place = place
        if not isinstance(content, Mapping):
            said = f"expected names and values, found {_described(content)}"
            raise OddframeError(f"'{place}': {said}" if place else said)
        self._content = content

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def part(self, name: str) -> SavedState:
        """The values below a name."""
        return SavedState(self._value(name), self._name(name))

    def number(self, name: str, least: float = -math.inf, most: float = math.inf) -> float:
        """A finite number."""
        value = self._value(name)
        self._expect(_is_number(value, least, most), name, _range("a number", least, most))
        return float(value)

    def numbers(
        self, name: str, count: int, least: float = -math.inf, most: float = math.inf
    ) -> list[float]:
        """So many finite numbers."""
        values = self._value(name)
        fits = isinstance(values, list) and len(values) == count
        fits = fits and all(_is_number(value, least, most) for value in values)
        self._expect(fits, name, _range(f"{count} numbers", least, most))
        return [float(value) for value in values]

    def wholes(self, name: str, count: int | None, least: int, most: int) -> list[int]:
        """Whole numbers; so many, if a count is given."""
        values = self._value(name)
        fits = isinstance(values, list) and count in (None, len(values))
        fits = fits and all(type(v) is int and least <= v <= most for v in values)
        how_many = "" if count is None else f"{count} "
        self._expect(fits, name, f"{how_many}whole numbers from {least} to {most}")
        return list(values)

    def whole(self, name: str, least: int, most: int) -> int:
        """A whole number."""
        value = self._value(name)
        fits = type(value) is int and least <= value <= most
        self._expect(fits, name, f"a whole number from {least} to {most}")
        return value

    def truth(self, name: str) -> bool:
        """True or false."""
        value = self._value(name)
        self._expect(isinstance(value, bool), name, "true or false")
        return value

    def words(self, name: str) -> str:
        """A text, of a few sentences at most."""
        value = self._value(name)
        fits = isinstance(value, str) and len(value) <= _LONGEST_WORDS
        self._expect(fits, name, f"words of at most {_LONGEST_WORDS:,} letters")
        return value

    def texts(self, name: str) -> list[str]:
        """Any number of texts."""
        values = self._value(name)
        fits = isinstance(values, list) and all(isinstance(value, str) for value in values)
        self._expect(fits, name, "a list of words")
        return list(values)

    def notes(self, name: str) -> dict[str, Any]:
        """Plain values by name, for a report: text, numbers, true and false, lists of these."""
        part = self.part(name)
        plain = {key: part._value(key) for key in part}
        single = [x for v in plain.values() for x in (v if isinstance(v, list) else [v])]
        fits = all(value is None or isinstance(value, str | int | float) for value in single)
        self._expect(fits, name, "text and numbers")
        return plain

    def array(self, name: str, kind: type[np.generic], shape: tuple[int | None, ...]) -> np.ndarray:
        """Finite numbers of a kind (``np.floating``, ``np.uint8``) and a shape; None is any."""
        value = self._value(name)
        fits = (
            isinstance(value, np.ndarray)
            and np.issubdtype(value.dtype, kind)
            and value.ndim == len(shape)
            and value.size > 0
            and all(n in (None, found) for n, found in zip(shape, value.shape, strict=True))
            and bool(np.isfinite(value).all())
        )
        sides = "x".join("any" if n is None else str(n) for n in shape)
        self._expect(fits, name, f"finite numbers of shape {sides}")
        return value

    def dataclass(self, name: str, kind: Callable[..., Value]) -> Value:
        """A dataclass of numbers, whole numbers from 0 on, and words, from its fields by name."""
        part, hints = self.part(name), get_type_hints(kind)
        whole = partial(part.whole, least=0, most=2**31)
        takers = {float: part.number, int: whole, str: part.words}
        known = [field for field in fields(kind) if field.name in part]  # ty: ignore[invalid-argument-type]
        try:
            return kind(**{field.name: takers[hints[field.name]](field.name) for field in known})
        except TypeError as error:  # one that has no default is not there
            raise self.wrong(name, "all its values", str(error)) from None

    def tensor(self, name: str) -> Any:
        """An array of any numbers, or a tensor."""
        value = self._value(name)
        self._expect(_has_shape(value), name, "a tensor")
        return value

    def wrong(self, name: str, wanted: str, found: str) -> OddframeError:
        """What is wrong with a value."""
        return OddframeError(f"'{self._name(name)}': expected {wanted}, found {found}")

    def _value(self, name: str) -> Any:
        if name not in self._content:
            raise OddframeError(f"'{self._name(name)}' is missing")
        return self._content[name]

    def _expect(self, fulfilled: Any, name: str, wanted: str) -> None:
        if not fulfilled:
            raise self.wrong(name, wanted, _described(self._content[name]))

    def _name(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name


def _is_number(value: Any, least: float, most: float) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return least <= value <= most and abs(value) < 1e300  # NaN is in no range


def _range(what: str, least: float, most: float) -> str:
    if math.isinf(least):
        return what
    return (
        f"{what}, {least:g} or more" if math.isinf(most) else f"{what} from {least:g} to {most:g}"
    )


def _described(value: Any) -> str:
    if _has_shape(value):
        return f"{value.dtype} of shape {tuple(value.shape)}"
    return shown(value)


def _has_shape(value: Any) -> bool:
    """Whether it is an array or a tensor, without PyTorch."""
    return hasattr(value, "dtype") and hasattr(value, "shape")
