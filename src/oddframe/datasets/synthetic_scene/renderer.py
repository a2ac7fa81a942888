"""Draws actors over the backdrop, and from the very same shapes the pixel truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from oddframe.datasets.synthetic_scene.actors import Actor
from oddframe.datasets.synthetic_scene.backdrop import Backdrop, Prop
from oddframe.datasets.synthetic_scene.camera import (
    CANVAS_SIZE,
    HALF_VIEW,
    HEIGHT,
    SHADOW_SLOPE,
    WIDTH,
    ball_outlines,
    draw_lines,
    fill_convex,
    fill_hull,
    fixed_point,
    limb_outlines,
    project,
)

_NOISE_SIGMA = 2.2
"""Standard deviation of the sensor noise in grey levels."""
_NEAREST_VISIBLE_Z = 8.0
"""Nearer than this even the head of a tall person is below the picture."""
_SHADOW_WIDTH = 0.12
"""Metres."""
_SHADE_LIGHT = 0.58
"""Brightness of somebody in static shadow."""
_HIGHLIGHT_SIZE = 0.55
_HIGHLIGHT_SHIFT = np.array([-0.32, -0.2])
"""Where the sun-side highlight of a body lies, in radii."""


@dataclass(frozen=True)
class RenderedFrame:
    """One picture and where its anomalous actors are visible.

    Attributes:
        image: uint8 RGB ``(HEIGHT, WIDTH, 3)``.
        masks: actor index to bool ``(HEIGHT, WIDTH)``, for actors with an anomaly that exist in
            this frame.
    """

    image: np.ndarray
    masks: dict[int, np.ndarray]


def render(
    backdrop: Backdrop,
    actors: Sequence[Actor],
    frames: int,
    fps: float,
    generator: np.random.Generator,
) -> Iterator[RenderedFrame]:
    """Render a video frame by frame.

    Args:
        backdrop: the empty square.
        actors: everybody; at most 255 with an anomaly.
        frames: number of frames.
        fps: frames per second.
        generator: decides light and sensor noise.
    """
    gains = _light(frames, fps, generator)
    grain = _Grain(generator)
    odd = [index for index, actor in enumerate(actors) if actor.anomaly]
    figures = [
        _Figure(actor, odd.index(index) + 1 if actor.anomaly else 0, backdrop.sun)
        for index, actor in enumerate(actors)
    ]
    canvas = np.empty_like(backdrop.lit)
    shadow = np.empty(canvas.shape[:2], dtype=np.uint8)
    labels = np.empty_like(shadow)
    image = np.empty((HEIGHT, WIDTH, 3), dtype=np.uint8)
    for frame in range(frames):
        present = [figure for figure in figures if figure.first <= frame < figure.last]
        visible = [figure.label for figure in present if figure.label]
        _draw_frame(backdrop, present, frame, canvas, shadow, labels if visible else None)
        cv2.resize(canvas, (WIDTH, HEIGHT), dst=image, interpolation=cv2.INTER_AREA)
        cv2.convertScaleAbs(image, dst=image, alpha=float(gains[frame]))
        masks = {odd[label - 1]: _visible(labels, label) for label in visible}
        yield RenderedFrame(grain.on(image, generator), masks)


class _Grain:
    """Sensor noise: one large field of it, read at another place in each frame."""

    def __init__(self, generator: np.random.Generator) -> None:
        field = generator.normal(0, _NOISE_SIGMA, (HEIGHT * 2, WIDTH * 2, 3))
        # The white balance of a camera differs a little from one recording to the next.
        warmth = generator.normal(0, 1.5)
        field = np.rint(field + np.array([warmth, 0.0, -warmth]))
        # Two unsigned fields, because adding signed ones to bytes is ten times slower.
        self._brighter = np.maximum(field, 0).astype(np.uint8)
        self._darker = np.maximum(-field, 0).astype(np.uint8)

    def on(self, image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """The image with noise, as a new array."""
        top, left = int(generator.integers(HEIGHT)), int(generator.integers(WIDTH))
        rows, columns = slice(top, top + HEIGHT), slice(left, left + WIDTH)
        noisy = cv2.add(image, self._brighter[rows, columns])
        return cv2.subtract(noisy, self._darker[rows, columns], dst=noisy)


class _Figure:
    """An actor projected into all frames in which it is in view.

    Attributes:
        first, last: half-open interval of those frames.
        label: the actor's value in the label image, 0 for normal ones.
    """

    def __init__(self, actor: Actor, label: int, sun: np.ndarray) -> None:
        near = (np.abs(actor.x) < HALF_VIEW * actor.z + 1.5) & (actor.z > _NEAREST_VISIBLE_Z)
        seen = np.flatnonzero(near[actor.first : actor.last]) + actor.first
        self.first, self.last = (int(seen[0]), int(seen[-1]) + 1) if seen.size else (0, 0)
        self.label = label
        if not seen.size:
            return
        frames = slice(self.first, self.last)
        foot_x, self._z, heading = actor.x[frames], actor.z[frames], actor.heading[frames]
        parts = actor.parts
        values = [value for part in parts for ball in part.balls for value in ball]
        balls = np.empty((self.last - self.first, len(values)))
        for column, value in enumerate(values):
            balls[:, column] = value[frames] if isinstance(value, np.ndarray) else value
        forward, left, up, radius = np.moveaxis(balls.reshape(len(balls), -1, 4), 2, 0)
        cosine, sine = np.cos(heading)[:, None], np.sin(heading)[:, None]
        away = forward * sine + left * cosine
        x, z = foot_x[:, None] + forward * cosine - left * sine, self._z[:, None] + away
        points, scale = project(x, z, up)
        radii = radius * scale
        self._radii = radii
        counts = np.array([len(part.balls) for part in parts])
        starts = np.cumsum(counts) - counts
        self._spans = [
            slice(a, a + n) for a, n in zip(starts.tolist(), counts.tolist(), strict=True)
        ]
        pairs = np.stack([starts, starts + np.minimum(counts, 2) - 1], axis=1)
        self._limbs = limb_outlines(points[:, pairs], radii[:, pairs])
        self._wires = fixed_point(points)
        self._outlines = ball_outlines(points, radii)
        self._highlights = ball_outlines(
            points + radii[..., None] * _HIGHLIGHT_SHIFT, radii * _HIGHLIGHT_SIZE
        )
        slope_x, slope_z = SHADOW_SLOPE
        shadow, self._scale = project(x + slope_x * up, z + slope_z * up, np.zeros_like(up))
        self._shadow = fixed_point(shadow)
        self._parts = parts
        mean_away = np.add.reduceat(away, starts, axis=1) / counts
        # The camera looks down, so that what is higher is also nearer.
        depth = mean_away - 0.4 * np.add.reduceat(up, starts, axis=1) / counts
        self._order = np.argsort(-depth, axis=1, kind="stable").tolist()
        foot, _ = project(foot_x, self._z, np.zeros_like(foot_x))
        column, row = np.clip(foot.astype(int), 0, np.array(CANVAS_SIZE) - 1).T
        light = _SHADE_LIGHT + (1 - _SHADE_LIGHT) * sun[row, column]
        # The far side of a body gets less light than the side towards the camera.
        level = light[:, None] * (1 - 0.95 * np.clip(mean_away, 0, 0.24))
        colours = np.array([part.colour for part in parts]) * level[..., None]
        self._colours = colours.tolist()
        self._bright = (colours * 1.15 + 5).tolist()

    def z(self, frame: int) -> float:
        """Distance from the camera in metres."""
        return float(self._z[frame - self.first])

    def cast_shadow(self, frame: int, shadow: np.ndarray) -> None:
        """Thick lines through each part's balls are close enough to its shadow."""
        points = self._shadow[frame - self.first]
        lines = [points[span] for span in self._spans]
        width = _SHADOW_WIDTH * float(self._scale[frame - self.first, 0])
        draw_lines(shadow, lines, 255, width, smooth=False)

    def draw(self, frame: int, canvas: np.ndarray, labels: np.ndarray | None) -> None:
        """Draw it on the canvas, and on the labels where it hides what is there."""
        now = frame - self.first
        colours, bright = self._colours[now], self._bright[now]
        for index in self._order[now]:
            part, span, colour = self._parts[index], self._spans[index], colours[index]
            if part.line:
                wires = [self._wires[now, span]]
                width = 2 * float(self._radii[now, span.start])
                draw_lines(canvas, wires, colour, width)
                if labels is not None:
                    draw_lines(labels, wires, self.label, width, smooth=False)
                continue
            if len(part.balls) <= 2:
                polygon = self._limbs[now, index]
                fill_convex(canvas, polygon, colour)
            else:
                polygon = fill_hull(canvas, self._outlines[now, span], colour)
                fill_hull(canvas, self._highlights[now, span], bright[index])
            if labels is not None:
                fill_convex(labels, polygon, self.label, smooth=False)


def _draw_frame(
    backdrop: Backdrop,
    figures: list[_Figure],
    frame: int,
    canvas: np.ndarray,
    shadow: np.ndarray,
    labels: np.ndarray | None,
) -> None:
    np.copyto(canvas, backdrop.lit)
    if labels is not None:
        labels[:] = 0
    shadow[:] = 0
    for figure in figures:
        figure.cast_shadow(frame, shadow)
    cv2.copyTo(backdrop.shaded, shadow, canvas)
    props = sorted(backdrop.props, key=lambda prop: -prop.z)
    farthest = max((figure.z(frame) for figure in figures), default=0.0)
    props = [prop for prop in props if prop.z < farthest]
    behind = True
    for figure in sorted(figures, key=lambda figure: -figure.z(frame)):
        while props and props[0].z > figure.z(frame):
            _hide(props.pop(0), backdrop, canvas, labels)
        # Normal figures matter to the truth only where they hide an odd one behind them.
        behind = behind and not figure.label
        figure.draw(frame, canvas, None if behind else labels)
    for prop in props:
        _hide(prop, backdrop, canvas, labels)


def _hide(prop: Prop, backdrop: Backdrop, canvas: np.ndarray, labels: np.ndarray | None) -> None:
    """Put a prop back over what was drawn behind it."""
    x1, y1, x2, y2 = prop.box
    cv2.copyTo(backdrop.lit[y1:y2, x1:x2], prop.mask, canvas[y1:y2, x1:x2])
    if labels is not None:
        labels[y1:y2, x1:x2][prop.mask > 0] = 0


def _visible(labels: np.ndarray, label: int) -> np.ndarray:
    """A mask at the frame's size: pixels of which at least half is the label's."""
    covered = cv2.inRange(labels, label, label)
    return cv2.resize(covered, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) >= 127


def _light(frames: int, fps: float, generator: np.random.Generator) -> np.ndarray:
    """Slowly varying brightness, ``(frames,)``, about 1."""
    seconds = np.arange(frames) / fps
    gain = np.full(frames, float(generator.uniform(0.95, 1.04)))
    for period, size in ((37.0, 0.03), (17.0, 0.02), (7.0, 0.006)):
        gain += size * np.sin(2 * np.pi * (seconds / period + generator.uniform()))
    return gain
