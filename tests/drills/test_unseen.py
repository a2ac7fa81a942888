"""A fault under paint is left out, and none is seen through it."""

import numpy as np

from oddframe.drills.stage import Faulted, Part
from oddframe.drills.unseen import is_hidden, seen_picture
from oddframe.zones.painting import GREY
from oddframe.zones.zone import NO_ZONES, Zone, Zones

SIZE = 100, 50
LEFT = Zones((Zone("left", "ignore", ((0, 0), (0.5, 0), (0.5, 1), (0, 1))),))


def walking(first: int, last: int) -> Faulted:
    """A box of ten pixels that goes from one column to another in frames 10 to 18."""

    def boxes(number: int):
        left = first + (last - first) * (number - 10) // 8
        return ((left, 20, left + 10, 30),)

    return Faulted(lambda _: np.full((50, 100, 3), 7, np.uint8), 30, (Part(10, 19),), boxes)


def test_what_is_ignored_for_half_of_the_time_is_hidden():
    assert is_hidden(walking(0, 30), LEFT, SIZE)
    assert is_hidden(walking(0, 80), LEFT, SIZE)
    assert not is_hidden(walking(30, 80), LEFT, SIZE)
    assert not is_hidden(walking(60, 80), LEFT, SIZE)
    assert not is_hidden(walking(0, 30), NO_ZONES, SIZE)
    nowhere = Faulted(walking(0, 0).picture, 30, (Part(10, 19),))
    assert not is_hidden(nowhere, LEFT, SIZE)


def test_the_picture_of_a_fault_is_painted():
    fault = walking(0, 80)
    image = seen_picture(fault, LEFT, SIZE)(12)
    assert (image[:, :50] == GREY).all()
    assert (image[:, 54:] == 7).all()
    assert seen_picture(fault, NO_ZONES, SIZE) is fault.picture
