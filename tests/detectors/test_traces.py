"""Traces: things that go straight on are followed back and on, as long as something is there."""

import numpy as np
import pytest

from oddframe.detectors.own_cameras.fixed_camera.traces import Trace, Traced, Views

SIZE = (240, 160)
STEP = 0.08
PACE = 50.0
"""Pixels a second, to the right."""


def standing(*lefts: float) -> np.ndarray:
    """Where things of 20 by 40 pixels stand, at half size."""
    picture = np.zeros((80, 120), np.uint8)
    for left in lefts:
        picture[30:50, max(0, int(left / 2)) : max(0, int(left / 2 + 10))] = 1
    return picture


def box(left: float) -> tuple[int, int, int, int]:
    return round(left), 60, 20, 40


def walk(values: list[float], start: float = 20.0, gone: int | None = None) -> list[Traced]:
    """Something walks from a place on; of it a cue measures these values, one a picture."""
    views = Views(SIZE)
    trace, found = Trace(views, Traced()), []
    for number, value in enumerate(values):
        left = start + PACE * STEP * number
        there = gone is None or number < gone
        views.add(standing(left) if there else standing(), STEP)
        found.append(trace.update(Traced(value, box(left), (PACE, 0.0))))
    return found


def test_what_was_odd_is_followed_on_and_back():
    found = walk([0.0] * 10 + [2.0] + [0.5] * 15)
    assert all(one.value == 0 for one in found[:10])
    assert all(one.value == 2.0 for one in found[10:])
    for number, one in enumerate(found[10:], start=10):
        assert one.box == pytest.approx(box(20 + PACE * STEP * number), abs=2)
        assert one.seconds == pytest.approx(number * STEP, abs=1e-9)


def test_where_and_when_it_was_oddest_is_known():
    last = walk([0.0] * 10 + [2.0] + [0.5] * 15)[-1]
    assert last.oddest == box(20 + PACE * STEP * 10)
    assert last.ago == pytest.approx(15 * STEP)
    assert last.moves == "moved a moment ago"
    assert walk([2.0] + [0.5] * 5)[-1].moves == "moves"


def test_it_is_followed_as_long_as_something_is_there():
    found = walk([2.0] + [0.5] * 5 + [0.0] * 10, gone=6)
    assert [one.value for one in found] == [2.0] * 6 + [0.0] * 10


def test_and_until_it_leaves_the_picture():
    found = walk([2.0] + [0.5] * 14, start=190)
    left = [190 + PACE * STEP * number + 10 < SIZE[0] for number in range(15)]
    assert [one.value == 2.0 for one in found] == left
    assert not all(left)


def test_what_is_odder_is_followed_instead_and_has_a_time_of_its_own():
    views = Views(SIZE)
    trace = Trace(views, Traced())
    for number in range(20):
        late = [180.0] if number >= 12 else []
        views.add(standing(20 + PACE * STEP * number, *late), STEP)
        seen = (
            Traced(3.0, box(180), (0.0, 0.0))
            if late
            else Traced(1.0, box(20 + 4 * number), (PACE, 0.0))
        )
        found = trace.update(seen)
    assert (found.value, found.box) == (3.0, box(180))
    assert found.seconds == pytest.approx(7 * STEP)


def test_a_thing_that_stands_in_a_crowd_is_not_followed_for_ever():
    views = Views(SIZE)
    trace = Trace(views, Traced())
    found = []
    for number in range(250):
        views.add(standing(100), STEP)
        found.append(trace.update(Traced(2.0 if number == 0 else 0.0, box(100), (0.0, 0.0))))
    held = sum(one.value > 0 for one in found) * STEP
    assert held == pytest.approx(8, abs=0.2)
    trace.reset()
    views.reset()
    views.add(standing(100), 0.0)
    assert trace.update(Traced()) == Traced()
