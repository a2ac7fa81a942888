"""The 21 patches of a feature map, against loops over its cells."""

import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.features.pyramid import (
    PATCHES,
    QUARTERS,
    SIXTEENTHS,
    check_grid,
    edges,
    over_cells,
    patches,
)


def by_hand(values):
    """Cells of 7x7 by the step of each level: 7, 4 and 2."""
    found = []
    for step in (7, 4, 2):
        for top in range(0, 7, step):
            for left in range(0, 7, step):
                cells = [
                    values[row, column]
                    for row in range(top, min(top + step, 7))
                    for column in range(left, min(left + step, 7))
                ]
                found.append(np.mean(cells, axis=0))
    return np.array(found)


def test_patches_of_seven_by_seven_are_those_of_the_paper():
    values = np.random.default_rng(0).normal(size=(7, 7, 5)).astype(np.float32)
    found = patches(values)
    assert found.shape == (PATCHES, 5)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, by_hand(values), atol=1e-6)
    assert (len(found[QUARTERS]), len(found[SIXTEENTHS])) == (4, 16)


def test_edges_by_hand():
    assert [edges(7, parts) for parts in (1, 2, 4)] == [[0, 7], [0, 4, 7], [0, 2, 4, 6, 7]]
    assert [edges(4, parts) for parts in (1, 2, 4)] == [[0, 4], [0, 2, 4], [0, 1, 2, 3, 4]]


@pytest.mark.parametrize("shape", [(7, 7), (4, 4), (8, 7), (14, 14)])
def test_a_sixteenth_lies_on_the_cells_that_it_is_the_mean_of(shape):
    rows, columns = shape
    numbers = np.arange(rows * columns, dtype=float).reshape(rows, columns, 1)
    where = over_cells(np.arange(16), rows, columns)
    means = [numbers[where == part].mean() for part in range(16)]
    np.testing.assert_allclose(patches(numbers)[SIXTEENTHS, 0], means)
    several = over_cells(np.stack([np.arange(16), np.arange(16) * 2]), rows, columns)
    np.testing.assert_array_equal(several, [where, 2 * where])


@pytest.mark.parametrize(
    ("rows", "columns", "fits"),
    [
        (4, 4, True),
        (7, 7, True),
        (8, 14, True),
        (3, 7, False),
        (7, 6, False),
        (5, 5, False),
        (1, 1, False),
    ],
)
def test_a_map_without_so_many_patches_is_refused(rows, columns, fits):
    if fits:
        check_grid(rows, columns, "own.onnx")
        return
    with pytest.raises(OddframeError, match=rf"own.onnx.* found {rows}x{columns}; .*side") as told:
        check_grid(rows, columns, "own.onnx")
    assert "\n" not in str(told.value)
