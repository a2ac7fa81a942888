"""Whether all the normal footage was filmed from one place, or which files were not.

What is compared of two files is where edges stand, which day and night leave as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from oddframe.console.words import first_of
from oddframe.detectors.own_cameras.fixed_camera.health_signs import (
    ALIKE,
    LEAST_EDGES,
    LEAST_SHIFT,
    Edges,
)

_UNLIKE = 0.2
"""Correlation of how high edges stand, see :data:`ALIKE`, below which it is another view."""
_LEAST_STRUCTURE = 0.02
"""Share of the picture that must have edges; a dark or a covered one shows no place at all."""
_MOST_REFERENCES = 8
"""So many files are tried as the one that most others agree with."""


class _View:
    """What one file shows, without what comes and goes."""

    def __init__(self, picture: np.ndarray) -> None:
        self.picture, self.edges = picture, Edges(picture)
        heights = self.edges.heights
        self.is_structured = float((heights > LEAST_EDGES).mean()) > _LEAST_STRUCTURE

    def shift(self, other: _View) -> float:
        """How far the other is shifted against this, in shares of the width; 0 for not at all."""
        _, _, shift = self.edges.compared(other.picture)
        far = float(np.hypot(shift[0], shift[1])) / self.edges.width
        return far if far > LEAST_SHIFT else 0.0


@dataclass(frozen=True)
class _Group:
    """A file, and how the others stand to it; those of which nobody can tell are in neither.

    Attributes:
        name: of the file.
        alike: files filmed from the same place.
        apart: files filmed from elsewhere, each with its shift, 0 for another view.
    """

    name: str
    alike: list[str]
    apart: dict[str, float]

    @classmethod
    def around(cls, name: str, views: Mapping[str, _View]) -> _Group:
        """That of a file."""
        alike, apart = [], {}
        for other, view in views.items():
            if other == name:
                continue
            likeness, shift = views[name].edges.likeness(view.edges), views[name].shift(view)
            if shift or likeness < _UNLIKE:
                apart[other] = shift
            elif likeness > ALIKE:
                alike.append(other)
        return cls(name, alike, apart)


def standpoints_line(pictures: Mapping[str, np.ndarray]) -> str:
    """Which files of normal footage were filmed from another place than most; ``""`` if none.

    Args:
        pictures: name of a file to what it shows without what comes and goes, uint8
            ``(height, width)``, all of one size.
    """
    views = {name: _View(picture) for name, picture in pictures.items()}
    views = {name: view for name, view in views.items() if view.is_structured}
    largest: _Group | None = None
    known: set[str] = set()
    tried = 0
    for name in views:
        if name in known or tried == _MOST_REFERENCES:
            continue
        group = _Group.around(name, views)
        tried += 1
        known.update(group.alike)
        if largest is None or len(group.alike) > len(largest.alike):
            largest = group
        if 2 * (len(group.alike) + 1) > len(views):
            break
    if largest is None or not largest.apart:
        return ""
    others, shifts = len(largest.alike) + 1, list(largest.apart.values())
    one = len(shifts) == 1
    than = f"the other {others} files" if others > 1 else largest.name
    it = "it" if one else "them"
    far = f", by {100 * shifts[0]:.1f} % of the width" if one and shifts[0] else ""
    return (
        f"{first_of(list(largest.apart))}: the camera stands elsewhere than in {than}{far}; what "
        f"is normal in one picture hides what is odd in the other, so leave {it} out, or train a "
        "run for each place"
    )
