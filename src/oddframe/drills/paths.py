"""Paths through the picture: where nothing ever goes, and where things usually go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from oddframe.drills.cutouts import Box
from oddframe.drills.perspective import Perspective
from oddframe.drills.stage import NotHereError, Stage

SIZES = {"small": 0.5, "usual": 1.0, "large": 2.0}
"""Times the height of a usual mover at that place."""
_TRIES = 1500
_WIDTH = 0.45
"""Of a mover, over its height, where a path is looked for."""
_MOST_USED = 0.02
_LEAST_USED = 0.5
_LEAST_PIXELS = 8


@dataclass(frozen=True)
class Path:
    """A straight walk of a thing's feet.

    Attributes:
        feet: where it begins, column and row in pixels.
        velocity: pixels per second, to the right and down.
        size: times the usual height at its row.
        perspective: the usual height.
    """

    feet: tuple[float, float]
    velocity: tuple[float, float]
    size: float
    perspective: Perspective

    def at(self, seconds: float) -> tuple[float, float, float]:
        """Column and row of its feet, and its height in pixels, after so many seconds."""
        x = self.feet[0] + self.velocity[0] * seconds
        y = self.feet[1] + self.velocity[1] * seconds
        return x, y, max(self.size * self.perspective.height_at(y), _LEAST_PIXELS)

    def box(self, seconds: float, wide: float = _WIDTH) -> tuple[float, float, float, float]:
        """Where it is, ``(x1, y1, x2, y2)``, if it is so wide over its height."""
        x, y, height = self.at(seconds)
        return x - wide * height / 2, y - height, x + wide * height / 2, y


def unused_path(stage: Stage, size: float, seconds: float) -> Path:
    """A walk on which a thing's feet, and most of it, are where nothing was ever seen to move.

    Raises:
        NotHereError: there is none.
    """

    def draw(random: np.random.Generator, *_: float) -> tuple[float, float]:
        # Rooms between paths are often strips along rows.
        angle = random.uniform(0, 2 * np.pi) if random.random() < 0.5 else random.choice((0, np.pi))
        return float(np.cos(angle)), 0.35 * float(np.sin(angle))  # rows are foreshortened

    found = _paths(stage, size, seconds, draw)
    free = [path for share, path in found if share <= _MOST_USED]
    if not free:
        raise NotHereError(
            "no path of this length is unused here: things move nearly everywhere"
            if found
            else "the picture has no room for a walk of this size"
        )
    return free[int(stage.random.integers(len(free)))]


def usual_path(stage: Stage, size: float, seconds: float, *, across: bool = False) -> Path:
    """A walk where things are seen to move, the way that they go there, at their pace.

    Args:
        stage: the footage.
        size: times the usual height.
        seconds: how long it lasts.
        across: at right angles to the way that things go there.

    Raises:
        NotHereError: nothing moves here, or there is no room.
    """
    if not stage.scene.moves:
        raise NotHereError("nothing moves in this footage, so that no place and pace are usual")

    def draw(_: np.random.Generator, x: float, y: float) -> tuple[float, float]:
        way = stage.scene.way_at(x, y)
        if across:
            way = -way[1], way[0]
        return way[0] / (np.hypot(*way) + 1e-9), way[1] / (np.hypot(*way) + 1e-9)

    found = sorted(_paths(stage, size, seconds, draw), key=lambda pair: -pair[0])
    used = [path for share, path in found if share >= _LEAST_USED][:20]
    if not used:
        raise NotHereError("no path of this length is used in this footage")
    return used[int(stage.random.integers(len(used)))]


def _paths(
    stage: Stage,
    size: float,
    seconds: float,
    draw: Callable[[np.random.Generator, float, float], tuple[float, float]],
) -> list[tuple[float, Path]]:
    """Walks that stay in the picture, each with the share of its ground that is used."""
    width, height = stage.clip.size
    perspective, random = stage.perspective, stage.random
    moments = np.linspace(0, seconds, 12).tolist()
    found = []
    for _ in range(_TRIES):
        x, y = float(random.uniform(0.03, 0.97)) * width, float(random.uniform(0.1, 0.98)) * height
        way = draw(random, x / width, y / height)
        pace = stage.scene.pace * perspective.height_at(y)
        path = Path((x, y), (way[0] * pace, way[1] * pace), size, perspective)
        boxes = [path.box(at) for at in moments]
        if all(_inside(box, width, height) for box in boxes):
            used = float(np.mean([_ground_used(stage, box) for box in boxes]))
            found.append((used, path))
    return found


def _inside(box: tuple[float, float, float, float], width: int, height: int) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height


def _ground_used(stage: Stage, box: tuple[float, float, float, float]) -> float:
    """Share of the lower half of a box where anything was ever seen to move."""
    width, height = stage.clip.size
    x1, y1, x2, y2 = box
    lower = x1 / width, (y1 + y2) / 2 / height, x2 / width, y2 / height
    return stage.scene.share_used(lower)


def whole_box(box: tuple[float, float, float, float], size: tuple[int, int]) -> Box:
    """A box in whole pixels inside a picture of a size."""
    width, height = size
    x1, y1 = min(max(int(box[0]), 0), width - 1), min(max(int(box[1]), 0), height - 1)
    x2, y2 = min(max(round(box[2]), x1 + 1), width), min(max(round(box[3]), y1 + 1), height)
    return x1, y1, x2, y2
