"""The search in a memory that learns no more answers like the memory, and like brute force."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from oddframe.detectors.own_cameras.fixed_camera.memory import NormalMemory
from oddframe.detectors.own_cameras.fixed_camera.search import NearestSearch


@pytest.fixture(scope="module", params=[(7, 9), (4, 4)])
def memory(request):
    """Of places of 16, 12, 4 and 3 cells, which know up to 80 vectors of the usual length."""
    memory = NormalMemory(request.param, 152, capacity=100)
    for number, picture in enumerate(pictures(request.param, 5)):
        memory.add(picture, number)
    return memory


def pictures(grid, count):
    return np.random.default_rng(count).normal(0, 1, (count, *grid, 152)).astype(np.float32)


def test_it_answers_like_the_memory(memory):
    search = NearestSearch(memory)
    for picture in pictures(memory.grid, 3):
        found = search.distances(picture)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, memory.distances(picture), rtol=1e-5)


def test_distances_are_those_of_brute_force(memory):
    picture = pictures(memory.grid, 2)[0]
    expected = np.empty(memory.grid[0] * memory.grid[1])
    for cells, vectors in memory.places():
        expected[cells] = cdist(picture.reshape(-1, 152)[cells], vectors).min(axis=1)
    found = NearestSearch(memory).distances(picture)
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-5)


def test_what_it_knows_is_near_and_what_the_memory_learns_later_is_not(memory):
    known, new = pictures(memory.grid, 5)[0], pictures(memory.grid, 4)[0]
    search = NearestSearch(memory)
    before = search.distances(new)
    memory.add(new, 0)
    # The root of what rounding leaves of squares of about 150.
    assert search.distances(known).max() < 0.05
    assert before.min() > 8
    np.testing.assert_array_equal(search.distances(new), before)
    assert NearestSearch(memory).distances(new).max() < 0.05


def test_patches_of_any_layout(memory):
    """Those of the network lie channel by channel."""
    picture = pictures(memory.grid, 2)[1]
    turned = np.ascontiguousarray(picture.transpose(2, 0, 1)).transpose(1, 2, 0)
    search = NearestSearch(memory)
    np.testing.assert_array_equal(search.distances(turned), search.distances(picture))
