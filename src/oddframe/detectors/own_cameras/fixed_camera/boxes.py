"""Boxes in the small grey pictures, and the places of the scene under them."""

from __future__ import annotations

import math

import cv2
import numpy as np

Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""


def places_under(box: Box, size: tuple[int, int], grid: tuple[int, int]) -> tuple[slice, slice]:
    """The part of a grid over the picture that a box touches: rows and columns.

    Args:
        box: in pixels of the picture.
        size: (width, height) of the picture.
        grid: (rows, columns).
    """
    x, y, width, height = box
    rows, columns = grid
    # What leaves the picture begins before its edge.
    bottom, right = max(0, y + height), max(0, x + width)
    return (
        slice(int(max(0, y) / size[1] * rows), math.ceil(bottom / size[1] * rows)),
        slice(int(max(0, x) / size[0] * columns), math.ceil(right / size[0] * columns)),
    )


def around_highest(values: np.ndarray) -> tuple[tuple[int, int], Box]:
    """Row and column of the highest value of a field ``(h, w)``, and the box around it.

    The box is of pixels of the field, and holds what is more than half as high without a gap.
    """
    row, column = divmod(int(values.argmax()), values.shape[1])
    high = (values > 0.5 * values[row, column]).astype(np.uint8)
    _, _, _, (x, y, width, height) = cv2.floodFill(high, None, (column, row), 2, flags=8)
    return (row, column), (x, y, width, height)


def at_pixels(places: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The value of a grid of places at each pixel under them, float32 ``shape``."""
    rows, columns = shape
    return cv2.resize(places.astype(np.float32), (columns, rows), interpolation=cv2.INTER_NEAREST)
