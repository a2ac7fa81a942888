"""The still of an event: what the camera saw at its peak, with the places that were odd."""

from __future__ import annotations

import cv2
import numpy as np

from oddframe.reporting.drawing.thumbnails import draw_places, jpeg_of

LARGEST = (1280, 720)
"""(width, height) that a picture fits; a smaller one stays as it is."""
_QUALITY = 82
_BLOCKS = 32
"""Along the longer side of a blurred picture: whoever is as tall as half of it is nine blocks."""


def picture_of(
    image: np.ndarray,
    boxes: tuple[tuple[int, int, int, int], ...] = (),
    score_map: np.ndarray | None = None,
    threshold: float | None = None,
    *,
    blurred: bool = False,
) -> bytes:
    """A JPEG of a frame with heat and boxes.

    Args:
        image: uint8 RGB ``(height, width, 3)``.
        boxes: ``(x1, y1, x2, y2)`` in its pixels.
        score_map: ``(h, w)`` on the scale of the score.
        threshold: a score that is drawn clearly, so that colour means "odd"; without one, or where
            it is not above 0, there is no heat.
        blurred: whether the frame is in coarse blocks, all of it: what a detector took no note of
            may be somebody too. Heat and boxes are drawn as ever.
    """
    image = _in_blocks(image) if blurred else image
    reference = threshold if threshold is not None and threshold > 0 else None
    drawn = draw_places(image, boxes, score_map, reference, LARGEST, enlarge=False)
    return jpeg_of(drawn, _QUALITY)


def _in_blocks(image: np.ndarray) -> np.ndarray:
    """The same picture in blocks, each of its mean colour."""
    height, width = image.shape[:2]
    coarse = min(_BLOCKS / max(height, width), 1.0)
    size = max(round(coarse * width), 1), max(round(coarse * height), 1)
    means = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(means, (width, height), interpolation=cv2.INTER_NEAREST)
