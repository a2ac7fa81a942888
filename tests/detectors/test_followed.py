"""The cues that follow things: what a picture has of them, and how rare that is by blocks."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import gumbel_r

from oddframe.calibration.block_maxima import BLOCK_SECONDS
from oddframe.detectors.own_cameras.fixed_camera.directions import Wanderer
from oddframe.detectors.own_cameras.fixed_camera.followed import (
    CUES,
    Followed,
    followed_values,
    lasting_values,
)
from oddframe.detectors.own_cameras.fixed_camera.motion import Motion
from oddframe.detectors.own_cameras.fixed_camera.staying import (
    ABSORBED_SECONDS,
    LEAST_SECONDS,
    Stay,
)
from oddframe.detectors.own_cameras.fixed_camera.traces import Traced
from oddframe.files.saved_state import SavedState

PLACES, WIDTHS = [0, 1, 1, 2], [0.5, 0.4, 0.3, 0.5]
"""Of the Gumbel distributions of four cues."""


def motion(pace=0.0, rarity=0.0, place=0.0, stay=0.0) -> Motion:
    field = np.zeros((4, 6), np.float32)
    return Motion(field, Traced(pace), Wanderer(rarity), Traced(place), Stay(stay))


def test_what_is_measured_of_a_picture():
    found = followed_values(motion(2.0, 0.7, 0.4, 10.0))
    assert found == pytest.approx([np.log(2), 0.7, 0.4, np.log(10)])
    # What hardly moves is as slow as what stands, what passes stays as little as what is not there.
    nothing = followed_values(motion())
    np.testing.assert_array_equal(followed_values(motion(0.3, 0, 0, 0.9 * LEAST_SECONDS)), nothing)


@pytest.fixture(scope="module")
def followed() -> Followed:
    """Of an hour with one value a second, whose blocks are Gumbel of different widths."""
    random = np.random.default_rng(0)
    blocks = gumbel_r.rvs(PLACES, WIDTHS, size=(450, 4), random_state=random)
    values = np.repeat(blocks, int(BLOCK_SECONDS), axis=0)
    return Followed.fit([(values[:2000], 2000.0), (values[2000:], 1600.0)], 1.0)


def test_a_cue_adds_what_goes_beyond_one_normal_block_in_ten(followed):
    tenth = gumbel_r.isf(0.1, PLACES, WIDTHS)
    assert followed.parts(tenth - 0.2) == pytest.approx([0] * 4)
    thousandth = gumbel_r.isf(0.001, PLACES, WIDTHS)
    assert followed.parts(thousandth) == pytest.approx([2] * 4, abs=0.25)
    # As evidence it is counted by the second.
    lasting = lasting_values(thousandth)
    second = [cue(value) for cue, value in zip(followed.per_second(), lasting, strict=True)]
    assert second == pytest.approx([3 + np.log10(BLOCK_SECONDS)] * 3, abs=0.25)


def test_footage_in_which_nothing_happens_knows_little(followed):
    still = Followed.fit([(np.zeros((20, 4)), 20.0)], 1.0)
    assert (still.parts(np.full(4, 0.2)) < 1).all()
    assert (still.parts(np.full(4, 2.0)) > 1).all()


def test_a_way_is_believed_as_far_as_ways_are_told_apart_here(followed):
    blocks = followed.blocks
    half = Followed((blocks[0], replace(blocks[1], trust=0.5), *blocks[2:]))
    assert half.trusts == (1, 0.5, 1, blocks[3].trust)
    assert half.parts(np.array([0, 3.0, 0, 0]))[1] == pytest.approx(
        followed.parts(np.array([0, 3.0, 0, 0]))[1] / 2 - 0.5
    )


def test_a_place_is_believed_as_a_way_is(followed):
    random = np.random.default_rng(0)
    values = gumbel_r.rvs(PLACES, WIDTHS, size=(450, 4), random_state=random)
    half = Followed.fit([(values, 3600.0)], 0.5)
    assert half.trusts[:3] == (1, 0.5, 0.5)
    assert followed.trusts[:3] == (1, 1, 1)


@pytest.mark.parametrize(
    ("stays", "least", "most"),
    [([2, 5, 20, 30], 1, 1), ([2, 5, 20, 30, 100, 200, 300, 400], 0.25, 0.25), ([70, 100], 0, 0)],
)
def test_a_stay_is_believed_as_far_as_a_minute_would_show(stays, least, most):
    """Longer than all, than half, and than none of what stays in normal footage."""
    values = np.zeros((len(stays), 4))
    values[:, -1] = np.log(stays)
    believed = Followed.fit([(values, 80.0)], 1.0).trusts[-1]
    # By its definition: of all pairs, those in which it is longer, less those in which it is not.
    pairs = np.sign(np.maximum(stays, 60)[:, None] - np.array(stays)[None, :])
    assert believed == pytest.approx(max(0.0, pairs.mean()))
    assert least <= believed <= most


def test_stays_that_end_by_being_taken_for_the_scene_are_all_alike():
    longest = followed_values(motion(0, 0, 0, ABSORBED_SECONDS))
    np.testing.assert_array_equal(longest, followed_values(motion(0, 0, 0, ABSORBED_SECONDS - 5)))
    assert longest[3] > followed_values(motion(0, 0, 0, ABSORBED_SECONDS / 2))[3]


def test_a_state_gives_the_same(followed):
    again = Followed.from_state(SavedState(followed.state()))
    assert again == followed
    assert set(followed.state()) == set(CUES)
