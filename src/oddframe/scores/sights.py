"""Sights of normal footage: when something was seen that is nearest to what is odd now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sight:
    """A moment of the normal footage that a detector learnt from.

    Attributes:
        video: id of the recording.
        seconds: when in it.
    """

    video: str
    seconds: float


def sight_from(row: Mapping[str, Any] | None) -> Sight | None:
    """The sight of which these are the fields, as JSON gives them back; None of none.

    Raises:
        KeyError, TypeError, ValueError: other fields.
    """
    return None if row is None else Sight(str(row["video"]), float(row["seconds"]))
