"""Who walks where: the paths of walkers and of the odd ones, one position per frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from oddframe.datasets.synthetic_scene.camera import HALF_VIEW
from oddframe.datasets.synthetic_scene.figures import (
    Look,
    Part,
    bicycle,
    person,
    random_look,
    suitcase,
)

NEAREST_LANE, FARTHEST_LANE = 10.9, 19.8
"""Z of the walkers' lanes in metres."""
WALKING_SPEED = 1.3
_LEAD_SECONDS = 16.0
"""Walkers start this long before the first frame, so that the square is populated then."""


@dataclass(frozen=True)
class Actor:
    """One moving (or left) thing.

    Attributes:
        parts: its body over time.
        x, z: world position per frame in metres, ``(frames,)``.
        heading: direction of motion per frame in radians, 0 along +X, ``(frames,)``.
        first, last: half-open interval of frames in which it exists.
        anomaly: class name if the thing itself is anomalous.
    """

    parts: list[Part]
    x: np.ndarray
    z: np.ndarray
    heading: np.ndarray
    first: int
    last: int
    anomaly: str | None = None


def walkers(generator: np.random.Generator, frames: int, fps: float) -> list[Actor]:
    """The normal life of one video: people and small groups walking left and right."""
    per_second = generator.uniform(0.24, 0.46)
    count = int(generator.poisson(per_second * (_LEAD_SECONDS + frames / fps)))
    starts = generator.uniform(-_LEAD_SECONDS, frames / fps, count)
    result: list[Actor] = []
    for start in starts:
        lane = float(generator.uniform(NEAREST_LANE, FARTHEST_LANE))
        side = 1 if generator.random() < 0.5 else -1
        speed = float(np.clip(generator.normal(WALKING_SPEED, 0.13), 1.0, 1.6))
        times = (np.arange(frames) / fps) - start
        moved, effort = _progress(times, speed, fps, _pause(generator))
        drift, wave = generator.normal(0, 0.05), generator.uniform(0.05, 0.3)
        turn = generator.uniform(0, 2 * math.pi)
        members = 1 + int(generator.choice(3, p=(0.62, 0.3, 0.08)))
        for member in range(members):
            along = moved - (generator.uniform(-0.25, 0.25) if member else 0.0)
            z = lane + 0.65 * member + drift * moved + wave * np.sin(moved * 0.45 + turn)
            z = np.clip(z, NEAREST_LANE - 0.3, FARTHEST_LANE + 0.6)
            x = -side * (HALF_VIEW * lane + 1.2) + side * along
            look = random_look(generator)
            phase = _phase(along, _stride(look, speed), generator)
            parts = person(look, phase, effort * (0.75 + 0.25 * speed / WALKING_SPEED))
            heading = _heading(x, z, 0.0 if side > 0 else math.pi)
            result.append(Actor(parts, x, z, heading, max(0, math.ceil(start * fps)), frames))
    return result


def cyclist(generator: np.random.Generator, frames: int, fps: float, start: float) -> list[Actor]:
    """A cyclist along the promenade at 3.1 times walking speed, from second ``start`` on."""
    look = random_look(generator, sporty=True)
    moved, x, z, heading = _rush(generator, frames, fps, start, 3.1)
    # A wheel of 0.34 m turns once in 2.1 m.
    parts = bicycle(look, _phase(moved, 2 * math.pi * 0.34, generator))
    return [Actor(parts, x, z, heading, max(0, math.ceil(start * fps)), frames, "cyclist")]


def runner(generator: np.random.Generator, frames: int, fps: float, start: float) -> list[Actor]:
    """A runner along the promenade at 2.2 times walking speed, from second ``start`` on."""
    look = random_look(generator, sporty=True)
    moved, x, z, heading = _rush(generator, frames, fps, start, 2.2)
    parts = person(look, _phase(moved, 2.3, generator), np.ones(frames), running=True)
    return [Actor(parts, x, z, heading, max(0, math.ceil(start * fps)), frames, "runner")]


def crossing(generator: np.random.Generator, frames: int, fps: float, start: float) -> list[Actor]:
    """Somebody who walks across the flow, between the building's corner and the near edge."""
    speed = float(generator.uniform(1.3, 1.5))
    points = [(1.7, 23.6), (3.7, 22.6), (3.4, 20.4), (float(generator.uniform(-1.6, 1.8)), 7.6)]
    if generator.random() < 0.4:
        points.reverse()
    corners = np.array(points)
    lengths = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))))
    moved = (np.arange(frames) / fps - start) * speed
    # Averaging over half a metre rounds the corners of the path.
    near = moved[:, None] + np.linspace(-0.4, 0.4, 9)
    x = np.interp(near, lengths, corners[:, 0]).mean(axis=1)
    z = np.interp(near, lengths, corners[:, 1]).mean(axis=1)
    look = random_look(generator)
    parts = person(look, _phase(moved, _stride(look, speed), generator), np.ones(frames))
    first = max(0, math.ceil(start * fps))
    last = min(frames, math.ceil((start + lengths[-1] / speed) * fps))
    return [Actor(parts, x, z, _heading(x, z, -math.pi / 2), first, last, "crossing")]


def left_object(
    generator: np.random.Generator, frames: int, fps: float, put_down: float
) -> list[Actor]:
    """Somebody who puts a suitcase down at second ``put_down`` and walks on without it."""
    # In the nearer third of the square, where passers-by seldom hide it altogether.
    lane = float(generator.uniform(NEAREST_LANE + 0.2, NEAREST_LANE + 3.2))
    side = 1 if generator.random() < 0.5 else -1
    spot = float(generator.uniform(-2.6, 2.6))
    speed = float(generator.uniform(1.15, 1.4))
    look = random_look(generator)
    while look.luggage is None:
        look = random_look(generator)
    # The pause is 2.4 s long and the hand is lowest in its middle.
    distance = HALF_VIEW * lane + 1.2 + side * spot
    start = put_down - 1.2 - distance / speed
    times = np.arange(frames) / fps - start
    moved, effort = _progress(times, speed, fps, (distance / speed + 0.1, 2.2))
    x = side * (moved - HALF_VIEW * lane - 1.2)
    z = np.full(frames, lane)
    heading = _heading(x, z, 0.0 if side > 0 else math.pi)
    frame = min(frames - 1, round(put_down * fps))
    since = np.arange(frames) / fps - put_down
    stoop = 0.62 * np.clip(1 - np.abs(since) / 0.8, 0, 1)
    phase = _phase(moved, _stride(look, speed), generator)
    loaded = person(look, phase, effort, stoop=stoop)
    empty = person(look, phase, effort, stoop=stoop, holds_luggage=False)
    # Where the right hand holds it: beside the body and, with the stoop, ahead of it.
    ahead, right = 0.3, 0.34
    turned = float(heading[frame])
    bag_x = x[frame] + ahead * math.cos(turned) + right * math.sin(turned)
    bag_z = z[frame] + ahead * math.sin(turned) - right * math.cos(turned)
    still = np.ones(frames)
    bag = suitcase(look.luggage)
    return [
        Actor(loaded, x, z, heading, max(0, math.ceil(start * fps)), frame),
        Actor(empty, x, z, heading, frame, frames),
        Actor(bag, still * bag_x, still * bag_z, still * turned, frame, frames, "left_object"),
    ]


def _rush(
    generator: np.random.Generator, frames: int, fps: float, start: float, times_walking: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Metres moved, x, z and heading of somebody fast along the promenade."""
    speed = WALKING_SPEED * times_walking * generator.uniform(0.94, 1.06)
    lane = float(generator.uniform(NEAREST_LANE + 0.6, FARTHEST_LANE - 1.5))
    side = 1 if generator.random() < 0.5 else -1
    moved = (np.arange(frames) / fps - start) * speed
    x = side * (moved - HALF_VIEW * lane - 1.3)
    z = lane + 0.15 * np.sin(moved * 0.3)
    return moved, x, z, _heading(x, z, 0.0 if side > 0 else math.pi)


def _pause(generator: np.random.Generator) -> tuple[float, float] | None:
    """Start (seconds after entering) and length of a pause, for one walker in six."""
    if generator.random() >= 1 / 6:
        return None
    return float(generator.uniform(2, 9)), float(generator.uniform(1.5, 4.0))


def _progress(
    times: np.ndarray, speed: float, fps: float, pause: tuple[float, float] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Metres walked and effort at each time; a pause slows down and speeds up within 0.6 s."""
    if pause is None:
        return times * speed, np.ones(len(times))
    fine = np.arange(min(0.0, times[0]), times[-1] + 1 / fps, 0.02)
    start, length = pause
    outside = np.maximum(start - fine, fine - start - length)
    pace = np.clip((outside + 0.3) / 0.6, 0.0, 1.0)
    pace = pace * pace * (3 - 2 * pace)
    walked = np.cumsum(pace) * 0.02 * speed
    walked -= np.interp(0.0, fine, walked)
    return np.interp(times, fine, walked), np.interp(times, fine, pace)


def _heading(x: np.ndarray, z: np.ndarray, default: float) -> np.ndarray:
    """Direction of motion; where nothing moves, the last direction before, or the default."""
    dx, dz = np.gradient(x), np.gradient(z)
    moving = np.hypot(dx, dz) > 0.01
    heading = np.arctan2(dz, dx)
    latest = np.maximum.accumulate(np.where(moving, np.arange(len(x)), -1))
    return np.where(latest >= 0, heading[latest], default)


def _phase(moved: np.ndarray, stride: float, generator: np.random.Generator) -> np.ndarray:
    return 2 * math.pi * moved / stride + generator.uniform(0, 2 * math.pi)


def _stride(look: Look, speed: float) -> float:
    """Metres of two walking steps."""
    return 0.62 * look.height + 0.3 * speed
