"""A stretch of footage is what the file is, at any of its frames and as often as one likes."""

import cv2
import numpy as np
import pytest

from oddframe.drills.clip import Clip, ClipVideo, read_clip
from oddframe.errors import OddframeError
from oddframe.media.opening import open_video


def test_untouched_frames_are_those_of_the_file(lanes, clip) -> None:
    (video,) = lanes
    copy = ClipVideo(clip, lambda number: clip.images[number], len(clip))
    with open_video(lanes.locate(video)) as reader:
        for own, given in zip(reader, copy, strict=True):
            assert own.seconds == pytest.approx(given.seconds)
            np.testing.assert_array_equal(own.rgb(), given.rgb())
            np.testing.assert_array_equal(own.grey(), given.grey())
            small = own.grey((20, 16)).astype(int) - given.grey((20, 16))
            assert abs(small).max() <= 1


def test_grey_changes_as_the_colours_do(clip) -> None:
    darker = ClipVideo(clip, lambda number: clip.images[number] // 2, 3)
    for number, frame in enumerate(darker):
        change = frame.grey().astype(float) - clip.greys[number]
        half = -clip.images[number].astype(float) @ [0.299, 0.587, 0.114] / 2
        assert np.abs(change - half).max() <= 3


def test_a_stretch_begins_where_it_was_asked_to(lanes, clip) -> None:
    (video,) = lanes
    part = read_clip(lanes, video, 100, 25, clip.size)
    assert part.start == pytest.approx(8.0)
    assert part.seconds[0] == 0
    np.testing.assert_array_equal(part.images, clip.images[100:125])
    with pytest.raises(OddframeError, match="expected more than 600 frames"):
        read_clip(lanes, video, 600, 25, clip.size)


def test_the_background_is_the_street_without_its_walkers(lane_films, clip) -> None:
    street, seen = (cv2.blur(part, (5, 5)) for part in (lane_films.backdrop, clip.background))
    assert np.abs(seen - street).mean() < 3
    assert not clip.is_grey


@pytest.mark.parametrize("sigma", [1.0, 4.0])
def test_noise_is_measured_where_nothing_moves(sigma: float) -> None:
    images = np.random.default_rng(0).normal(120, sigma, (20, 64, 64, 3)).round().astype(np.uint8)
    images[:, 20:40, 20:40] = np.arange(0, 200, 10, dtype=np.uint8)[:, None, None, None]
    made = Clip("made", 0.0, 10.0, np.arange(20) / 10, images, images[..., 0])
    assert made.noise == pytest.approx(sigma, rel=0.15)
