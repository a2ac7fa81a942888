"""Look: a mover at a usual place and pace whose appearance is foreign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import cv2
import numpy as np

from oddframe.drills.cutouts import CutOut
from oddframe.drills.pasting import (
    frames_of_walk,
    seconds_of_walk,
    some_mover,
    walk_box,
    walk_end,
    walking,
)
from oddframe.drills.paths import usual_path
from oddframe.drills.stage import Fault, Faulted, Part, Stage

_STRIPES = 3
"""Stripes across a mover's height, of each colour."""


def foreign(stage: Stage, change: Callable[[CutOut], CutOut]) -> Faulted:
    """A changed mover walks where, and as fast as, things usually go."""
    path = usual_path(stage, 1.0, seconds_of_walk(stage))
    thing = change(some_mover(stage).facing(path.velocity[0] >= 0))
    return Faulted(
        picture=lambda number: walking(stage, path, thing, number),
        frames=frames_of_walk(stage),
        parts=(Part(stage.lead, walk_end(stage)),),
        boxes=lambda number: (walk_box(stage, path, thing, number),),
    )


def recoloured(thing: CutOut) -> CutOut:
    """Light is dark, and every colour is the opposite one, as in a negative."""
    return replace(thing, colours=tuple(255 - part for part in thing.colours))


def textured(thing: CutOut) -> CutOut:
    """Covered with black and white stripes."""
    return replace(thing, colours=tuple(_striped(part) for part in thing.colours))


def upside_down(thing: CutOut) -> CutOut:
    """On its head."""
    return replace(
        thing,
        colours=tuple(part[::-1] for part in thing.colours),
        masks=tuple(part[::-1] for part in thing.masks),
    )


def _striped(colours: np.ndarray) -> np.ndarray:
    rows, columns = np.indices(colours.shape[:2])
    width = max(colours.shape[0] / (2 * _STRIPES), 1)
    light = ((rows + columns) // width % 2 == 0).astype(np.uint8) * 215 + 20
    return cv2.cvtColor(light, cv2.COLOR_GRAY2RGB)


FAULTS = tuple(
    Fault("look", name, partial(foreign, change=change), size="usual")
    for name, change in (
        ("a mover in the negative's colours", recoloured),
        ("a striped mover", textured),
        ("a mover upside down", upside_down),
    )
)
