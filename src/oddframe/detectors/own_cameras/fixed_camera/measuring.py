"""Normal footage measured as if it were new: every part of it against what the others showed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.background import Background
from oddframe.detectors.own_cameras.fixed_camera.directions import (
    BINS,
    GRID,
    Directions,
    count_ways,
)
from oddframe.detectors.own_cameras.fixed_camera.followed import followed_values
from oddframe.detectors.own_cameras.fixed_camera.health import Health
from oddframe.detectors.own_cameras.fixed_camera.health_signs import SignStream
from oddframe.detectors.own_cameras.fixed_camera.memory import NormalMemory
from oddframe.detectors.own_cameras.fixed_camera.motion import Habits, MotionStream
from oddframe.detectors.own_cameras.fixed_camera.movers import (
    Mover,
    MoverStream,
    movers_of,
)
from oddframe.detectors.own_cameras.fixed_camera.observation import Scale
from oddframe.detectors.own_cameras.fixed_camera.pace import UsualPace
from oddframe.detectors.own_cameras.fixed_camera.scene import Whitening
from oddframe.detectors.own_cameras.fixed_camera.staying import Stay
from oddframe.detectors.own_cameras.fixed_camera.watching import HELD_OUT, Seen


@dataclass(frozen=True)
class LearntHabits:
    """Habits of all the footage, which can also tell those of all but one part.

    Attributes:
        background, pace: of all of it.
        ways: for each part, how much went which way (:func:`count_ways`).
    """

    background: Background
    pace: UsualPace
    ways: dict[int, np.ndarray]

    @classmethod
    def learn(
        cls, moments: Iterable[Seen], background: Background, size: tuple[int, int]
    ) -> LearntHabits:
        """From what moves in front of the background."""
        movers: list[Mover] = []
        ways: dict[int, np.ndarray] = {}
        stream = MoverStream(background, size)
        for seen in moments:
            if seen.observation.motion is None:
                continue
            moving = stream.update(*seen.observation.motion)
            if seen.judged:
                movers.extend(movers_of(moving))
                ways[seen.group] = ways.get(seen.group, 0) + count_ways(moving)
        return cls(background, UsualPace.fit(movers, size[0]), ways)

    def without(self, group: int | None) -> Habits:
        """The habits of all but one part of the footage."""
        counts = [ways for part, ways in self.ways.items() if part != group]
        directions = Directions.of_counts(sum(counts, np.zeros((*GRID, BINS), np.float32)))
        return Habits(self.background, self.pace, directions)


@dataclass
class Measurements:
    """Raw values of normal footage, in order.

    Attributes:
        distances: for each look, float16 (rows, columns): to what the other parts showed there.
        paces: for each moment, float16 (rows, columns).
        followed: for each moment, what is measured of things (:func:`followed_values`).
        stays: for each moment, the longest.
        latest_looks: for each moment, the index of the latest look.
        seconds: for each moment, its time.
        anew: for each moment, whether something else begins with it.
        stretches: first moment, the one after the last, how many come in a second, and the
            video.
        health: the camera at its worst.
    """

    distances: list[np.ndarray] = field(default_factory=list)
    paces: list[np.ndarray] = field(default_factory=list)
    followed: list[np.ndarray] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    latest_looks: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    anew: list[bool] = field(default_factory=list)
    stretches: list[tuple[int, int, float, int]] = field(default_factory=list)
    health: Health = field(default_factory=Health)


def measure(
    moments: Iterable[Seen],
    memory: NormalMemory,
    whitening: Whitening,
    habits: LearntHabits,
    scale: Scale,
) -> Measurements:
    """Measure footage, each part of it against a memory and habits without that part."""
    found = Measurements()
    begun, group = -1, None
    stream: MotionStream | None = None
    signs = SignStream(habits.background)
    motion, anew = None, True
    look, looked = None, None
    for seen in moments:
        observation = seen.observation
        anew |= observation.anew
        own = None if seen.group == HELD_OUT else seen.group
        if observation.look is not None:
            if observation.look is not look or looked != own:
                look, looked = observation.look, own
                distances = memory.distances(whitening(look), own).astype(np.float16)
            found.distances.append(distances)
        if observation.motion is not None:
            grey, elapsed = observation.motion
            if stream is None or seen.group != group:
                group, elapsed = seen.group, None
                stream = MotionStream(habits.without(own), scale.grid, scale.motion_size)
            motion = stream.update(grey, elapsed)
            found.health = found.health.knowing(signs.update(grey, elapsed))
        if not seen.judged or motion is None or not found.distances:
            continue
        if seen.stretch != begun:
            begun = seen.stretch
            found.stretches.append((len(found.paces), len(found.paces), seen.rate, seen.video))
            anew = True
        found.paces.append(motion.pace.astype(np.float16))
        found.followed.append(followed_values(motion))
        found.stays.append(motion.stay)
        found.latest_looks.append(len(found.distances) - 1)
        found.seconds.append(observation.seconds)
        found.anew.append(anew)
        anew = False
        found.stretches[-1] = (found.stretches[-1][0], len(found.paces), seen.rate, seen.video)
    return found
