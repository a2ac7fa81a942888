"""The still of an event."""

import cv2
import numpy as np

from oddframe.journal.picture import picture_of

GREY = 90


def opened(jpeg: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert image is not None
    return image.astype(int)


def frame(height: int = 360, width: int = 640) -> np.ndarray:
    return np.full((height, width, 3), GREY, np.uint8)


def changed(image: np.ndarray) -> np.ndarray:
    return np.abs(image - GREY).max(axis=2) > 40


def test_boxes_are_drawn_where_they_are_and_the_frame_is_left_alone():
    image = frame()
    drawn = changed(opened(picture_of(image, ((100, 50, 200, 150),))))
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    assert abs(rows[0] - 50) <= 3
    assert abs(rows[-1] - 149) <= 3
    assert abs(columns[0] - 100) <= 3
    assert abs(columns[-1] - 199) <= 3
    assert not drawn[70:130, 120:180].any()
    assert (image == GREY).all()


def test_heat_is_where_the_map_is_above_the_threshold():
    score_map = np.zeros((9, 16), np.float32)
    score_map[6:, 12:] = 3.0
    drawn = changed(opened(picture_of(frame(), (), score_map, 1.5)))
    assert drawn[300:, 520:].all()
    assert not drawn[:200, :400].any()
    for threshold in (None, 0.0, -1.0, 100.0):
        assert not changed(opened(picture_of(frame(), (), score_map, threshold))).any()


def test_a_blurred_picture_is_of_blocks_and_its_box_is_sharp():
    image = np.random.default_rng(1).integers(0, 255, (360, 640, 3), np.uint8)
    blurred = opened(picture_of(image, ((100, 40, 220, 160),), blurred=True))
    assert blurred.shape == (360, 640, 3)
    seen = blurred[200:, :].mean(axis=2)  # below the box: blocks of 20 pixels
    blocks = seen.reshape(8, 20, 32, 20).swapaxes(1, 2)
    assert blocks.std(axis=(2, 3)).max() < 2 < blocks.mean(axis=(2, 3)).std()
    assert np.abs(blurred[90, 95:106].mean(axis=1) - blurred[90, 130].mean()).max() > 40
    assert opened(picture_of(image[:24, :30], blurred=True)).shape == (24, 30, 3)


def test_a_large_picture_is_shrunk_with_its_boxes_and_a_small_one_stays():
    large = opened(picture_of(frame(2160, 3840), ((1920, 1080, 3840, 2160),)))
    assert large.shape == (720, 1280, 3)
    drawn = changed(large)
    assert abs(int(np.flatnonzero(drawn.any(axis=1))[0]) - 360) <= 3
    assert abs(int(np.flatnonzero(drawn.any(axis=0))[0]) - 640) <= 3
    assert opened(picture_of(frame(48, 64))).shape == (48, 64, 3)
