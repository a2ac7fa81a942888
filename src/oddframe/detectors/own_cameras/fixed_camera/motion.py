"""Motion: pace, direction and stays in one stream of small grey pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.background import Background
from oddframe.detectors.own_cameras.fixed_camera.directions import (
    Directions,
    Wanderer,
    WayStream,
)
from oddframe.detectors.own_cameras.fixed_camera.excused import Excused
from oddframe.detectors.own_cameras.fixed_camera.movers import MoverStream
from oddframe.detectors.own_cameras.fixed_camera.pace import (
    UsualPace,
    cells_of,
    fastest_of,
)
from oddframe.detectors.own_cameras.fixed_camera.presence import PresenceStream, Traffic
from oddframe.detectors.own_cameras.fixed_camera.staying import Stay, Staying
from oddframe.detectors.own_cameras.fixed_camera.traces import Trace, Traced, Views
from oddframe.detectors.own_cameras.fixed_camera.ways import Ways


@dataclass(frozen=True)
class Habits:
    """How things move in normal footage.

    Attributes:
        background: the scene without them.
        pace: how fast they usually are.
        directions: which way they usually go.
        traffic: where they do.
        excused: what a person called normal beside that; None of nothing.
    """

    background: Background
    pace: UsualPace
    directions: Directions
    traffic: Traffic
    excused: Excused | None = None


@dataclass(frozen=True)
class Motion:
    """What was measured in one picture.

    Attributes:
        pace: times the usual pace, float32 (rows, columns).
        fastest: the fastest thing, by its pace.
        wanderer: who goes the way that is rarest at its place.
        stray: what moves at the rarest place.
        stay: the longest.
        now: the fastest thing, the wanderer and the stray of this picture alone, whatever was odder
            before and is still in view.
    """

    pace: np.ndarray
    fastest: Traced
    wanderer: Wanderer
    stray: Traced
    stay: Stay
    now: tuple[Traced, Wanderer, Traced] = (Traced(), Wanderer(), Traced())

    @property
    def things(self) -> tuple[Traced | Stay, ...]:
        """What each of the cues that follow things has found, in their order."""
        return self.fastest, self.wanderer, self.stray, self.stay


class MotionStream:
    """Measures one stream of small grey pictures.

    Args:
        habits: what is usual.
        grid: (rows, columns) of the pace.
        size: (width, height) of the pictures.
    """

    def __init__(self, habits: Habits, grid: tuple[int, int], size: tuple[int, int]) -> None:
        self._habits, self._grid = habits, grid
        self._movers = MoverStream(habits.background, size)
        self._staying = Staying(habits.excused.stays if habits.excused else None)
        self._ways = WayStream(habits.directions)
        self._strays = PresenceStream(habits.traffic)
        self._views = Views(size)
        self._fastest, self._stray = (Trace(self._views, Traced()) for _ in range(2))
        self._wanderer = Trace(self._views, Wanderer())

    def update(self, grey: np.ndarray, elapsed: float | None) -> Motion:
        """Take the next picture.

        Args:
            grey: uint8 ``(height, width)``.
            elapsed: seconds since the one before; None where footage begins anew.
        """
        moving = self._movers.update(grey, elapsed)
        if elapsed is None:
            for one in (self._staying, self._views, self._fastest, self._wanderer, self._stray):
                one.reset()
        self._views.add(moving.standing, elapsed or 0.0)
        field, going = self._habits.pace.field(moving), Ways.of(moving)
        if self._habits.excused is not None:
            field = self._habits.excused.calmed(field, moving)
        fastest = fastest_of(field, moving)
        wanderer = self._ways.update(moving, going)
        stray = self._strays.update(moving, going)
        return Motion(
            pace=cells_of(field, moving, self._grid),
            fastest=self._fastest.update(fastest),
            wanderer=self._wanderer.update(wanderer),
            stray=self._stray.update(stray),
            stay=self._staying.update(moving, elapsed),
            now=(fastest, wanderer, stray),
        )
