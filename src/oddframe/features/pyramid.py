"""A feature map as 21 patches: the whole picture, its quarters and its sixteenths.

Source: Luo, Liu and Gao, ICCV 2017. Of 7x7 cells, a patch spans 7, 4 or 2; those at the right and
at the bottom are narrower.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from oddframe.errors import OddframeError

PATCHES = 21
QUARTERS, SIXTEENTHS = slice(1, 5), slice(5, 21)
"""Where these are among the patches, row by row; the whole picture is the first."""


def edges(cells: int, parts: int) -> list[int]:
    """Where parts of a side begin and end, each but the last as long as a part, rounded up.

    Args:
        cells: of the side.
        parts: 1, 2 or 4.
    """
    step = -(-cells // parts)
    return [min(part * step, cells) for part in range(parts + 1)]


def check_grid(rows: int, columns: int, source: str) -> None:
    """Refuse a map that has no 21 patches.

    Raises:
        OddframeError: a side gives fewer than four parts.
    """
    for side in (rows, columns):
        found = edges(side, 4)
        if found[3] == found[4]:
            raise OddframeError(
                f"{source}: expected a map that four parts fit into, such as 4x4, 7x7 or 8x8 "
                f"cells, found {rows}x{columns}; give a larger --settings.side"
            )


def patches(values: np.ndarray) -> np.ndarray:
    """The means of the patches of a map ``(rows, columns, channels)``: ``(21, channels)``."""
    rows, columns = values.shape[:2]
    found = []
    for parts in (1, 2, 4):
        down, across = edges(rows, parts), edges(columns, parts)
        for row, column in product(range(parts), repeat=2):
            part = values[down[row] : down[row + 1], across[column] : across[column + 1]]
            found.append(part.mean(axis=(0, 1)))
    return np.stack(found)


def over_cells(sixteenths: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Values of the sixteenths ``(..., 16)``, each on all its cells: ``(..., rows, columns)``."""
    grid = sixteenths.reshape(*sixteenths.shape[:-1], 4, 4)
    down, across = np.diff(edges(rows, 4)), np.diff(edges(columns, 4))
    return grid.repeat(down, axis=-2).repeat(across, axis=-1)
