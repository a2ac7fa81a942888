"""What a network makes of some frames, as one picture: a row per kind, a column per sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.atomic import atomic_path
from oddframe.pages.colours import HEAT
from oddframe.reporting.drawing.lettering import Lettering

TILE = 160
"""Smaller images are enlarged to at most this many pixels, by a whole factor."""
GAP = 6
"""Pixels between two images and around all of them."""
BRIGHTEST = 99.5
"""Percentile of a row of errors that the last colour stands for, so that one spot hides none."""

_LABELS = 150
_TITLE_ROW = 30
_LEAST_ROW = 56
_INK = (20, 24, 29)
_QUIET = (90, 102, 114)
_WHITE = (255, 255, 255)


@dataclass(frozen=True)
class _Row:
    """A row ready to be drawn: uint8 RGB images ``(n, h, w, 3)`` and what is said of them."""

    images: np.ndarray
    name: str
    notes: tuple[str, ...]


def write_samples(path: Path, pictures: Mapping[str, np.ndarray], title: str) -> Path:
    """Write a grid of pictures as one PNG, atomically.

    Errors, that is ``(n, h, w)`` or a name with ``error`` in it, are drawn as heat, from white
    at 0 to dark purple at the row's 99.5th percentile; that value and the largest one are written
    beside them. Small images are enlarged by whole factors, so that every pixel stays a square.

    Args:
        path: the PNG.
        pictures: name to images, RGB ``(n, h, w, 3)`` or grey ``(n, h, w, 1)`` from 0 to 1 (what
            lies beyond is drawn as the nearest of them), or errors ``(n, h, w)`` or
            ``(n, h, w, 1)``, never negative. The rows may differ in size, not in ``n``.
        title: a line above, such as the step.

    Returns:
        The path.

    Raises:
        OddframeError: no pictures, another shape, different numbers of samples, values that are
            not finite, negative errors, or a folder that cannot be written.
    """
    rows = [_row(path, name, np.asarray(images)) for name, images in pictures.items()]
    counts = {row.name: len(row.images) for row in rows}
    if len(set(counts.values())) != 1:
        stated = ", ".join(f"'{name}' {count}" for name, count in counts.items()) or "none"
        raise OddframeError(f"{path}: expected as many samples in every row, found {stated}")
    encoded, data = cv2.imencode(".png", cv2.cvtColor(_grid(rows, title), cv2.COLOR_RGB2BGR))
    if not encoded:
        raise OddframeError(f"{path}: the pictures cannot be encoded as PNG; give fewer samples")
    with atomic_path(path) as temporary:
        temporary.write_bytes(data.tobytes())
    return path


def _row(path: Path, name: str, images: np.ndarray) -> _Row:
    channels = images.shape[3] if images.ndim == 4 else 1
    if images.ndim not in (3, 4) or channels not in (1, 3) or images.size == 0:
        raise OddframeError(
            f"{path}: picture '{name}': expected images (n, h, w, 3), (n, h, w, 1) or (n, h, w), "
            f"found {images.shape}"
        )
    if not np.isfinite(images).all():
        raise OddframeError(f"{path}: picture '{name}': found values that are not finite")
    is_error = images.ndim == 3 or "error" in name
    if not is_error:
        pixels = np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)
        return _Row(_enlarged(np.broadcast_to(pixels, (*images.shape[:3], 3))), name, ())
    errors = images.reshape(*images.shape[:3], channels).mean(axis=3)
    if errors.min() < 0:
        raise OddframeError(
            f"{path}: picture '{name}': expected errors of at least 0, found {errors.min():g}"
        )
    top = float(np.percentile(errors, BRIGHTEST)) or float(errors.max()) or 1.0
    notes = (f"darkest at {top:.3g}", f"largest {errors.max():.3g}")
    return _Row(_enlarged(_heat(errors / top)), name, notes)


def _heat(levels: np.ndarray) -> np.ndarray:
    """Levels from 0 to 1 in the colours of the heat scale, which begins with white here."""
    colours = [_WHITE, *(colour for _, colour, _ in HEAT)]
    stops = np.linspace(0, 1, len(colours))
    bands = [np.interp(levels, stops, [colour[band] for colour in colours]) for band in range(3)]
    return np.rint(np.stack(bands, axis=-1)).astype(np.uint8)


def _enlarged(images: np.ndarray) -> np.ndarray:
    factor = max(1, TILE // max(images.shape[1:3]))
    return images.repeat(factor, axis=1).repeat(factor, axis=2)


def _grid(rows: list[_Row], title: str) -> np.ndarray:
    column = max(row.images.shape[2] for row in rows) + GAP
    heights = [max(row.images.shape[1], _LEAST_ROW) + GAP for row in rows]
    width = _LABELS + len(rows[0].images) * column
    canvas = np.full((_TITLE_ROW + sum(heights), width, 3), 255, np.uint8)
    heading, label, note = Lettering(15, bold=True), Lettering(14, bold=True), Lettering(12)
    heading.draw(canvas, heading.fit(title, width - 2 * GAP), GAP, 20, _INK)
    top = _TITLE_ROW
    for row, height in zip(rows, heights, strict=True):
        room = _LABELS - 2 * GAP
        label.draw(canvas, label.fit(row.name, room), GAP, top + 14, _INK)
        for line, text in enumerate(row.notes):
            note.draw(canvas, note.fit(text, room), GAP, top + 34 + 17 * line, _QUIET)
        for place, image in enumerate(row.images):
            left = _LABELS + place * column
            canvas[top : top + image.shape[0], left : left + image.shape[1]] = image
        top += height
    return canvas
