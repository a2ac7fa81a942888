"""The camera over the square, and drawing of solid shapes that it sees.

World coordinates are metres: X to the right, Z away from the camera, height above the ground.
The camera is a pinhole with a shifted lens, so that verticals stay vertical: a point projects to
``x = centre + focal * X / Z`` and ``y = horizon + focal * (ELEVATION - height) / Z``.
Everything solid is drawn as convex hulls of balls, on a canvas of twice the frame's size.
"""

from __future__ import annotations

import cv2
import numpy as np

WIDTH, HEIGHT = 360, 240
SUPERSAMPLING = 2
CANVAS_SIZE = (WIDTH * SUPERSAMPLING, HEIGHT * SUPERSAMPLING)
"""Width and height of the canvas in its own pixels."""
FOCAL = 400.0
HORIZON = -60.0
ELEVATION = 7.5
SHADOW_SLOPE = (0.62, 0.3)
"""Metres in X and Z by which one metre of height displaces its shadow on the ground."""
HALF_VIEW = WIDTH / 2 / FOCAL
"""Metres from the centre line to the edge of the picture, per metre of Z."""

_FIXED_BITS = 4
_ANGLES = np.linspace(0, 2 * np.pi, 10, endpoint=False)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
_FLAT_CIRCLE = _CIRCLE * (1.0, 0.5)

Colour = tuple[float, float, float]


def project(x: np.ndarray, z: np.ndarray, height: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Canvas positions ``(..., 2)`` of world points, and canvas pixels per metre there."""
    scale = FOCAL * SUPERSAMPLING / z
    centre = WIDTH * SUPERSAMPLING / 2
    horizon = HORIZON * SUPERSAMPLING
    return np.stack([centre + x * scale, horizon + (ELEVATION - height) * scale], axis=-1), scale


def ball_outlines(centres: np.ndarray, radii: np.ndarray, flat: bool = False) -> np.ndarray:
    """Outlines of balls as fixed-point polygons ``(..., 10, 2)``.

    Args:
        centres: ``(..., 2)`` in canvas pixels.
        radii: ``(...)`` in canvas pixels.
        flat: squeeze vertically, for shadows that lie on the ground.
    """
    circle = _FLAT_CIRCLE if flat else _CIRCLE
    return fixed_point(centres[..., None, :] + radii[..., None, None] * circle)


def limb_outlines(centres: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Convex hulls of pairs of balls as fixed-point polygons ``(..., 12, 2)``.

    Args:
        centres: ``(..., 2, 2)`` in canvas pixels.
        radii: ``(..., 2)`` in canvas pixels.
    """
    delta = centres[..., 1, :] - centres[..., 0, :]
    distance = np.maximum(np.hypot(delta[..., 0], delta[..., 1]), 1e-6)
    axis = np.arctan2(delta[..., 1], delta[..., 0])[..., None]
    # The common tangents touch both circles at this angle from the axis; where one circle
    # contains the other it is 0 or pi, and all of the larger one is left.
    tangent = np.arccos(np.clip((radii[..., 0] - radii[..., 1]) / distance, -1, 1))[..., None]
    steps = np.linspace(0, 1, 6)
    near = axis + tangent + steps * 2 * (np.pi - tangent)
    far = axis - tangent + steps * 2 * tangent
    angles = np.concatenate([near, far], axis=-1)
    ends = np.repeat([0, 1], 6)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return fixed_point(centres[..., ends, :] + radii[..., ends, None] * circle)


def fixed_point(points: np.ndarray) -> np.ndarray:
    """Canvas positions as OpenCV's fixed-point coordinates."""
    # OpenCV's integer coordinates are pixel centres; ours are pixel corners.
    return np.rint((points - 0.5) * (1 << _FIXED_BITS)).astype(np.int32)


def fill_hull(image: np.ndarray, outlines: np.ndarray, colour: Colour | float) -> np.ndarray:
    """Fill the convex hull of outlines from :func:`ball_outlines`, and return it."""
    hull = cv2.convexHull(outlines.reshape(-1, 2))
    fill_convex(image, hull, colour)
    return hull


def fill_convex(
    image: np.ndarray, polygon: np.ndarray, colour: Colour | float, smooth: bool = True
) -> None:
    """Fill a convex polygon of fixed-point positions ``(points, 2)``."""
    kind = cv2.LINE_AA if smooth else cv2.LINE_8
    cv2.fillConvexPoly(image, polygon, colour, kind, _FIXED_BITS)


def draw_lines(
    image: np.ndarray,
    lines: list[np.ndarray],
    colour: Colour | float,
    width: float,
    smooth: bool = True,
) -> None:
    """Draw open polylines of fixed-point positions ``(points, 2)``, ``width`` pixels wide."""
    kind = cv2.LINE_AA if smooth else cv2.LINE_8
    cv2.polylines(image, lines, False, colour, max(1, round(width)), kind, _FIXED_BITS)
