"""A frame's value is that of its oddest cells."""

from __future__ import annotations

import numpy as np

TOP_SHARE = 0.015
"""Share of the cells whose mean is the frame's value: about one person in a street scene."""


def top_cells(field: np.ndarray) -> np.ndarray:
    """Flat indices of the oddest cells of a field, at least one."""
    count = max(1, round(TOP_SHARE * field.size))
    return field.ravel().argpartition(-count)[-count:]


def frame_value(field: np.ndarray) -> float:
    """Mean of the oddest cells of a field."""
    cells = top_cells(field)
    # Not mean(), which does the same and takes as long again to find out how.
    return float(np.add.reduce(field.ravel()[cells]) / cells.size)
