"""Crop orders against slices written down by hand."""

import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.features.crops import crop_names, cut, resized


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (256, 341, 3), np.uint8)


def five(image: np.ndarray) -> list[np.ndarray]:
    """torchvision.transforms.functional.five_crop of a 341x256 image, in numbers."""
    return [
        image[:224, :224],
        image[:224, 117:],
        image[32:, :224],
        image[32:, 117:],
        # (256 - 224) / 2 = 16 and (341 - 224) / 2 = 58.5, which Python rounds to 58.
        image[16:240, 58:282],
    ]


def test_five_crops_in_the_order_of_xd_violence(image):
    np.testing.assert_array_equal(cut(image, "5", 224), np.stack(five(image)))


def test_ten_crops_in_the_order_of_torchvision(image):
    wanted = np.stack(five(image) + five(np.fliplr(image)))
    found = cut(image, "10", 224)
    np.testing.assert_array_equal(found, wanted)
    # The mirrored upper left is the mirror image of the upper right.
    np.testing.assert_array_equal(found[5], found[1][:, ::-1])


def test_deepmil_has_the_centre_first(image):
    ten = cut(image, "10", 224)
    np.testing.assert_array_equal(
        cut(image, "10-deepmil", 224), ten[[4, 0, 1, 2, 3, 9, 5, 6, 7, 8]]
    )


def test_names_agree_with_the_number_of_crops(image):
    for layout, count in (("1", 1), ("5", 5), ("10", 10), ("10-deepmil", 10)):
        assert len(crop_names(layout)) == count
        size = resized(layout, 640, 360, 224)
        frame = np.zeros((size[1], size[0], 3), np.uint8)
        assert cut(frame, layout, 224).shape == (count, 224, 224, 3)
    assert crop_names("10")[5] == "upper left mirrored"
    assert crop_names("10-deepmil")[5] == "centre mirrored"


def test_the_short_side_is_256_for_squares_of_224():
    assert resized("10", 640, 360, 224) == (455, 256)
    assert resized("10", 360, 640, 224) == (256, 455)
    assert resized("5", 320, 320, 112) == (128, 128)
    assert resized("1", 640, 360, 224) == (224, 224)


def test_unknown_layout():
    with pytest.raises(OddframeError, match="unknown crops '3'"):
        crop_names("3")
