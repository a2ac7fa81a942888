"""Crops of a frame in the published orders.

Layouts: ``1`` is the whole frame squeezed into the square, so that nothing is lost at the sides.
The others cut squares from a frame whose short side is 256/224 of the square's: ``5`` as for
XD-Violence, ``10`` as torchvision's ``TenCrop`` (UCF-Crime and ShanghaiTech as RTFM has them),
``10-deepmil`` with the centre first (UCF-Crime as DeepMIL has it).

In both orders of ten, the second five are the same places cut from the mirrored frame, which is
what ``TenCrop`` does: crop 5 is the upper left of the mirrored frame, hence the mirror image of
crop 1, the upper right. DeepMIL's release says only "mirrored"; it is taken to mean the same.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from oddframe.errors import OddframeError, unknown

_CORNERS = ("upper left", "upper right", "bottom left", "bottom right")
_PLACES = {
    "5": (*_CORNERS, "centre"),
    "10": (*_CORNERS, "centre"),
    "10-deepmil": ("centre", *_CORNERS),
}
LAYOUTS = ("1", *_PLACES)
_MARGIN = Fraction(256, 224)


def crop_names(layout: str) -> tuple[str, ...]:
    """What each crop shows, in order.

    Raises:
        OddframeError: no such layout.
    """
    if layout not in LAYOUTS:
        raise OddframeError(unknown("crops", layout, LAYOUTS))
    if layout == "1":
        return ("whole frame",)
    places = _PLACES[layout]
    return places if layout == "5" else (*places, *(f"{place} mirrored" for place in places))


def resized(layout: str, width: int, height: int, side: int) -> tuple[int, int]:
    """(width, height) to which a frame is resized before cutting squares of ``side`` pixels."""
    if layout == "1":
        return side, side
    short = round(side * _MARGIN)
    if width <= height:
        return short, short * height // width
    return short * width // height, short


def cut(image: np.ndarray, layout: str, side: int) -> np.ndarray:
    """The crops of a frame that has the size of :func:`resized`.

    Args:
        image: uint8 ``(height, width, 3)``.
        layout: one of :data:`LAYOUTS`.
        side: height and width of the squares in pixels.

    Returns:
        uint8 ``(crops, side, side, 3)``.
    """
    if layout == "1":
        return image[None]
    five = [_square(image, place, side) for place in _PLACES[layout]]
    if layout != "5":
        five += [_square(image[:, ::-1], place, side) for place in _PLACES[layout]]
    return np.stack(five)


def _square(image: np.ndarray, place: str, side: int) -> np.ndarray:
    height, width = image.shape[:2]
    if place == "centre":
        # Python's round(), halves to even, as torchvision does.
        top, left = round((height - side) / 2), round((width - side) / 2)
    else:
        top = height - side if "bottom" in place else 0
        left = width - side if "right" in place else 0
    return image[top : top + side, left : left + side]
