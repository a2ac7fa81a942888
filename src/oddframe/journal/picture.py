"""The still of an event: what the camera saw at its peak, with the places that were odd."""

from __future__ import annotations

import numpy as np

from oddframe.reporting.drawing.thumbnails import draw_places, jpeg_of

LARGEST = (1280, 720)
"""(width, height) that a picture fits; a smaller one stays as it is."""
_QUALITY = 82


def picture_of(
    image: np.ndarray,
    boxes: tuple[tuple[int, int, int, int], ...] = (),
    score_map: np.ndarray | None = None,
    threshold: float | None = None,
) -> bytes:
    """A JPEG of a frame with heat and boxes.

    Args:
        image: uint8 RGB ``(height, width, 3)``.
        boxes: ``(x1, y1, x2, y2)`` in its pixels.
        score_map: ``(h, w)`` on the scale of the score.
        threshold: a score that is drawn clearly, so that colour means "odd"; without one, or where
            it is not above 0, there is no heat.
    """
    reference = threshold if threshold is not None and threshold > 0 else None
    drawn = draw_places(image, boxes, score_map, reference, LARGEST, enlarge=False)
    return jpeg_of(drawn, _QUALITY)
