"""The scene without what moves, and so what stands before it, as the drill sees them.

No detector's own background: it would hide from the drill what the detector does not see, and a
drill is for any.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np


def background_of(pictures: Sequence[np.ndarray] | np.ndarray, most: int) -> np.ndarray:
    """The median of some pictures, spread over all: uint8, of the shape of one.

    Args:
        pictures: uint8, of one shape.
        most: so many are looked at.
    """
    chosen = np.linspace(0, len(pictures) - 1, min(len(pictures), most)).astype(int)
    return np.median([pictures[at] for at in chosen], axis=0).astype(np.uint8)


def foreground(picture: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Where a picture differs from the scene, cleaned of specks; bool ``(height, width)``.

    Args:
        picture, background: uint8 ``(height, width)`` or ``(height, width, 3)``.
    """
    differs = cv2.absdiff(picture, background)
    if differs.ndim == 3:
        differs = differs.max(axis=2)
    # Light that changes as a whole moves the median with it; what moves stands out of the rest.
    usual = float(np.median(differs))
    spread = float(np.median(np.abs(differs.astype(np.float32) - usual)))
    mask = (differs > usual + max(18.0, 6 * spread)).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 3), np.uint8))
    return cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
