"""Teaching: a scene that knows what persons said of it. What is called normal there is odd no more.

It is excused place by place and cue by cue before the oddest thing of a picture is looked for: what
is excused must not hide what is odd. What a person called odd is never excused, whoever calls
something like it normal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.directions import Directions
from oddframe.detectors.own_cameras.fixed_camera.excused import Excused
from oddframe.detectors.own_cameras.fixed_camera.lesson import Lesson, thinned
from oddframe.detectors.own_cameras.fixed_camera.memory import NormalMemory
from oddframe.detectors.own_cameras.fixed_camera.presence import USED_SHARE, Traffic
from oddframe.detectors.own_cameras.fixed_camera.scene import Scene
from oddframe.detectors.own_cameras.fixed_camera.ways import BINS

_FASTER = 1.25
"""Times as fast as what was called normal is the same to a person."""
_LONGER = 1.5
"""Times as long is."""
_CLEARLY = 2.0
"""Surprise of a look that was clearly a part of what was called odd: what is beside it in its box
is as usual as anything."""
_NEAR = 1.0
"""Surprise of a look at the distance within which it looks the same as another: of normal looks,
nine in ten are nearer to what is known."""


@dataclass(frozen=True)
class Said:
    """A lesson, and what a person said of it.

    Attributes:
        lesson: what was odd.
        normal: whether it is normal there; else it is odd, and stays so.
    """

    lesson: Lesson
    normal: bool


@dataclass(frozen=True)
class TaughtScene:
    """A scene that was taught.

    Attributes:
        scene: it.
        withheld: looks that were called normal and are not taken, since they are like some that
            were called odd.
    """

    scene: Scene
    withheld: int


def taught(scene: Scene, said: Sequence[Said]) -> TaughtScene:
    """A scene that was fitted, and all that persons said of it since.

    Args:
        scene: as it was fitted; it stays as it is.
        said: lessons, in order.
    """
    if not said:
        return TaughtScene(scene, 0)
    normal, odd = (
        _together(scene, [one.lesson for one in said if one.normal is kind])
        for kind in (True, False)
    )
    cells, patches = _looks(scene, normal, odd)
    habits = scene.habits
    excused = Excused(
        _below(_FASTER * normal.paces, odd.paces), _below(_LONGER * normal.stays, odd.stays)
    )
    ways, places = normal.ways & ~odd.ways, normal.places & ~odd.places
    shares, beside = habits.directions.shares, habits.traffic.beside
    stays = np.maximum(scene.stays.seconds, np.where(excused.stays > 0, normal.stays, 0))
    return TaughtScene(
        replace(
            scene,
            memory=_knowing(scene, cells, patches),
            habits=replace(
                habits,
                directions=Directions(np.where(ways, np.maximum(shares, 1 / BINS), shares)),
                traffic=Traffic(np.where(places, np.maximum(beside, USED_SHARE), beside)),
                excused=excused,
            ),
            stays=replace(scene.stays, seconds=stays),
        ),
        withheld=len(normal.cells) - len(cells),
    )


def _together(scene: Scene, lessons: Sequence[Lesson]) -> Lesson:
    result = Lesson.empty(scene.scale.grid)
    for lesson in lessons:
        result = result.and_also(lesson)
    return result


def _below(normal: np.ndarray, odd: np.ndarray) -> np.ndarray:
    """What is excused, below what was called odd at the same place."""
    return np.where(odd > 0, np.minimum(normal, 0.99 * odd), normal).astype(np.float32)


def _looks(scene: Scene, normal: Lesson, odd: Lesson) -> tuple[np.ndarray, np.ndarray]:
    """Cells and patches that are normal and not like odd ones at the same place."""
    if not odd.cells.size or not normal.cells.size:
        return normal.cells, normal.patches
    near = scene.appearance.highest_below(_NEAR)
    kept = np.ones(normal.cells.size, bool)
    for own, known in scene.memory.places():
        mine, theirs = (np.flatnonzero(np.isin(one.cells, own)) for one in (normal, odd))
        if not mine.size or not theirs.size:
            continue
        patches = odd.patches[theirs]
        surprise = scene.appearance(_distances(patches, known).min(axis=1))
        patches = patches[surprise > _CLEARLY]
        if len(patches):
            kept[mine] = _distances(normal.patches[mine], patches).min(axis=1) > near
    return normal.cells[kept], normal.patches[kept]


def _knowing(scene: Scene, cells: np.ndarray, patches: np.ndarray) -> NormalMemory:
    """The memory with these looks."""
    return scene.memory.knowing(*thinned(scene, cells, patches)) if cells.size else scene.memory


def _distances(ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    squares = (ones * ones).sum(axis=1)[:, None] + (others * others).sum(axis=1)
    return np.sqrt(np.maximum(squares - 2 * ones @ others.T, 0))
