"""Normal footage measured as if it were new: every part of it against what the others showed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.background import Background
from oddframe.detectors.own_cameras.fixed_camera.directions import Directions
from oddframe.detectors.own_cameras.fixed_camera.followed import CUES, followed_values
from oddframe.detectors.own_cameras.fixed_camera.health import Health
from oddframe.detectors.own_cameras.fixed_camera.health_signs import Signs, SignStream
from oddframe.detectors.own_cameras.fixed_camera.kept_rows import KeptRows
from oddframe.detectors.own_cameras.fixed_camera.motion import Habits, MotionStream
from oddframe.detectors.own_cameras.fixed_camera.movers import (
    Mover,
    MoverStream,
    movers_of,
)
from oddframe.detectors.own_cameras.fixed_camera.observation import Scale
from oddframe.detectors.own_cameras.fixed_camera.pace import UsualPace
from oddframe.detectors.own_cameras.fixed_camera.presence import Traffic
from oddframe.detectors.own_cameras.fixed_camera.staying import Stay
from oddframe.detectors.own_cameras.fixed_camera.watching import HELD_OUT, Seen
from oddframe.detectors.own_cameras.fixed_camera.ways import BINS, GRID, count_ways


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
        ways = sum(counts, np.zeros((*GRID, BINS), np.float32))
        return Habits(
            self.background, self.pace, Directions.of_counts(ways), Traffic.of_counts(ways)
        )


_MOMENT = np.dtype(
    [
        ("stretch", "i4"),
        ("video", "i4"),
        ("rate", "f8"),
        ("look", "i8"),
        ("seconds", "f8"),
        ("anew", "?"),
        ("followed", "f8", len(CUES)),
        ("stay", "f8"),
        ("stay_box", "i4", 4),
        ("worst", "f8", len(fields(Signs))),
    ]
)
"""What is measured at a moment, but for its fields: also its stretch, and the camera at its worst
until then."""


class Measurements:
    """Raw values of normal footage, in order.

    Args:
        folder: where they are kept.
        grid: (rows, columns) of fields.

    Attributes:
        kept: the rows, which say how far measuring has come.
    """

    def __init__(self, folder: Path, grid: tuple[int, int]) -> None:
        field = np.dtype((np.float16, grid))
        self.kept = KeptRows(folder, {"moments": _MOMENT, "distances": field, "paces": field})

    @property
    def distances(self) -> np.ndarray:
        """Of each look, to what other parts showed there, float16 ``(looks, rows, columns)``."""
        return self.kept.rows("distances")

    @property
    def paces(self) -> np.ndarray:
        """At each moment, float16 ``(moments, rows, columns)``."""
        return self.kept.rows("paces")

    @property
    def followed(self) -> np.ndarray:
        """At each moment, what is measured of things (:func:`followed_values`), float64."""
        return np.array(self._moments["followed"])

    @property
    def stays(self) -> list[Stay]:
        """At each moment, the longest."""
        rows = self._moments
        pairs = zip(rows["stay"].tolist(), rows["stay_box"].tolist(), strict=True)
        return [Stay(seconds, (x, y, wide, high)) for seconds, (x, y, wide, high) in pairs]

    @property
    def latest_looks(self) -> list[int]:
        """At each moment, the index of the latest look."""
        return self._moments["look"].tolist()

    @property
    def seconds(self) -> list[float]:
        """The time of each moment."""
        return self._moments["seconds"].tolist()

    @property
    def anew(self) -> list[bool]:
        """At each moment, whether something else begins with it."""
        return self._moments["anew"].tolist()

    @property
    def stretches(self) -> list[tuple[int, int, float, int]]:
        """First moment, the one after the last, how many come in a second, and the video."""
        rows = self._moments
        edges = np.flatnonzero(np.diff(rows["stretch"])) + 1
        starts, stops = [0, *edges.tolist()], [*edges.tolist(), len(rows)]
        firsts = rows[starts] if len(rows) else rows
        parts = zip(starts, stops, firsts["rate"].tolist(), firsts["video"].tolist(), strict=False)
        return list(parts)

    @property
    def health(self) -> Health:
        """The camera at its worst."""
        rows = self._moments
        return Health(Signs(*rows["worst"][-1].tolist())) if len(rows) else Health()

    @property
    def _moments(self) -> np.ndarray:
        return self.kept.rows("moments")

    def add(
        self,
        moments: Iterable[Seen],
        distances_of: Callable[[np.ndarray, int | None], np.ndarray],
        habits: LearntHabits,
        scale: Scale,
    ) -> None:
        """Measure footage, each part of it against a memory and habits without that part.

        Every stretch begins anew: nothing is carried into it but the camera at its worst.

        Args:
            moments: the footage.
            distances_of: from a look, and the part of the footage that it is from, to how far
                each cell is from what other parts showed there; asked in order.
            habits: how things move, in each part and in all.
            scale: sizes of the pictures.
        """
        kept, health = self.kept, self.health
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
                    distances = distances_of(look, own)
                kept.add("distances", distances)
            if observation.motion is not None:
                grey, elapsed = observation.motion
                if stream is None or seen.group != group:
                    group, elapsed = seen.group, None
                    stream = MotionStream(habits.without(own), scale.grid, scale.motion_size)
                motion = stream.update(grey, elapsed)
                health = health.knowing(signs.update(*observation.motion))
            if not seen.judged or motion is None or not kept.count("distances"):
                continue
            if seen.stretch != begun:
                begun, anew = seen.stretch, True
            kept.add("paces", motion.pace)
            row = (
                seen.stretch,
                seen.video,
                seen.rate,
                kept.count("distances") - 1,
                observation.seconds,
                anew,
                tuple(followed_values(motion)),
                motion.stay.seconds,
                motion.stay.box,
                tuple(vars(health.worst).values()),
            )
            kept.add("moments", row)
            anew = False
