"""A zone is a simple polygon inside the picture; whatever is none is refused in one line."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path as Outline

from oddframe.errors import OddframeError
from oddframe.zones.zone import Zone, Zones

SQUARE = ((0.1, 0.1), (0.5, 0.1), (0.5, 0.5), (0.1, 0.5))
grid = st.integers(0, 6)


@pytest.mark.parametrize(
    ("polygon", "said"),
    [
        (((0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9)), "sides 1 and 3 meet"),
        (((0.1, 0.1), (0.5, 0.1), (0.5, 0.1), (0.1, 0.5)), "sides 1 and 2 meet"),
        (((0.1, 0.1), (0.9, 0.1), (0.5, 0.1), (0.5, 0.9)), "sides 1 and 2 meet"),
        (((0.0, 0.0), (0.5, 0.5), (1.0, 1.0)), "sides 1 and 3 meet"),
        (((0.1, 0.1), (0.9, 0.9)), "expected 3 to 200 corners, found 2 corners"),
        (((0.1, 0.1), (0.9, 0.9), (0.1, 0.1)), "found 2 corners"),
        (((0.1, 0.1), (1.2, 0.1), (0.5, 0.5)), "from 0 to 1 to the right and down, found (1.2, 0."),
        (((0.1, 0.1), (float("nan"), 0.1), (0.5, 0.5)), "found (nan, 0.1)"),
        (((120, 40), (300, 40), (300, 200)), "divide pixels by the picture's width and height"),
    ],
)
def test_what_is_no_polygon_of_the_picture_is_refused(polygon, said):
    with pytest.raises(OddframeError) as error:
        Zone("clock", "ignore", polygon)
    assert str(error.value).startswith("zone 'clock': ")
    assert said in str(error.value)


def test_names_and_sensitivities_that_are_none_are_refused():
    for given_, said in (
        ({"name": " "}, "a zone without a name"),
        ({"name": "a\x1b[2J"}, "plain characters"),
        ({"sensitivity": 0.0}, "from 0.001 to 1000, found 0"),
        ({"sensitivity": float("nan")}, "found nan"),
        ({"sensitivity": 1e308}, "from 0.001 to 1000, found 1e"),
        ({"kind": "ignore", "sensitivity": 2.0}, "no sensitivity"),
    ):
        with pytest.raises(OddframeError, match=said.replace("[", r"\[")):
            Zone(**{"name": "door", "kind": "watch", "polygon": SQUARE, **given_})


def test_two_zones_of_one_name_are_refused():
    one, other = Zone("door", "watch", SQUARE), Zone(" door", "ignore", SQUARE)
    with pytest.raises(OddframeError, match="zone 'door': there are two of that name"):
        Zones((one, other))


def test_a_polygon_that_is_closed_by_its_first_corner_is_the_same():
    assert Zone("a", "watch", (*SQUARE, SQUARE[0])) == Zone("a", "watch", SQUARE)


@settings(max_examples=300)
@given(st.lists(st.tuples(grid, grid), min_size=3, max_size=6))
def test_polygons_are_taken_just_if_no_two_sides_share_a_point_by_exact_fractions(corners):
    """The sides are solved for what they share, in whole numbers; the module compares turns."""
    once = corners[:-1] if corners[0] == corners[-1] else corners
    simple = len(once) >= 3 and _is_simple(once)
    try:
        Zone("a", "watch", tuple((x / 8, y / 8) for x, y in corners))
        taken = True
    except OddframeError:
        taken = False
    assert taken == simple


def _is_simple(corners):
    sides = [*zip(corners, [*corners[1:], corners[0]], strict=True)]
    if any(a == b for a, b in sides):
        return False
    count = len(sides)
    for one, other in itertools.combinations(range(count), 2):
        shared = _shared(sides[one], sides[other])
        beside = other - one in (1, count - 1)
        if shared is not None and (not beside or shared == "a stretch"):
            return False
        if beside and count == 3 and shared == "a stretch":
            return False
    return True


def _shared(one, other):
    """None, a point, or ``a stretch``, of two segments: the equations of both, solved."""
    (ax, ay), (bx, by) = one
    (cx, cy), (dx, dy) = other
    determinant = (bx - ax) * (cy - dy) - (by - ay) * (cx - dx)
    if determinant:
        t = Fraction((cx - ax) * (cy - dy) - (cy - ay) * (cx - dx), determinant)
        u = Fraction((bx - ax) * (cy - ay) - (by - ay) * (cx - ax), determinant)
        return "a point" if 0 <= t <= 1 and 0 <= u <= 1 else None
    if (bx - ax) * (cy - ay) != (by - ay) * (cx - ax):
        return None
    length = (bx - ax) ** 2 + (by - ay) ** 2
    at = sorted(
        Fraction((px - ax) * (bx - ax) + (py - ay) * (by - ay), length)
        for px, py in ((cx, cy), (dx, dy))
    )
    low, high = max(at[0], Fraction(0)), min(at[1], Fraction(1))
    return None if low > high else "a point" if low == high else "a stretch"


@settings(max_examples=200)
@given(
    st.lists(st.tuples(grid, grid), min_size=3, max_size=6),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_points_are_in_a_zone_as_matplotlib_says(corners, point):
    try:
        zone = Zone("a", "watch", tuple((x / 6, y / 6) for x, y in corners))
    except OddframeError:
        return
    outline = Outline([*zone.polygon, zone.polygon[0]], closed=True)
    if outline.contains_point(point, radius=1e-6) == outline.contains_point(point, radius=-1e-6):
        assert zone.holds(*point) == outline.contains_point(point)


def test_the_first_watched_zone_counts_where_they_lie_over_each_other():
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    left = ((0.0, 0.0), (0.6, 0.0), (0.6, 1.0), (0.0, 1.0))
    zones = Zones(
        (
            Zone("tv", "ignore", left),
            Zone("door", "watch", SQUARE),
            Zone("room", "watch", whole),
        )
    )
    assert [zones.at(*p).name for p in ((0.3, 0.3), (0.8, 0.8))] == ["door", "room"]
    assert Zones(zones.all[:2]).at(0.8, 0.8) is None
