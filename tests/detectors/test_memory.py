"""The memory of normal patches: it covers, stays small, and answers like brute force."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from oddframe.detectors.own_cameras.fixed_camera.memory import NormalMemory
from oddframe.detectors.own_cameras.fixed_camera.place_memory import SHARED, UNKNOWN, PlaceMemory
from oddframe.files.saved_state import SavedState


def known(place: PlaceMemory) -> np.ndarray:
    return place.vectors


def fed(vectors, capacity, batch=37, groups=5):
    place = PlaceMemory(vectors.shape[1], capacity)
    for number, start in enumerate(range(0, len(vectors), batch)):
        place.add(vectors[start : start + batch], number % groups)
    return place


@pytest.mark.parametrize("spread", [0.5, 4.0, 40.0])
@pytest.mark.parametrize("capacity", [20, 150])
def test_everything_seen_is_within_reach_and_the_count_within_capacity(spread, capacity):
    vectors = np.random.default_rng(0).normal(0, spread, (3000, 6)).astype(np.float32)
    place = fed(vectors, capacity)
    assert 1 <= place.count <= capacity
    # A vector is within r of a representative, which a merge may move by 1.2 r, then by 1.44 r...
    # Seen from the last radius that is a geometric series with the sum 6.
    reach = cdist(vectors, known(place)).min(axis=1).max()
    assert reach < 6 * place.radius
    if place.radius == 5:
        assert reach < 5


def test_without_merging_everything_is_within_the_radius():
    vectors = np.random.default_rng(1).normal(0, 3, (500, 4)).astype(np.float32)
    place = fed(vectors, 500)
    assert place.radius == 5
    assert cdist(vectors, known(place)).min(axis=1).max() < 5
    apart = cdist(known(place), known(place)) + 99 * np.eye(place.count)
    assert apart.min() >= 5 - 1e-3


def test_a_rare_thing_is_kept_among_many_common_ones():
    random = np.random.default_rng(2)
    vectors = random.normal(0, 4, (5000, 6)).astype(np.float32)
    vectors[1234] = 200
    place = fed(vectors, 40)
    assert place.distances(np.full((1, 6), 200, np.float32))[0] < 0.1
    assert place.distances(np.full((1, 6), -200, np.float32))[0] > 300


@pytest.mark.parametrize("capacity", [30, 400])
def test_each_representative_knows_the_picture_that_it_is_from(capacity):
    """Also after merging: it is one of the vectors of just that picture."""
    vectors = np.random.default_rng(4).normal(0, 8, (40, 10, 5)).astype(np.float32)
    place = PlaceMemory(5, capacity)
    for number, batch in enumerate(vectors):
        place.add(batch, number % 3, number)
    for source, vector in zip(place.sources[: place.count], known(place), strict=True):
        assert (vectors[source] == vector).all(axis=1).any()
    for probe in np.random.default_rng(5).normal(0, 8, (20, 5)).astype(np.float32):
        nearest = cdist(probe[None], known(place))[0].argmin()
        assert place.source(probe) == place.sources[nearest]


def test_the_picture_nearest_to_a_cell_is_that_of_its_own_place():
    """Pictures 3 and 8 differ in the last block alone, which has 3 rows and 1 column."""
    grid = (7, 9)
    memory = NormalMemory(grid, 6)
    first = np.zeros((*grid, 6), np.float32)
    second = first.copy()
    second[4:, 8:] = 50
    memory.add(first, 0, 3)
    memory.add(second, 1, 8)
    again = NormalMemory.from_state(SavedState({"m": memory.state()}).part("m"), grid, 6)
    for one in (memory, again):
        assert one.sources().tolist() == [3, 8]
        assert one.source(np.full(6, 60, np.float32), 5, 8) == 8
        assert one.source(np.full(6, -60, np.float32), 5, 8) == 3
        assert one.source(np.full(6, 60, np.float32), 5, 7) == 3
    state = memory.state()
    del state["sources"]
    before = NormalMemory.from_state(SavedState({"m": state}).part("m"), grid, 6)
    assert before.source(np.full(6, 60, np.float32), 5, 8) == UNKNOWN


def test_distances_are_those_of_brute_force():
    random = np.random.default_rng(3)
    place = fed(random.normal(0, 8, (400, 5)).astype(np.float32), 100)
    probes = random.normal(0, 8, (300, 5)).astype(np.float32)
    expected = cdist(probes, known(place)).min(axis=1)
    np.testing.assert_allclose(place.distances(probes), expected, atol=2e-2)


@pytest.mark.parametrize("group", [0, 1, 2])
def test_leaving_a_group_out_is_a_memory_without_it(group):
    # Far apart, so no patch stands for another one.
    random = np.random.default_rng(4)
    parts = random.normal(0, 100, (3, 8, 10, 16)).astype(np.float32)
    grid = (8, 10)
    whole = NormalMemory(grid, 16, capacity=100)
    without = NormalMemory(grid, 16, capacity=100)
    for index, part in enumerate(parts):
        whole.add(part, index)
        if index != group:
            without.add(part, index)
    probe = random.normal(0, 100, (8, 10, 16)).astype(np.float32)
    expected = without.distances(probe)
    np.testing.assert_allclose(whole.distances(probe, group), expected, rtol=1e-5)
    assert whole.distances(parts[group]).max() < 1
    assert whole.distances(parts[group], group).min() > 50


def test_what_two_groups_show_belongs_to_none():
    place = PlaceMemory(2, 20)
    a, b = np.array([[0, 0]], np.float32), np.array([[100, 0]], np.float32)
    place.add(a, 0)
    place.add(b, 0)
    assert place.owners[:2].tolist() == [0, 0]
    place.add(a + 1, 1)
    assert place.owners[:2].tolist() == [SHARED, 0]
    assert place.distances(a, 0)[0] == 0
    assert place.distances(b, 0)[0] == pytest.approx(100)


def test_merging_two_groups_makes_them_shared():
    place = PlaceMemory(1, 20)
    # 20 places 6 apart fill the memory; the next one makes it merge at 6 and more.
    place.add(np.arange(0, 240, 12, dtype=np.float32)[:10, None], 0)
    place.add(np.arange(6, 246, 12, dtype=np.float32)[:10, None], 1)
    assert SHARED not in place.owners[: place.count]
    place.add(np.array([[1000.0]], np.float32), 0)
    merged = place.owners[: place.count - 1]
    assert place.radius > 6
    assert (merged == SHARED).sum() >= 5


def test_a_place_that_only_one_group_has_shown_is_unknown_without_it():
    memory = NormalMemory((2, 2), 3)
    patches = np.ones((2, 2, 3), np.float32)
    assert np.isinf(memory.distances(patches)).all()
    memory.add(patches, 0)
    assert (memory.distances(patches) == 0).all()
    assert np.isinf(memory.distances(patches, 0)).all()


def test_places_do_not_know_of_each_other():
    memory = NormalMemory((4, 8), 3)
    patches = np.zeros((4, 8, 3), np.float32)
    patches[:, 4:] = 50
    memory.add(patches, 0)
    assert memory.distances(patches).max() == 0
    assert memory.distances(patches[:, ::-1]).min() == pytest.approx(50 * 3**0.5)


def test_pictures_learnt_in_two_threads_are_learnt_as_one_by_one():
    random = np.random.default_rng(0)
    pictures = [
        (random.normal(0, 20, (7, 9, 12)).astype(np.float32), number % 5, number)
        for number in range(120)  # more than may wait
    ]
    one_by_one, at_once = (NormalMemory((7, 9), 12, capacity=40) for _ in range(2))
    for picture in pictures:
        one_by_one.add(*picture)
    at_once.add_all(iter(pictures))
    wanted, found = one_by_one.state(), at_once.state()
    assert found["counts"] == wanted["counts"]
    np.testing.assert_array_equal(found["vectors"], wanted["vectors"])
    np.testing.assert_array_equal(found["sources"], wanted["sources"])
    for group in range(5):  # and owners are the same
        seen = pictures[0][0]
        np.testing.assert_array_equal(
            at_once.distances(seen, group), one_by_one.distances(seen, group)
        )


def test_an_error_in_a_thread_that_learns_is_the_callers():
    memory = NormalMemory((4, 8), 3)
    with pytest.raises(ValueError, match=r"matmul|broadcast|shape"):
        memory.add_all([(np.zeros((4, 8, 3), np.float32), 0, 0), (np.zeros((4, 8, 5)), 0, 1)])


def test_the_saved_memory_answers_like_the_first():
    random = np.random.default_rng(5)
    memory = NormalMemory((7, 9), 12, block=4, capacity=30)
    for group in range(20):
        memory.add(random.normal(0, 4, (7, 9, 12)).astype(np.float32), group)
    state = memory.state()
    assert state["vectors"].dtype == np.float16
    again = NormalMemory.from_state(SavedState(state), (7, 9), 12)
    probe = random.normal(0, 6, (7, 9, 12)).astype(np.float32)
    # float16 has 11 bits: an error of 1 in 2048 of values of about 4, in 12 channels.
    np.testing.assert_allclose(again.distances(probe), memory.distances(probe), atol=0.02)
    assert again.grid == memory.grid
