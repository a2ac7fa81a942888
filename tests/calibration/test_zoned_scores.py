"""The place of what is odd, its zone, and what that makes of a score."""

from dataclasses import replace

import numpy as np
import pytest

from oddframe.calibration.zoned_scores import place_of, weighed, zone_of
from oddframe.detectors.frame_score import FrameScore, Since
from oddframe.zones.zone import NO_ZONES, Zone, Zones

SIZE = 100, 50
LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
RIGHT = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))
ZONES = Zones(
    (
        Zone("tv", "ignore", ((0.6, 0.0), (0.7, 0.0), (0.7, 0.1))),
        Zone("road", "watch", LEFT, 0.5),
        Zone("door", "watch", RIGHT, 2.0),
    )
)


def odd_at(row: int, column: int, value: float = 3.0) -> FrameScore:
    score_map = np.full((5, 10), 0.5, np.float32)
    score_map[row, column] = value
    return FrameScore(7, value, score_map)


def test_the_middle_of_the_oddest_box_else_the_highest_cell():
    assert place_of(odd_at(0, 9), SIZE) == (0.95, 0.1)
    boxed = FrameScore(7, 3.0, odd_at(0, 9).score_map, boxes=((10, 20, 30, 40), (90, 0, 99, 9)))
    assert place_of(boxed, SIZE) == (0.2, 0.6)
    assert place_of(FrameScore(7, 3.0), SIZE) is None
    assert zone_of(boxed, SIZE, ZONES).name == "road"
    assert zone_of(odd_at(0, 9), SIZE, ZONES).name == "door"
    assert zone_of(odd_at(0, 9), SIZE, Zones(ZONES.all[:2])) is None
    assert zone_of(FrameScore(7, 3.0), SIZE, ZONES) is None


@pytest.mark.parametrize(("column", "name", "times"), [(2, "road", 0.5), (8, "door", 2.0)])
def test_a_score_weighs_by_its_zone(column, name, times):
    score = odd_at(3, column)
    found, zone = weighed(score, SIZE, ZONES, threshold=10.0)
    assert (found.value, zone) == (3.0 * times, name)
    assert found.score_map is score.score_map
    assert found.reason == ""


def test_what_began_earlier_weighs_as_much():
    score = FrameScore(7, 3.0, odd_at(3, 8).score_map, began=(Since(1.5, 2.5),))
    assert weighed(score, SIZE, ZONES, 10.0)[0].began == (Since(1.5, 5.0),)


def test_what_rings_only_for_its_zone_says_so_and_where():
    found, _ = weighed(odd_at(3, 8), SIZE, ZONES, threshold=5.0)
    assert found.reason == "odd for the zone door"
    assert found.boxes == ((80, 30, 90, 40),)
    own = FrameScore(7, 6.0, cue="pace", reason="moves fast", boxes=((80, 30, 90, 40),))
    assert weighed(own, SIZE, ZONES, 5.0)[0].reason == "moves fast"


def test_elsewhere_and_without_zones_it_is_the_very_same():
    score = odd_at(3, 8)
    assert weighed(score, SIZE, NO_ZONES, 5.0) == (score, "")
    assert weighed(score, SIZE, Zones(ZONES.all[:2]), 5.0)[0] is score
    # Nothing was found out about this one, so that it has no place and no weight.
    untested = replace(score, tested=False)
    assert weighed(untested, SIZE, ZONES, 5.0) == (untested, "")
