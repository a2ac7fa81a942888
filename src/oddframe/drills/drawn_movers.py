"""People and cases drawn by ourselves, where footage has no mover that can be cut out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np

from oddframe.datasets.synthetic_scene.camera import (
    ball_outlines,
    draw_lines,
    fill_convex,
    fill_hull,
    fixed_point,
    limb_outlines,
)
from oddframe.datasets.synthetic_scene.figures import BAGS, Part, person, random_look, suitcase
from oddframe.drills.cutouts import CutOut

_STEP = 0.08
_FRAMES = 13
"""Two steps take about a second."""
_PIXELS_PER_METRE = 120
_SUPERSAMPLING = 2
_ROOM = (1.4, 2.2)
"""Metres of the picture, across and up."""


@lru_cache(maxsize=8)
def drawn_person(seed: int) -> CutOut:
    """A walking person, seen from the side."""
    look = random_look(np.random.default_rng(seed))
    phase = np.arange(_FRAMES) / _FRAMES * 2 * math.pi
    return _drawn(person(look, phase, np.ones(_FRAMES)), _FRAMES)


@lru_cache(maxsize=8)
def drawn_case(seed: int) -> CutOut:
    """A suitcase."""
    return _drawn(suitcase(BAGS[seed % len(BAGS)]), 1)


def _drawn(parts: Sequence[Part], frames: int) -> CutOut:
    scale = _PIXELS_PER_METRE * _SUPERSAMPLING
    shape = round(_ROOM[1] * scale), round(_ROOM[0] * scale)
    pictures, masks = [], []
    for frame in range(frames):
        picture, mask = np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.uint8)
        # What is on the left of somebody who walks to the right is farther away.
        for part in sorted(parts, key=lambda part: -_side(part, frame)):
            _draw(part, frame, scale, picture, mask)
        size = shape[1] // _SUPERSAMPLING, shape[0] // _SUPERSAMPLING
        pictures.append(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
        masks.append(cv2.resize(mask, size, interpolation=cv2.INTER_AREA))
    rows, columns = (np.flatnonzero(np.any(masks, axis=0).any(axis=axis)) for axis in (1, 0))
    place = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return CutOut(
        tuple(picture[place] for picture in pictures),
        tuple(mask[place].astype(np.float32) / 255 for mask in masks),
        _STEP,
        heads_right=True,
        source="drawn",
    )


def _side(part: Part, frame: int) -> float:
    return float(np.mean([_value(ball[1], frame) for ball in part.balls]))


def _value(value: float | np.ndarray, frame: int) -> float:
    return float(value[frame]) if isinstance(value, np.ndarray) else float(value)


def _draw(part: Part, frame: int, scale: float, picture: np.ndarray, mask: np.ndarray) -> None:
    balls = np.array([[_value(value, frame) for value in ball] for ball in part.balls])
    centres = np.stack(
        [(_ROOM[0] / 2 + balls[:, 0]) * scale, (_ROOM[1] - 0.1 - balls[:, 2]) * scale], axis=1
    )
    radii = balls[:, 3] * scale
    if part.line:
        lines, width = [fixed_point(centres)], 2 * float(radii[0])
        draw_lines(picture, lines, part.colour, width)
        draw_lines(mask, lines, 255, width)
    elif len(balls) <= 2:
        ends = np.stack([centres[0], centres[-1]]), np.array([radii[0], radii[-1]])
        polygon = limb_outlines(*ends)
        fill_convex(picture, polygon, part.colour)
        fill_convex(mask, polygon, 255)
    else:
        outlines = ball_outlines(centres, radii)
        fill_hull(picture, outlines, part.colour)
        fill_hull(mask, outlines, 255)
