"""The empty square: paving, facade, park, street furniture, in sun and in shade."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from oddframe.datasets.synthetic_scene.camera import (
    CANVAS_SIZE,
    ELEVATION,
    FOCAL,
    HEIGHT,
    HORIZON,
    SHADOW_SLOPE,
    SUPERSAMPLING,
    WIDTH,
    Colour,
    ball_outlines,
    fill_hull,
    project,
)

FACADE_Z, CORNER_X = 22.0, 2.5
"""The building fills X < CORNER_X from FACADE_Z on; to its right lies a park."""
_KERB_Z = 20.6
_SKY_LIGHT = np.array([0.47, 0.52, 0.6], dtype=np.float32)
_SUN_LIGHT = np.array([0.56, 0.51, 0.42], dtype=np.float32)


@dataclass(frozen=True)
class Prop:
    """A static thing that hides what is behind it.

    Attributes:
        z: its depth in metres.
        box: (x1, y1, x2, y2) on the canvas.
        mask: uint8 ``(y2 - y1, x2 - x1)``, not 0 where the backdrop shows it.
    """

    z: float
    box: tuple[int, int, int, int]
    mask: np.ndarray


@dataclass
class Backdrop:
    """The square without people.

    Attributes:
        lit: uint8 RGB on the canvas, with the static shadows.
        shaded: uint8 RGB on the canvas, as it looks where somebody's shadow falls.
        sun: float32 on the canvas, 1 in full sun and 0 in static shadow.
        props: what can hide people.
    """

    lit: np.ndarray
    shaded: np.ndarray
    sun: np.ndarray
    props: list[Prop] = field(default_factory=list)


def paint_backdrop(generator: np.random.Generator) -> Backdrop:
    """Paint the square; the generator decides textures, foliage and stains."""
    fine = 2 * SUPERSAMPLING
    y, x = np.mgrid[0 : HEIGHT * fine, 0 : WIDTH * fine].astype(np.float32)
    y, x = (y + 0.5) / fine, (x + 0.5) / fine
    ground_z = FOCAL * ELEVATION / (y - HORIZON)
    ground_x = (x - WIDTH / 2) * ground_z / FOCAL
    facade_x = (x - WIDTH / 2) * (FACADE_Z / FOCAL)
    facade_up = ELEVATION - (y - HORIZON) * (FACADE_Z / FOCAL)
    facade = (facade_x < CORNER_X) & (facade_up >= 0)
    albedo = np.empty((*y.shape, 3), dtype=np.float32)
    # The paving fills all rows below the kerb, and those above it in part.
    kerb_row = int(np.flatnonzero(ground_z[:, 0] > _KERB_Z - 0.2)[-1]) + 1
    wall_row = int(np.flatnonzero(facade_up[:, 0] >= 0)[-1]) + 1
    top, bottom = slice(0, kerb_row), slice(wall_row, None)
    albedo[bottom] = _paving(ground_x[bottom], ground_z[bottom], generator)
    park = (ground_z[top] > _KERB_Z) & (ground_x[top] > CORNER_X)
    albedo[top][park] = _park(ground_x[top], ground_z[top], generator)[park]
    wall = facade[:wall_row]
    albedo[:wall_row][wall] = _facade(facade_x[:wall_row], facade_up[:wall_row], generator)[wall]
    # Where ground and wall meet, little light of the sky comes in.
    corner = 1 - 0.35 * np.exp(-(FACADE_Z - ground_z[bottom, :1]) / 0.5)
    albedo[bottom] *= np.where(ground_x[bottom] < CORNER_X, corner, 1)[..., None]
    albedo = cv2.resize(albedo, CANVAS_SIZE, interpolation=cv2.INTER_AREA)
    sun = np.where(facade, np.float32(1), _dappled_sun(ground_x, ground_z, generator))
    sun = cv2.resize(sun, CANVAS_SIZE, interpolation=cv2.INTER_AREA)
    furniture = _Furniture(sun)
    furniture.shadows()
    sun[:] = cv2.GaussianBlur(sun, (5, 5), 0)
    light = _SKY_LIGHT + _SUN_LIGHT * sun[..., None]
    lit = np.clip(albedo * light * 255, 0, 255).astype(np.uint8)
    shaded = np.clip(albedo * (_SKY_LIGHT + 0.06) * 255, 0, 255).astype(np.uint8)
    backdrop = Backdrop(lit, np.minimum(lit, shaded), sun)
    _add_prop(backdrop, FACADE_Z, facade[1::2, 1::2])
    furniture.paint(backdrop, generator)
    return backdrop


def _noise(
    x: np.ndarray, z: np.ndarray, metres: float, generator: np.random.Generator
) -> np.ndarray:
    """Smooth noise of about unit variance over the ground with the given grain size."""
    grid = cv2.GaussianBlur(generator.normal(0, 2.2, (256, 256)).astype(np.float32), (0, 0), 1.0)
    return cv2.remap(grid, x / metres, z / metres, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


def _within(position: np.ndarray, period: float) -> np.ndarray:
    """Position within its period, from 0 to ``period``; much faster than ``np.mod``."""
    return position - period * np.floor(position / period)


def _lines(position: np.ndarray, period: float, width: float) -> np.ndarray:
    """1 within ``width`` of multiples of ``period``."""
    near = np.abs(_within(position + period / 2, period) - period / 2) < width / 2
    return near.astype(np.float32)


def _rgb(red: float, green: float, blue: float) -> np.ndarray:
    return np.array([red, green, blue], dtype=np.float32)


def _tones(generator: np.random.Generator) -> np.ndarray:
    """One tone per slab or brick, by row and column modulo 64."""
    return generator.normal(0, 1, (64, 64)).astype(np.float32)


def _paving(x: np.ndarray, z: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    slab = 0.75
    row = np.floor(z / slab).astype(int)
    shifted = x + 0.5 * slab * (row % 2)
    column = np.floor(shifted / slab).astype(int)
    shades = _tones(generator)
    shade = shades[row % 64, column % 64]
    value = 0.66 + 0.022 * shade + 0.02 * _noise(x, z, 0.9, generator)
    value += 0.016 * _noise(x, z, 0.07, generator)
    stains = np.clip(_noise(x, z, 0.45, generator) - 2.0, 0, 1)
    colour = value[..., None] * _rgb(1.02, 0.97, 0.89) - 0.1 * stains[..., None]
    joints = np.maximum(_lines(z, slab, 0.035), _lines(shifted, slab, 0.03))
    colour *= (1 - 0.2 * joints)[..., None]
    # Bands of dark granite divide the square into fields.
    band = (np.abs(z - 12.55) < 0.17) | (np.abs(z - 18.9) < 0.17)
    band |= (np.abs(_within(x + 1.6, 4.5) - 2.25) < 0.15) & (z > 12.4) & (z < 19.05)
    granite = 0.4 + 0.03 * _noise(x, z, 0.05, generator) + 0.012 * shade
    setts = np.maximum(_lines(x, 0.3, 0.03), _lines(z + 0.05, 0.34, 0.03))
    granite = granite * (1 - 0.15 * setts)
    colour = np.where(band[..., None], granite[..., None] * _rgb(1.0, 0.98, 0.96), colour)
    # A kerb and a pavement of small slabs run along the building.
    pavement = 0.56 + 0.02 * _noise(x, z, 0.3, generator) - 0.06 * _lines(x, 0.5, 0.04)
    pavement -= 0.06 * _lines(z - _KERB_Z, 0.5, 0.05)
    colour = np.where((z > _KERB_Z)[..., None], pavement[..., None] * np.ones(3), colour)
    kerb = np.abs(z - _KERB_Z) < 0.14
    return np.where(kerb[..., None], _rgb(0.78, 0.76, 0.72), colour)


def _park(x: np.ndarray, z: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    tufts = _noise(x, z, 0.12, generator) * 0.04 + _noise(x, z, 1.2, generator) * 0.035
    grass = _rgb(0.33, 0.46, 0.2) + tufts[..., None] * _rgb(1.0, 1.1, 0.6)
    gravel = 0.68 + 0.03 * _noise(x, z, 0.06, generator)
    middle = 3.75 + 0.02 * (z - 22) ** 2
    path = np.abs(x - middle) < 0.95
    colour = np.where(path[..., None], gravel[..., None] * _rgb(1.0, 0.92, 0.76), grass)
    edge = np.abs(np.abs(x - middle) - 0.98) < 0.07
    return np.where(edge[..., None], _rgb(0.5, 0.48, 0.44), colour)


def _facade(x: np.ndarray, up: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    plaster = 0.8 + 0.015 * _noise(x, up, 0.08, generator) + 0.02 * _noise(x, up, 0.8, generator)
    colour = plaster[..., None] * _rgb(1.0, 0.9, 0.74)
    course = np.floor(up / 0.14).astype(int)
    bricks = np.maximum(_lines(up, 0.14, 0.03), _lines(x + 0.15 * (course % 2), 0.32, 0.03))
    tones = 0.035 * _tones(generator)
    tone = tones[course % 64, np.floor((x + 0.15 * (course % 2)) / 0.32).astype(int) % 64]
    brick = _rgb(0.62, 0.36, 0.28) + tone[..., None]
    brick = np.where(bricks[..., None] > 0, _rgb(0.68, 0.58, 0.5), brick)
    colour = np.where((up > 3.3)[..., None], brick, colour)
    colour = np.where((np.abs(up - 3.26) < 0.1)[..., None], _rgb(0.88, 0.84, 0.76), colour)
    bay = _within(x - CORNER_X, 3.5)
    shop = np.floor((x - CORNER_X) / 3.5).astype(int)
    window = (bay > 0.55) & (bay < 2.25) & (up > 0.55) & (up < 2.55)
    door = (bay > 2.5) & (bay < 3.3) & (up < 2.4)
    streak = 0.09 * (_within(bay * 0.8 + up * 0.6, 1.1) < 0.35) + 0.06 * (up - 0.6)
    goods = 0.05 * _noise(x, up, 0.16, generator) * (up < 1.5)
    glass = (0.19 + streak + goods)[..., None] * _rgb(0.85, 1.0, 1.16)
    colour = np.where(window[..., None], glass, colour)
    panes = _lines(bay - 0.55, 0.85, 0.07) + _lines(up - 0.55, 2.0, 0.1)
    frame = (bay > 0.5) & (bay < 2.3) & (up > 0.5) & (up < 2.6) & (panes > 0)
    colour = np.where(frame[..., None], _rgb(0.3, 0.25, 0.2), colour)
    doors = np.array([[0.3, 0.16, 0.12], [0.14, 0.24, 0.2], [0.16, 0.2, 0.32]], dtype=np.float32)[
        shop % 3
    ]
    pane = (bay > 2.65) & (bay < 3.15) & (up > 1.0) & (up < 2.2)
    colour = np.where(door[..., None], np.where(pane[..., None], glass, doors), colour)
    stone = ~door & (up < 0.35)
    colour = np.where(stone[..., None], _rgb(0.42, 0.4, 0.38), colour)
    awning = (bay > 0.3) & (bay < 2.5) & (up > 2.35 - 0.05 * np.abs(np.sin(bay * 9))) & (up < 2.95)
    cloth = np.array([[0.72, 0.2, 0.17], [0.2, 0.45, 0.3], [0.22, 0.34, 0.58]], dtype=np.float32)[
        shop % 3
    ]
    white = _within(bay, 0.44) < 0.22
    cloth = np.where(white[..., None], _rgb(0.9, 0.87, 0.8), cloth)
    cloth = cloth * (0.78 + 0.35 * np.clip(up - 2.35, 0, 0.6))[..., None]
    below = (bay > 0.45) & (bay < 2.75) & (up > 1.75) & (up <= 2.35)
    colour = np.where(below[..., None], colour * 0.68, colour)
    colour = np.where(awning[..., None], cloth, colour)
    pipe = np.abs(x - (CORNER_X - 0.12)) < 0.06
    return np.where(pipe[..., None], _rgb(0.36, 0.36, 0.36), colour)


def _dappled_sun(x: np.ndarray, z: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Sun on the ground: 1, and less under the crowns of trees left of the picture."""
    shade = np.zeros_like(x)
    for centre_x, centre_z, radius in ((-4.6, 11.2, 2.3), (-7.6, 17.6, 2.6), (5.6, 10.2, 1.5)):
        distance = np.hypot(x - centre_x, z - centre_z) / radius
        leaves = 0.22 * _noise(x, z, 0.28, generator) + 0.2 * _noise(x, z, 0.7, generator)
        shade = np.maximum(shade, np.clip((1.0 - distance + leaves) / 0.16, 0, 1))
    return 1 - 0.82 * shade


class _Furniture:
    """Lamp, trees, hedge, bench and bollards: shadows first, then the things, far to near."""

    _TREES = ((6.1, 23.6, 2.35, 1.25), (8.6, 28.0, 3.0, 1.9), (7.4, 34.0, 3.2, 2.2))
    _BOLLARDS = (2.75, 4.95, 6.4, 7.9)
    _LAMP = (-2.55, 10.45)

    def __init__(self, sun: np.ndarray) -> None:
        self._sun = sun

    def shadows(self) -> None:
        """Take the sun from where the furniture's shadows fall."""
        for x, z, height, radius in self._TREES:
            self._shadow([(x, z, 0, 0.13), (x, z, height, 0.13)])
            self._shadow([(x, z, height - 0.3, radius), (x, z, height + 0.5, radius * 0.8)])
        for x in self._BOLLARDS:
            self._shadow([(x, _KERB_Z, 0, 0.09), (x, _KERB_Z, 0.85, 0.09)])
        x, z = self._LAMP
        self._shadow([(x, z, 0, 0.07), (x, z, 4.4, 0.05)])
        self._shadow([(x, z, 4.4, 0.25)])
        self._shadow([(-6.6, 21.2, 0.45, 0.14), (-4.9, 21.2, 0.45, 0.14)])

    def _shadow(self, balls: list[tuple[float, float, float, float]]) -> None:
        x, z, up, radius = np.array(balls).T
        x, z = x + SHADOW_SLOPE[0] * up, z + SHADOW_SLOPE[1] * up
        points, scale = project(x, z, np.zeros_like(x))
        fill_hull(self._sun, ball_outlines(points, radius * scale, flat=True), 0.15)

    def paint(self, backdrop: Backdrop, generator: np.random.Generator) -> None:
        """Paint everything into the backdrop and register what can hide people."""
        hedge = _Painter(backdrop)
        for x in np.arange(4.9, 20, 0.33):
            hedge.foliage((x, 38.0 + 0.2 * np.sin(x), 0.55), 0.62, 40, generator, 0.85)
        hedge.register(38.0)
        for x, z, height, radius in sorted(self._TREES, key=lambda tree: -tree[1]):
            tree = _Painter(backdrop)
            tree.solid([(x, z, 0, 0.15), (x, z, height, 0.1)], (92, 72, 56))
            tree.foliage((x, z, height + 0.4), radius, 420, generator)
            tree.register(z)
        bench = _Painter(backdrop)
        for x in (-6.5, -5.0):
            bench.solid([(x, 21.2, 0, 0.04), (x, 21.2, 0.45, 0.04)], (44, 44, 46))
        for up, z in ((0.45, 21.05), (0.47, 21.3), (0.68, 21.4), (0.86, 21.42)):
            bench.solid([(-6.7, z, up, 0.055), (-4.8, z, up, 0.055)], (138, 92, 56))
        bench.register(21.2)
        for x in self._BOLLARDS:
            bollard = _Painter(backdrop)
            bollard.solid([(x, _KERB_Z, 0.05, 0.1), (x, _KERB_Z, 0.8, 0.085)], (64, 66, 70))
            bollard.solid([(x - 0.03, _KERB_Z, 0.6, 0.04)] * 2, (214, 210, 200))
            bollard.register(_KERB_Z)
        x, z = self._LAMP
        lamp = _Painter(backdrop)
        lamp.solid([(x, z, 0, 0.11), (x, z, 0.7, 0.09)], (40, 48, 46))
        lamp.solid([(x, z, 0.6, 0.06), (x, z, 4.3, 0.045)], (46, 54, 52))
        lamp.solid([(x - 0.015, z, 0.8, 0.015), (x - 0.015, z, 4.2, 0.012)], (112, 120, 116))
        lamp.solid([(x, z, 4.45, 0.2), (x, z, 4.75, 0.13)], (238, 232, 206))
        lamp.solid([(x, z, 4.9, 0.17), (x, z, 5.0, 0.04)], (40, 48, 46))
        lamp.register(z)


class _Painter:
    """Paints one prop into a backdrop and keeps the pixels that it covers."""

    def __init__(self, backdrop: Backdrop) -> None:
        self._backdrop = backdrop
        self._mask = np.zeros(backdrop.lit.shape[:2], dtype=np.uint8)

    def solid(self, balls: list[tuple[float, float, float, float]], colour: Colour) -> None:
        x, z, up, radius = np.array(balls).T
        points, scale = project(x, z, up)
        self._fill(points, radius * scale, colour)

    def foliage(
        self,
        centre: tuple[float, float, float],
        radius: float,
        leaves: int,
        generator: np.random.Generator,
        brightness: float = 1.0,
    ) -> None:
        """A crown of leaves, dark at the bottom right and bright at the top left."""
        x, z, up = (np.array([value]) for value in centre)
        middle, scale = project(x, z, up)
        angle = generator.uniform(0, 2 * np.pi, leaves)
        reach = np.sqrt(generator.uniform(0, 1, leaves)) * (1 + 0.12 * np.sin(5 * angle))
        offset = np.stack([np.cos(angle), np.sin(angle) * 0.9], axis=1) * reach[:, None]
        height = -offset @ np.array([0.45, 0.8]) + generator.normal(0, 0.22, leaves)
        for index in np.argsort(height):
            tone = brightness * (0.62 + 0.33 * float(np.clip(height[index], -1, 1)))
            colour = (118 * tone, 152 * tone, 62 * tone)
            point = middle + offset[index] * radius * scale
            size = np.array([generator.uniform(0.07, 0.17) * radius**0.5]) * scale
            self._fill(point, size, colour)

    def _fill(self, points: np.ndarray, radii: np.ndarray, colour: Colour) -> None:
        outlines = ball_outlines(points, radii)
        fill_hull(self._backdrop.lit, outlines, colour)
        fill_hull(self._mask, outlines, 255)

    def register(self, z: float) -> None:
        """Make what was painted hide people farther away than ``z``."""
        covered = self._mask > 0
        self._backdrop.shaded[covered] = self._backdrop.lit[covered]
        _add_prop(self._backdrop, z, covered)


def _add_prop(backdrop: Backdrop, z: float, covered: np.ndarray) -> None:
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    if rows.size == 0:
        return
    x1, x2, y1, y2 = int(columns[0]), int(columns[-1]) + 1, int(rows[0]), int(rows[-1]) + 1
    mask = covered[y1:y2, x1:x2].astype(np.uint8)
    backdrop.props.append(Prop(z, (x1, y1, x2, y2), mask))
