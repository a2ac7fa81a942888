"""A lesson: all that was odd in a moment that a person judged, by place and by cue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.place_memory import cover
from oddframe.detectors.own_cameras.fixed_camera.scene import Scene
from oddframe.detectors.own_cameras.fixed_camera.staying import GRID as STAYS
from oddframe.detectors.own_cameras.fixed_camera.ways import BINS
from oddframe.detectors.own_cameras.fixed_camera.ways import GRID as WAYS
from oddframe.errors import OddframeError
from oddframe.features.backbones.patch_features import CHANNELS
from oddframe.files.saved_state import SavedState

_COVERED = 0.1
"""Surprise of a look at the distance within which one stands for others."""


@dataclass(frozen=True)
class Lesson:
    """What was odd, by place and by cue.

    Attributes:
        cells: flat number of the cell of each odd look, int32 ``(n,)``.
        patches: its whitened patch, float32 ``(n, channels)``.
        paces: the fastest odd pace in each cell, times the usual one, 0 where none was; float32
            ``(rows, columns)``.
        ways: which ways something odd went at each place, bool ``(rows, columns, ways)``.
        places: where something moved that nothing moves at, bool ``(rows, columns)``.
        stays: the longest odd stay at each place, in seconds, 0 where none was; float32.
    """

    cells: np.ndarray
    patches: np.ndarray
    paces: np.ndarray
    ways: np.ndarray
    places: np.ndarray
    stays: np.ndarray

    @classmethod
    def empty(cls, grid: tuple[int, int]) -> Lesson:
        """Nothing was odd.

        Args:
            grid: (rows, columns) of cells.
        """
        return cls(
            np.zeros(0, np.int32),
            np.zeros((0, CHANNELS), np.float32),
            np.zeros(grid, np.float32),
            np.zeros((*WAYS, BINS), bool),
            np.zeros(WAYS, bool),
            np.zeros(STAYS, np.float32),
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing was odd that can be called normal."""
        fields = self.paces, self.ways, self.places, self.stays
        return not self.cells.size and not any(field.any() for field in fields)

    def and_also(self, other: Lesson) -> Lesson:
        """What was odd in either."""
        return Lesson(
            np.concatenate([self.cells, other.cells]),
            np.concatenate([self.patches, other.patches]),
            np.maximum(self.paces, other.paces),
            self.ways | other.ways,
            self.places | other.places,
            np.maximum(self.stays, other.stays),
        )

    @property
    def summary(self) -> dict[str, float]:
        """What it holds, for a person: numbers by name, without those that are 0."""
        found = {
            "looks": self.cells.size,
            "pace": round(float(self.paces.max()), 2),
            "ways": int(self.ways.any(axis=2).sum()),
            "places": int(self.places.sum()),
            "seconds": round(float(self.stays.max()), 1),
        }
        return {name: value for name, value in found.items() if value}

    def state(self) -> dict[str, Any]:
        """Arrays; float16 is exact enough for distances."""
        return {**vars(self), "patches": self.patches.astype(np.float16)}

    @classmethod
    def from_state(cls, state: dict[str, Any], grid: tuple[int, int]) -> Lesson:
        """The lesson that gave :meth:`state`.

        Raises:
            OddframeError: a value that is missing, or that no lesson of such a grid has.
        """
        empty, saved = cls.empty(grid), SavedState(state)
        cells, patches = empty.cells, empty.patches
        if np.size(state.get("cells", ())):  # no array without a value is taken of a saved state
            cells = saved.array("cells", np.integer, (None,)).astype(np.int32)
            patches = saved.array("patches", np.floating, (cells.size, CHANNELS))
            if not 0 <= cells.min() <= cells.max() < empty.paces.size:
                raise OddframeError(f"'cells': expected numbers below {empty.paces.size}")
        return cls(
            cells,
            patches.astype(np.float32),
            saved.array("paces", np.floating, empty.paces.shape),
            saved.array("ways", np.bool_, empty.ways.shape),
            saved.array("places", np.bool_, empty.places.shape),
            saved.array("stays", np.floating, empty.stays.shape),
        )


def thinned(scene: Scene, cells: np.ndarray, patches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of looks those that stand for all: of two that are nearly the same at one place, one.

    Args:
        scene: says what is nearly the same, and what a place is.
        cells, patches: as of a :class:`Lesson`.
    """
    radius = max(0.0, scene.appearance.highest_below(_COVERED))
    chosen = [np.zeros(0, np.intp)]
    for own, _ in scene.memory.places():
        here = np.flatnonzero(np.isin(cells, own))
        if here.size:
            chosen.append(here[cover(patches[here], radius)])
    kept = np.sort(np.concatenate(chosen))
    return cells[kept], patches[kept]
