"""Where in the picture something odd is, and in which zone."""

from __future__ import annotations

import numpy as np

from oddframe.detectors.frame_score import FrameScore
from oddframe.zones.zone import Zone, Zones


def place_of(score: FrameScore, size: tuple[int, int]) -> tuple[float, float] | None:
    """The middle of the oddest place, right and down as shares of the picture; None if unknown.

    Args:
        score: of a frame; where it is below its detector's threshold it has no boxes, and the
            highest cell of its map counts.
        size: width and height of the frame's picture, in pixels.
    """
    if score.boxes:
        x1, y1, x2, y2 = score.boxes[0]
        return _share((x1 + x2) / 2 / size[0]), _share((y1 + y2) / 2 / size[1])
    if score.score_map is None:
        return None
    rows, columns = score.score_map.shape
    row, column = np.unravel_index(int(score.score_map.argmax()), (rows, columns))
    return (float(column) + 0.5) / columns, (float(row) + 0.5) / rows


def zone_of(score: FrameScore, size: tuple[int, int], zones: Zones) -> Zone | None:
    """The watched zone in which something odd is; None outside of all, or where that is unknown."""
    if not zones.watched:
        return None
    place = place_of(score, size)
    return None if place is None else zones.at(*place)


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)
