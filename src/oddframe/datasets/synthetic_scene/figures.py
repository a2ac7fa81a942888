"""People, bicycles and bags as solid parts in body coordinates, over time.

A part is the hull of balls ``(forward, left, up, radius)`` in metres, relative to the point on
the ground under the figure; ``forward`` is the direction of walking. Each of the four is a number
or one number per frame ``(frames,)``. Gait angles follow the usual simplified walking cycle:
thighs swing as sines in opposite phase, the knee bends while its leg swings forward, the arms
swing against the legs, and the pelvis is as high as the stance leg allows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from oddframe.datasets.synthetic_scene.camera import Colour

Value = float | np.ndarray
Point = tuple[Value, Value]
"""A point of the body's plane of symmetry: (forward, up)."""
Ball = tuple[Value, Value, Value, Value]

SKINS: tuple[Colour, ...] = ((236, 196, 166), (214, 166, 130), (172, 120, 86), (120, 80, 58))
HAIRS: tuple[Colour, ...] = (
    (40, 30, 26),
    (84, 56, 36),
    (140, 100, 58),
    (196, 164, 108),
    (150, 146, 142),
)
TOPS: tuple[Colour, ...] = (
    (178, 52, 48),
    (52, 84, 140),
    (226, 222, 212),
    (70, 74, 82),
    (96, 128, 88),
    (214, 168, 66),
    (120, 72, 112),
    (70, 136, 150),
    (196, 124, 92),
    (42, 46, 62),
    (168, 176, 186),
    (206, 120, 136),
)
TROUSERS: tuple[Colour, ...] = (
    (46, 58, 88),
    (38, 38, 44),
    (112, 100, 82),
    (84, 92, 104),
    (150, 136, 112),
    (64, 52, 46),
)
BAGS: tuple[Colour, ...] = ((70, 58, 52), (44, 50, 66), (104, 74, 50), (58, 76, 70))


class Part(NamedTuple):
    """A piece of a figure.

    Attributes:
        balls: one ball, two (a limb), or more (a body, which gets a highlight); with ``line``
            the points of a bent wire.
        colour: RGB in sunlight, 0 to 255.
        line: a wire, as wide as its first ball.
    """

    balls: tuple[Ball, ...]
    colour: Colour
    line: bool = False


@dataclass(frozen=True)
class Look:
    """What a person looks like: height in metres, colours, garments, what they carry."""

    height: float
    stoutness: float
    skin: Colour
    hair: Colour
    top: Colour
    trousers: Colour
    shoes: Colour = (40, 36, 36)
    long_hair: bool = False
    skirt: bool = False
    coat: bool = False
    short_trousers: bool = False
    backpack: Colour | None = None
    luggage: Colour | None = None


def random_look(generator: np.random.Generator, sporty: bool = False) -> Look:
    """A person drawn at random; ``sporty`` ones wear shorts and a bright top and carry nothing."""

    def pick(colours: tuple[Colour, ...]) -> Colour:
        red, green, blue = colours[int(generator.integers(len(colours)))]
        shift = generator.normal(0, 7, 3)
        return (red + shift[0], green + shift[1], blue + shift[2])

    draw = generator.random(6)
    return Look(
        height=float(np.clip(generator.normal(1.71, 0.09), 1.5, 1.93)),
        stoutness=float(generator.uniform(0.9, 1.2)),
        skin=pick(SKINS),
        hair=pick(HAIRS),
        top=pick(TOPS),
        trousers=pick(TROUSERS),
        shoes=pick(((40, 36, 36), (90, 66, 48), (206, 204, 200))),
        long_hair=bool(draw[0] < 0.4),
        skirt=bool(draw[0] < 0.22) and not sporty,
        coat=bool(draw[1] < 0.2) and not sporty,
        short_trousers=sporty or bool(draw[2] < 0.12),
        backpack=pick(BAGS + TOPS) if draw[3] < 0.2 and not sporty else None,
        luggage=pick(BAGS) if draw[4] < 0.16 and not sporty else None,
    )


def person(
    look: Look,
    phase: np.ndarray,
    effort: np.ndarray,
    running: bool = False,
    stoop: Value = 0.0,
    holds_luggage: bool = True,
) -> list[Part]:
    """A walking, standing or running person.

    Args:
        look: appearance.
        phase: phase of the gait in radians, ``(frames,)``; 2 pi are two steps.
        effort: 0 standing, 1 walking at full stride, ``(frames,)``.
        running: a running gait.
        stoop: forward bend of the trunk in radians.
        holds_luggage: the look's luggage, if it has any, is in the right hand.
    """
    size = look.height
    swing = (0.72 if running else 0.44) * effort
    bend = 1.75 if running else 0.85
    lean = stoop + (0.2 if running else 0.03 * effort)
    thigh, shin, ankle = 0.245 * size, 0.245 * size, 0.045 * size
    legs = []
    for side in (1, -1):
        turn = phase + (0 if side > 0 else math.pi)
        hip_angle = swing * np.sin(turn) + (0.22 if running else 0.04) * effort
        knee = 0.06 + bend * effort * np.maximum(0.0, np.cos(turn + 0.35)) ** 1.5
        legs.append((side, hip_angle, hip_angle - knee))
    reach = [thigh * np.cos(hip) + shin * np.cos(calf) for _, hip, calf in legs]
    pelvis = ankle + np.maximum(*reach) - 0.25 * stoop
    if running:
        pelvis = pelvis + 0.07 * np.abs(np.sin(phase + 0.4))
    parts: list[Part] = []
    for side, hip_angle, shin_angle in legs:
        parts += _leg(look, side, pelvis, hip_angle, shin_angle)
    parts += _trunk(look, pelvis, lean)
    for side in (1, -1):
        carries = holds_luggage and look.luggage is not None and side < 0
        forward = -swing * np.sin(phase) * side
        if carries:
            forward = forward * 0.15
        bent: Value = 0.12 + 0.25 * effort * (0.5 + np.maximum(forward, 0.0))
        if carries or running:
            bent = 1.45 if running else 0.05
        upper = forward * (1.15 if running else 0.95)
        arm, hand = _arm(look, side, pelvis, lean, upper, upper + bent)
        parts += arm
        if carries and look.luggage is not None:
            up = np.maximum(0.0, hand[2] - 0.58)
            parts += suitcase(look.luggage, hand[0], hand[1] - 0.12, up)
    return parts


def bicycle(look: Look, phase: np.ndarray) -> list[Part]:
    """A person on a bicycle; ``phase`` is the angle of the wheels in radians, ``(frames,)``."""
    rear, front, crank = (-0.52, 0.34), (0.56, 0.34), (-0.02, 0.3)
    saddle, head, bar = (-0.24, 0.93), (0.4, 0.84), (0.44, 1.04)
    frame: Colour = (188, 40, 36)
    parts = []
    for centre in (rear, front):
        angles = np.linspace(0, 2 * math.pi, 21)
        ring = tuple(
            (centre[0] + 0.33 * math.cos(a), 0.0, centre[1] + 0.33 * math.sin(a), 0.022)
            for a in angles
        )
        parts.append(Part(ring, (34, 34, 36), line=True))
        for spoke in range(3):
            angle = -phase + spoke * math.pi / 3
            across, up = 0.32 * np.cos(angle), 0.32 * np.sin(angle)
            start = (centre[0] - across, 0.0, centre[1] - up, 0.006)
            end = (centre[0] + across, 0.0, centre[1] + up, 0.006)
            parts.append(Part((start, end), (150, 150, 154), line=True))
    tubes = [(rear, crank), (rear, saddle), (crank, saddle), (crank, head), (saddle, head)]
    tubes += [(head, front), (head, bar)]
    for one, other in tubes:
        parts.append(Part(((one[0], 0, one[1], 0.02), (other[0], 0, other[1], 0.02)), frame))
    parts.append(Part(((-0.34, 0, 0.95, 0.04), (-0.16, 0, 0.95, 0.03)), (30, 30, 32)))
    parts.append(Part(((bar[0], -0.24, 1.04, 0.02), (bar[0], 0.24, 1.04, 0.02)), (40, 40, 42)))
    hip, shoulder = (-0.24, 1.0), (0.1, 1.46)
    limb = 0.255 * look.height
    for side in (1, -1):
        angle = -phase / 2.6 + (0 if side > 0 else math.pi)
        foot = (crank[0] + 0.17 * np.cos(angle), crank[1] + 0.06 + 0.17 * np.sin(angle))
        knee = _joint(hip, foot, limb, limb)
        lateral = 0.1 * side
        calf = look.skin if look.short_trousers else look.trousers
        parts.append(
            Part(((*_at(hip, lateral), 0.09), (*_at(knee, lateral), 0.065)), look.trousers)
        )
        parts.append(Part(((*_at(knee, lateral), 0.06), (*_at(foot, lateral), 0.04)), calf))
        toe = (foot[0] + 0.14, foot[1] - 0.02)
        parts.append(Part(((*_at(foot, lateral), 0.045), (*_at(toe, lateral), 0.03)), look.shoes))
        elbow = _joint(shoulder, bar, 0.3, 0.3, down=True)
        lateral = 0.19 * side
        parts.append(
            Part(((*_at(shoulder, lateral), 0.06), (*_at(elbow, lateral), 0.05)), look.top)
        )
        parts.append(Part(((*_at(elbow, lateral), 0.045), (*_at(bar, lateral), 0.04)), look.skin))
    width = 0.12 * look.stoutness
    trunk = tuple((*_at(hip, side * 0.06), width) for side in (1, -1))
    trunk += tuple((*_at(shoulder, side * 0.13), 0.1) for side in (1, -1))
    parts.append(Part(trunk, look.top))
    face = (0.2, 0.0, 1.66)
    parts.append(Part(((0.14, 0, 1.52, 0.05), (0.18, 0, 1.6, 0.05)), look.skin))
    parts.append(Part(((*face, 0.105), (0.22, 0, 1.63, 0.095)), look.skin))
    parts.append(Part(((0.15, 0, 1.73, 0.1), (0.24, 0, 1.74, 0.085)), (230, 230, 226)))
    return parts


def suitcase(
    colour: Colour, forward: Value = 0.0, left: Value = 0.0, up: Value = 0.0
) -> list[Part]:
    """A suitcase of 0.56 x 0.22 x 0.5 m with a handle, standing at the given point."""
    low, high = up + 0.05, up + 0.47
    corners = [(f, s) for f in (-0.24, 0.24) for s in (-0.07, 0.07)]
    body = tuple((forward + f, left + s, h, 0.04) for f, s in corners for h in (low, high))
    grip = tuple(
        (forward + f, left, h, 0.018)
        for f, h in ((-0.09, high + 0.04), (-0.08, high + 0.11), (0.08, high + 0.11), (0.09, high))
    )
    strap = (colour[0] * 0.6, colour[1] * 0.6, colour[2] * 0.6)
    parts = [Part(grip, (36, 34, 34), line=True), Part(body, colour)]
    for f in (-0.14, 0.14):
        # Nearer to the camera than the body at either heading, or it would not be seen.
        for side in (-0.12, 0.12):
            ends = ((forward + f, left + side, low, 0.02), (forward + f, left + side, high, 0.02))
            parts.append(Part(ends, strap))
    return parts


def _leg(look: Look, side: int, pelvis: Value, hip: Value, shin: Value) -> list[Part]:
    size, stout = look.height, look.stoutness
    lateral = 0.052 * size * side
    knee = (0.245 * size * np.sin(hip), pelvis - 0.245 * size * np.cos(hip))
    ankle = (knee[0] + 0.245 * size * np.sin(shin), knee[1] - 0.245 * size * np.cos(shin))
    pitch = 0.8 * np.minimum(shin, 0.0) + 0.5 * np.maximum(shin, 0.0)
    toe = (ankle[0] + 0.14 * np.cos(pitch), ankle[1] - 0.02 + 0.14 * np.sin(pitch))
    bare = look.short_trousers or look.skirt
    calf = look.skin if bare else look.trousers
    calf_radius = 0.042 if bare else 0.055
    thigh_colour = look.skin if look.skirt else look.trousers
    return [
        Part(
            ((0, lateral, pelvis, 0.085 * stout), (knee[0], lateral, knee[1], 0.06)), thigh_colour
        ),
        Part(
            ((knee[0], lateral, knee[1], calf_radius + 0.01), (*_at(ankle, lateral), calf_radius)),
            calf,
        ),
        Part(
            ((ankle[0] - 0.02, lateral, ankle[1] - 0.025, 0.045), (*_at(toe, lateral), 0.034)),
            look.shoes,
        ),
    ]


def _trunk(look: Look, pelvis: Value, lean: Value) -> list[Part]:
    size, stout = look.height, look.stoutness
    sine, cosine = np.sin(lean), np.cos(lean)

    def above(up: float, forward: float = 0.0) -> Point:
        return (up * sine + forward * cosine, pelvis + up * cosine - forward * sine)

    shoulder, hem = above(0.29 * size), above(-0.15 * size if look.coat else -0.02)
    half_shoulder, half_hip = 0.068 * size, 0.04 * size
    belly = above(0.12 * size, 0.02)
    balls = tuple((*_at(shoulder, s * half_shoulder), 0.085 * stout) for s in (1, -1))
    balls += tuple((*_at(belly, s * half_hip), 0.105 * stout) for s in (1, -1))
    balls += tuple((*_at(hem, s * half_hip), 0.1 * stout) for s in (1, -1))
    parts = [Part(balls, look.top)]
    if look.skirt:
        waist, seam = above(0.02), (0.03, pelvis - 0.2 * size)
        skirt = tuple((*_at(waist, s * half_hip), 0.1 * stout) for s in (1, -1))
        skirt += tuple((seam[0] + f, s * 0.07, seam[1], 0.06) for s in (1, -1) for f in (-0.1, 0.1))
        parts.append(Part(skirt, look.trousers))
    neck, head = above(0.35 * size, 0.01), above(0.435 * size, 0.03)
    parts.append(Part(((*_at(above(0.3 * size), 0), 0.055), (*_at(neck, 0), 0.05)), look.skin))
    chin, nose = above(0.41 * size, 0.05), above(0.432 * size, 0.125)
    face: tuple[Ball, ...] = ((*_at(head, 0), 0.1), (*_at(chin, 0), 0.075), (*_at(nose, 0), 0.02))
    parts.append(Part(face, look.skin))
    crown, nape = above(0.462 * size, 0.005), above(0.43 * size, -0.035)
    hair: tuple[Ball, ...] = ((*_at(crown, 0), 0.098), (*_at(nape, 0), 0.085))
    if look.long_hair:
        hair += ((*_at(above(0.33 * size, -0.07), 0), 0.07),)
    parts.append(Part(hair, look.hair))
    if look.backpack is not None:
        pack = tuple(
            (*_at(above(up * size, -0.2), s * 0.08), 0.1) for up in (0.08, 0.24) for s in (1, -1)
        )
        parts.append(Part(pack, look.backpack))
    return parts


def _arm(
    look: Look, side: int, pelvis: Value, lean: Value, upper: Value, fore: Value
) -> tuple[list[Part], tuple[Value, Value, Value]]:
    """An arm with the angles of its two halves, and where its hand is."""
    size = look.height
    reach = 0.285 * size
    shoulder = (reach * np.sin(lean), pelvis + reach * np.cos(lean))
    lateral = (0.09 * size + 0.03 * look.stoutness) * side
    elbow = (
        shoulder[0] + 0.17 * size * np.sin(upper),
        shoulder[1] - 0.17 * size * np.cos(upper),
    )
    hand = (elbow[0] + 0.15 * size * np.sin(fore), elbow[1] - 0.15 * size * np.cos(fore))
    sleeve = look.skin if look.short_trousers else look.top
    parts = [
        Part(((*_at(shoulder, lateral), 0.06), (*_at(elbow, lateral), 0.047)), look.top),
        Part(((*_at(elbow, lateral), 0.045), (*_at(hand, lateral), 0.036)), sleeve),
        Part(((*_at(hand, lateral), 0.045),), look.skin),
    ]
    return parts, _at(hand, lateral)


def _at(point: Point, left: Value) -> tuple[Value, Value, Value]:
    return (point[0], left, point[1])


def _joint(start: Point, end: Point, first: float, second: float, down: bool = False) -> Point:
    """Where a knee (bent forward) or an elbow (bent down) lies between two ends."""
    across, up = end[0] - start[0], end[1] - start[1]
    distance = np.minimum(np.hypot(across, up), first + second - 1e-6)
    cosine = (first**2 + distance**2 - second**2) / (2 * first * distance)
    offset = np.arccos(np.clip(cosine, -1.0, 1.0))
    angle = np.arctan2(up, across) + (-offset if down else offset)
    return (start[0] + first * np.cos(angle), start[1] + first * np.sin(angle))
