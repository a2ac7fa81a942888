from __future__ import annotations

import numpy as np
import pytest

from oddframe.reporting.drawing.heat import heat_reference, overlay_heat

GREY = np.full((60, 80, 3), 120, np.uint8)


def _at_centre(picture: np.ndarray) -> np.ndarray:
    return picture[30, 40].astype(int)


def test_below_half_the_threshold_nothing_is_drawn():
    assert (overlay_heat(GREY, np.full((6, 8), 0.499), 1.0) == GREY).all()
    assert (overlay_heat(GREY, np.zeros((6, 8)), 1.0) == GREY).all()


def test_the_threshold_is_clearly_visible_and_more_is_stronger():
    changes = [
        np.abs(_at_centre(overlay_heat(GREY, np.full((6, 8), level), 2.0)) - 120).max()
        for level in (1.2, 2.0, 4.0)
    ]
    assert changes[0] < changes[1]
    assert changes[1] > 40
    red, green, blue = _at_centre(overlay_heat(GREY, np.full((6, 8), 4.0), 2.0))
    assert red > green > 0
    assert red > blue


def test_colour_depends_on_the_value_and_not_on_the_rest_of_the_frame():
    alone = np.zeros((6, 8))
    alone[3, 4] = 1.0
    beside = alone.copy()
    beside[0, 0] = 50.0
    # Far from the other hot cell, the picture is the same.
    first, second = overlay_heat(GREY, alone, 1.0), overlay_heat(GREY, beside, 1.0)
    assert (first[30:] == second[30:]).all()
    assert (first[:20, :25] != second[:20, :25]).any()


def test_heat_lies_where_the_map_says_and_the_source_is_untouched():
    score_map = np.zeros((6, 8))
    score_map[1, 6] = 2.0
    source = GREY.copy()
    changed = (overlay_heat(source, score_map, 1.0) != GREY).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert rows.mean() == pytest.approx(1.5 * 10 - 0.5, abs=1)
    assert columns.mean() == pytest.approx(6.5 * 10 - 0.5, abs=1)
    assert (source == GREY).all()


def test_values_far_above_the_scale_and_maps_of_one_cell():
    assert overlay_heat(GREY, np.array([[1e9]]), 1.0).shape == GREY.shape


@pytest.mark.parametrize(
    ("threshold", "scores", "reference"),
    [
        (0.7, [3.0], 0.7),
        (None, [1.0, 3.0], 3.0),
        (-4.0, [1.0, 3.0], 3.0),
        (None, [0.0], None),
        (0.0, [-1.0], None),
    ],
)
def test_reference(threshold, scores, reference):
    assert heat_reference(threshold, [np.array([value]) for value in scores]) == reference
