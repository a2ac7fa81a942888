"""Presence: somebody walks where nothing ever goes; and, as a control, where things usually go.

The control is pasted in the same way and must not be noticed: as far as it is, what is noticed of
the others may be the pasting.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from oddframe.drills.pasting import (
    frames_of_walk,
    seconds_of_walk,
    some_mover,
    walk_box,
    walk_end,
    walking,
)
from oddframe.drills.paths import SIZES, Path, unused_path, usual_path
from oddframe.drills.stage import Fault, Faulted, Part, Stage


def walk_through(stage: Stage, size: str, choose: Callable[[Stage, float, float], Path]) -> Faulted:
    """A mover of the footage walks along a path from the lead to the end."""
    path = choose(stage, SIZES[size], seconds_of_walk(stage))
    thing = some_mover(stage).facing(path.velocity[0] >= 0)
    return Faulted(
        picture=lambda number: walking(stage, path, thing, number),
        frames=frames_of_walk(stage),
        parts=(Part(stage.lead, walk_end(stage)),),
        boxes=lambda number: (walk_box(stage, path, thing, number),),
    )


FAULTS = (
    *(
        Fault(
            "presence",
            "somebody where nothing goes",
            partial(walk_through, size=size, choose=unused_path),
            size=size,
        )
        for size in SIZES
    ),
    Fault(
        "control",
        "somebody ordinary, pasted where things go",
        partial(walk_through, size="usual", choose=usual_path),
        expected="quiet",
        size="usual",
    ),
)
