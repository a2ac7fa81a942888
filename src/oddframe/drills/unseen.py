"""Faults in zones that are ignored: what a run cannot see is no fault of its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from oddframe.drills.stage import Faulted
from oddframe.zones.painting import Paint
from oddframe.zones.zone import Zones

_MOMENTS = 9
"""Of each part, at which it is asked where the fault is."""


def is_hidden(faulted: Faulted, zones: Zones, size: tuple[int, int]) -> bool:
    """Whether a fault is in zones that are ignored for half of the time or more.

    One that is nowhere in particular, as of the camera itself, never is.

    Args:
        faulted: says where it is.
        zones: of the picture.
        size: width and height of the picture in pixels.
    """
    hidden = []
    for part in faulted.parts if zones.ignored else ():
        for moment in np.linspace(part.start, part.end - 1, _MOMENTS).astype(int).tolist():
            for left, top, right, bottom in faulted.boxes(moment):
                middle = (left + right) / 2 / size[0], (top + bottom) / 2 / size[1]
                hidden.append(any(zone.holds(*middle) for zone in zones.ignored))
    return bool(hidden) and 2 * sum(hidden) >= len(hidden)


def seen_picture(
    faulted: Faulted, zones: Zones, size: tuple[int, int]
) -> Callable[[int], np.ndarray]:
    """Number of a frame to its picture without what is ignored."""
    if not zones.ignored:
        return faulted.picture
    paint = Paint(zones, size)
    return lambda number: paint.over(np.asarray(faulted.picture(number)))
