"""From a score map to places that a person can look at."""

from __future__ import annotations

import cv2
import numpy as np


def odd_boxes(
    score_map: np.ndarray, width: int, height: int
) -> tuple[tuple[int, int, int, int], ...]:
    """Connected regions above half of the highest cell, the oddest first, three at most.

    Args:
        score_map: ``(h, w)``, never negative.
        width, height: size of the video in pixels.

    Returns:
        ``(x1, y1, x2, y2)`` each, in pixels of the video.
    """
    odd = (score_map > 0.5 * float(score_map.max())).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(odd, connectivity=8)
    rows, columns = score_map.shape
    wide, high = width / columns, height / rows
    found = []
    for x, y, across, down, _ in stats[1:count].tolist():
        top = float(score_map[y : y + down, x : x + across].max())
        box = (x * wide, y * high, (x + across) * wide, (y + down) * high)
        found.append((top, tuple(round(edge) for edge in box)))
    found.sort(reverse=True)
    return tuple((box[0], box[1], box[2], box[3]) for _, box in found[:3])


def where(box: tuple[int, int, int, int], width: int, height: int) -> str:
    """The part of the picture in words, such as ``upper left``."""
    across = ("left", "centre", "right")[min(2, int(3 * (box[0] + box[2]) / 2 / width))]
    down = ("upper", "middle", "lower")[min(2, int(3 * (box[1] + box[3]) / 2 / height))]
    return "centre" if (down, across) == ("middle", "centre") else f"{down} {across}"
