"""Ranges of settings, which stand beside their names: ``k: int = setting(3, at_least=1)``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Range:
    """The numbers that a setting may be, each bound being None where there is none.

    As text it is what an error expects and what ``--help`` shows: ``16 to 4096``.

    Attributes:
        at_least, at_most: the least and the largest number allowed.
        above, below: bounds that are themselves not allowed.
        multiple_of: the number is a multiple of this one.
    """

    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None
    multiple_of: int | None = None

    def __contains__(self, number: float) -> bool:
        return (
            (self.at_least is None or number >= self.at_least)
            and (self.at_most is None or number <= self.at_most)
            and (self.above is None or number > self.above)
            and (self.below is None or number < self.below)
            and (self.multiple_of is None or number % self.multiple_of == 0)
        )

    def __str__(self) -> str:
        parts = [] if self.multiple_of is None else [f"a multiple of {self.multiple_of}"]
        if self.at_least is not None and self.at_most is not None:
            parts.append(f"{self.at_least} to {self.at_most}")
        elif self.at_least is not None and self.below is None:
            parts.append(f"{self.at_least} or more")
        else:
            bounds = {
                "at least": self.at_least,
                "more than": self.above,
                "at most": self.at_most,
                "below": self.below,
            }
            said = [f"{words} {bound}" for words, bound in bounds.items() if bound is not None]
            parts += [" and ".join(said)] if said else []
        return ", ".join(parts)

    def narrowed(self, **bounds: float | None) -> Range:
        """The range with other bounds, where they are given."""
        return replace(self, **{name: at for name, at in bounds.items() if at is not None})


def setting(
    default: T,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    above: float | None = None,
    below: float | None = None,
    multiple_of: int | None = None,
) -> T:
    """A field of a configuration dataclass, with the range that its numbers are in.

    A subclass that gives the setting another default, with or without this function, keeps the
    bounds that it does not name.

    Args:
        default: value where nobody gives one; its type is that of the setting.
        at_least, at_most, above, below, multiple_of: bounds, see :class:`Range`; of a tuple, bounds
            of each of its numbers.
    """
    given = Range(at_least, at_most, above, below, multiple_of)
    return field(default=default, metadata={Range: given})


def range_of(kind: type, name: str) -> Range:
    """The range of a setting of a configuration dataclass: its bounds there and in its bases."""
    found = Range()
    for base in reversed(kind.__mro__):
        declared = vars(base).get("__dataclass_fields__", {}).get(name)
        if declared is not None:
            found = found.narrowed(**vars(declared.metadata.get(Range, Range())))
    return found
