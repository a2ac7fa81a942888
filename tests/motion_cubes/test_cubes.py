"""Cubes of motion against the definition, written out in loops."""

import itertools

import numpy as np
import pytest
from scipy.signal import convolve2d

from oddframe.motion_cubes.cubes import LOOKAHEAD, MotionCubes, blur

THRESHOLD = 4.0


def film(frames: int, seed: int = 0) -> np.ndarray:
    """Grey frames 120x160 in which a bright patch goes over faint noise."""
    random = np.random.default_rng(seed)
    images = random.integers(100, 104, (frames, 120, 160))
    for number, image in enumerate(images):
        left = 20 + 3 * number
        image[40:70, left : left + 25] = random.integers(0, 255, (30, 1))
    return images.astype(np.uint8)


def moments(images, threshold=THRESHOLD, anew=()):
    cubes = MotionCubes(threshold)
    found = [part for n, image in enumerate(images) for part in cubes.push(image, anew=n in anew)]
    return found + cubes.finish()


def naive_changes(images):
    y, x = np.mgrid[-1:2, -1:2]
    kernel = np.exp(-(x**2 + y**2) / 2)
    kernel /= kernel.sum()
    cover = convolve2d(np.ones((120, 160)), kernel, mode="same")
    smooth = [convolve2d(image / 255, kernel, mode="same") / cover for image in images]
    return [abs(later - now) for now, later in itertools.pairwise(smooth)]


def naive_cubes(images, threshold=THRESHOLD):
    """By (slice, row, column), all 0-based, the raw values of the cubes that move."""
    changes = naive_changes(images)
    found = {}
    for middle in range(6 - 1, len(changes) - 5):  # slices 6 to (T-1) - 5, counted from 1
        for row in range(12):
            for column in range(16):
                cell = np.s_[10 * row : 10 * row + 10, 10 * column : 10 * column + 10]
                cube = np.stack([changes[at][cell] for at in range(middle - 2, middle + 3)], -1)
                if cube.sum() > threshold:
                    found[middle, row, column] = cube
    return changes, found


@pytest.fixture(scope="module")
def images():
    return film(24)


@pytest.fixture(scope="module")
def wanted(images):
    return naive_cubes(images)


def test_a_blur_keeps_the_level_at_the_borders():
    np.testing.assert_allclose(blur(np.full((120, 160), 51, np.uint8)), 0.2, rtol=1e-6)


def test_cubes_are_those_of_the_definition(images, wanted):
    _, cubes = wanted
    assert len(cubes) > 30
    found = moments(images)
    assert [part.frame for part in found] == list(range(24))
    for part in found:
        places = [(part.frame, *place) for place in np.argwhere(part.moving).tolist()]
        assert places == sorted(key for key in cubes if key[0] == part.frame)
        values = part.cubes()
        assert (values.dtype, values.shape) == (np.float32, (len(places), 500))
        for value, place in zip(values, places, strict=True):
            by_hand = cubes[place].transpose(2, 0, 1).ravel()  # change by change
            np.testing.assert_allclose(value, by_hand / np.linalg.norm(by_hand), atol=2e-6)


def test_changes_stay_where_a_cube_that_moves_covers_them(images, wanted):
    changes, cubes = wanted
    for part in moments(images):
        masked, over = np.zeros((120, 160)), 0
        for middle, row, column in cubes:
            if abs(middle - part.frame) <= 2:
                cell = np.s_[10 * row : 10 * row + 10, 10 * column : 10 * column + 10]
                masked[cell], over = changes[part.frame][cell], over + 1
        np.testing.assert_allclose(part.masked, masked, atol=1e-6)
        assert part.over == over


def test_a_moment_comes_out_as_soon_as_it_is_known(images):
    cubes = MotionCubes(THRESHOLD)
    came = [[part.frame for part in cubes.push(image)] for image in images]
    assert came == [[n - LOOKAHEAD] if n >= LOOKAHEAD else [] for n in range(24)]
    assert [part.frame for part in cubes.finish()] == list(range(24 - LOOKAHEAD, 24))


def test_no_cube_reaches_across_a_break(images):
    apart = [*moments(images[:13]), *moments(images[13:])]
    together = moments(images, anew={13})
    assert [part.frame for part in together] == list(range(24))
    for one, other in zip(together, apart, strict=True):
        np.testing.assert_array_equal(one.moving, other.moving)
        np.testing.assert_array_equal(one.masked, other.masked)
    assert [part.frame for part in together if part.reachable] == [5, 6]  # the second is too short


def test_nothing_moves_in_a_still_video_or_a_short_one(images):
    for still in ([images[0]] * 20, images[:11], images[:1], images[:0]):
        found = moments(still, threshold=0.0)
        assert len(found) == len(still)
        assert not any(part.moving.any() or part.masked.any() or part.over for part in found)
        assert all(part.cubes().shape == (0, 500) for part in found)


def test_what_is_remembered_does_not_grow(images):
    cubes = MotionCubes(THRESHOLD)
    sizes = []
    for _ in range(5):
        for image in images:
            cubes.push(image)
        sizes.append(len(cubes._changes) + len(cubes._sums))
    assert sizes[0] == sizes[-1] < 30
