"""Boxes in the small grey pictures, and the places of the scene under them."""

from __future__ import annotations

import math

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
    return (
        slice(int(y / size[1] * rows), math.ceil((y + height) / size[1] * rows)),
        slice(int(x / size[0] * columns), math.ceil((x + width) / size[0] * columns)),
    )
