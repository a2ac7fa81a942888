"""The search in a memory that learns no more answers like the memory, and like brute force."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from oddframe.detectors.own_cameras.fixed_camera.memory import NormalMemory
from oddframe.detectors.own_cameras.fixed_camera.scene import Whitening
from oddframe.detectors.own_cameras.fixed_camera.search import NearestSearch


@pytest.fixture(scope="module", params=[(7, 9), (4, 4)])
def memory(request):
    """Of places of 16, 12, 4 and 3 cells, which know up to 80 vectors of the usual length."""
    memory = NormalMemory(request.param, 152, capacity=100)
    for number, picture in enumerate(pictures(request.param, 5)):
        memory.add(picture, number)
    return memory


@pytest.fixture(scope="module")
def whitening():
    """Of patches as unlike as those of the network: what is learnt here is as far apart."""
    random = np.random.default_rng(0)
    mix = random.normal(0, 1, (152, 152)) * random.uniform(0.02, 1, 152)
    return Whitening.fit(random.normal(1, 1, (2000, 152)) @ mix + random.normal(0, 3, 152))


def raw(white, whitening):
    """Patches that are these when they are whitened."""
    scaled = white.astype(np.float64) @ np.linalg.inv(whitening.matrix.astype(np.float64))
    return ((scaled + whitening.mean) * whitening.scale).astype(np.float32)


def pictures(grid, count):
    return np.random.default_rng(count).normal(0, 1, (count, *grid, 152)).astype(np.float32)


def test_it_answers_like_the_memory(memory, whitening):
    search = NearestSearch(whitening, memory)
    for picture in pictures(memory.grid, 3):
        patches = raw(picture, whitening)
        found = search.distances(patches)
        assert found.dtype == np.float32
        expected = memory.distances(whitening(patches))
        assert expected.min() > 8
        np.testing.assert_allclose(found, expected, rtol=2e-5)


def test_distances_are_those_of_brute_force(memory, whitening):
    picture = pictures(memory.grid, 2)[0]
    expected = np.empty(memory.grid[0] * memory.grid[1])
    for cells, vectors in memory.places():
        expected[cells] = cdist(picture.reshape(-1, 152)[cells], vectors).min(axis=1)
    found = NearestSearch(whitening, memory).distances(raw(picture, whitening))
    np.testing.assert_allclose(found.ravel(), expected, rtol=2e-5)


def test_what_it_knows_is_near_and_what_the_memory_learns_later_is_not(memory, whitening):
    known, unknown = pictures(memory.grid, 5)[0], pictures(memory.grid, 4)[0]
    known, new = raw(known, whitening), raw(unknown, whitening)
    search = NearestSearch(whitening, memory)
    before = search.distances(new)
    memory.add(unknown, 0)
    # The root of what rounding leaves of squares of about 150.
    assert search.distances(known).max() < 0.05
    assert before.min() > 8
    np.testing.assert_array_equal(search.distances(new), before)
    assert NearestSearch(whitening, memory).distances(new).max() < 0.05


def test_patches_of_any_layout(memory, whitening):
    """Those of networks of before lie channel by channel."""
    picture = pictures(memory.grid, 2)[1]
    turned = np.ascontiguousarray(picture.transpose(2, 0, 1)).transpose(1, 2, 0)
    search = NearestSearch(whitening, memory)
    np.testing.assert_array_equal(search.distances(turned), search.distances(picture))
