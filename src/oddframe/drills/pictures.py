"""Pictures of a drill: a moment of a case, and the map of what would be missed where."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from oddframe.drills.cutouts import Box
from oddframe.drills.result import Case
from oddframe.pages.colours import DETECTION, SERIES, TRUTH, Colour

SCENE = "scene.jpg"
"""The scene without what moves, in the folder of a drill."""
_WIDTH = 480
_NOTICED: Colour = SERIES[0]
_MISSED: Colour = DETECTION


def case_picture(image: np.ndarray, true: Sequence[Box], said: Sequence[Box]) -> bytes:
    """A frame as JPEG: where the oddity is, and where the detector says it is."""
    picture, scale = _enlarged(image)
    if len(true) <= 12:
        for box in true:
            _outline(picture, box, scale, TRUTH, 2)
    for box in said:
        _outline(picture, box, scale, DETECTION, 2)
    return jpeg(picture)


def blind_spots(background: np.ndarray, size: tuple[int, int], cases: Sequence[Case]) -> bytes:
    """The scene with the ways of what was put into it: noticed in blue, missed in orange, as JPEG.

    Args:
        background: uint8 RGB, of any size.
        size: width and height that the boxes of the cases are in.
        cases: those of things at a place.
    """
    scene = cv2.resize(background, size, interpolation=cv2.INTER_AREA)
    picture, scale = _enlarged(scene, 720)
    grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    picture = (grey * 0.75 + 50).astype(np.uint8)
    for verdict, colour in (("noticed", _NOTICED), ("missed", _MISSED)):
        for case in cases:
            if case.verdict == verdict:
                _way(picture, case, scale, colour)
    return jpeg(picture)


def jpeg(picture: np.ndarray) -> bytes:
    """An RGB picture as JPEG."""
    ok, data = cv2.imencode(
        ".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 82]
    )
    assert ok, "OpenCV encodes any uint8 RGB image as JPEG"
    return data.tobytes()


def _enlarged(image: np.ndarray, width: int = _WIDTH) -> tuple[np.ndarray, float]:
    scale = width / image.shape[1]
    size = width, max(1, round(image.shape[0] * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.ascontiguousarray(cv2.resize(image, size, interpolation=how)), scale


def _outline(picture: np.ndarray, box: Box, scale: float, colour: Colour, width: int) -> None:
    first = round(box[0] * scale), round(box[1] * scale)
    last = round(box[2] * scale) - 1, round(box[3] * scale) - 1
    cv2.rectangle(picture, first, last, (255, 255, 255), width + 2, cv2.LINE_AA)
    cv2.rectangle(picture, first, last, colour, width, cv2.LINE_AA)


def _way(picture: np.ndarray, case: Case, scale: float, colour: Colour) -> None:
    """The line of a thing's feet, and its box where it ends."""
    feet = [(round((b[0] + b[2]) / 2 * scale), round(b[3] * scale)) for b in case.boxes]
    layer = picture.copy()
    x1, y1, x2, y2 = (round(edge * scale) for edge in case.boxes[-1])
    cv2.rectangle(layer, (x1, y1), (x2, y2), colour, cv2.FILLED)
    cv2.addWeighted(layer, 0.3, picture, 0.7, 0, dst=picture)
    if len(feet) > 1:
        points = [np.array(feet, np.int32)]
        cv2.polylines(picture, points, False, (255, 255, 255), 5, cv2.LINE_AA)
        cv2.polylines(picture, points, False, colour, 3, cv2.LINE_AA)
    cv2.rectangle(picture, (x1, y1), (x2, y2), colour, 2, cv2.LINE_AA)
