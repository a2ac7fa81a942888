"""Motion: textured squares that move at a known speed."""

import cv2
import numpy as np
import pytest

from oddframe.detectors.own_cameras.fixed_camera.motion import SpeedField

WIDTH, HEIGHT = 240, 160
GRID = (10, 15)


def scene(x: float, y: float, side: int = 50) -> np.ndarray:
    """A textured square with its top left corner at (x, y), on a smooth background."""
    random = np.random.default_rng(0)
    texture = cv2.GaussianBlur(random.integers(0, 256, (side, side), np.uint8), (0, 0), 1.2)
    texture = cv2.normalize(texture, None, 0, 255, cv2.NORM_MINMAX)
    background = np.tile(np.linspace(90, 130, WIDTH, dtype=np.float32), (HEIGHT, 1))
    shift = np.array([[1, 0, x], [0, 1, y]], np.float32)
    inside = cv2.warpAffine(np.ones((side, side), np.float32), shift, (WIDTH, HEIGHT))
    square = cv2.warpAffine(texture.astype(np.float32), shift, (WIDTH, HEIGHT))
    return (square * inside + background * (1 - inside)).round().astype(np.uint8)


def watch(right: float, down: float, seconds: float, frames: int = 6) -> np.ndarray:
    """The speeds after some frames in which the square moves by so many pixels each."""
    field = SpeedField(GRID, (WIDTH, HEIGHT))
    for k in range(frames):
        motion = field.update(scene(70 + right * k, 50 + down * k), seconds)
    return motion


@pytest.mark.parametrize(
    ("right", "down"), [(2.0, 0.0), (-3.0, 0.0), (0.0, 2.0), (4.0, -3.0), (6.0, 0.0)]
)
@pytest.mark.parametrize("seconds", [0.08, 0.2])
def test_a_known_motion_has_its_speed(right, down, seconds):
    motion = watch(right, down, seconds)
    # The square's middle at the last frame, as a cell.
    x, y = 70 + 5 * right + 25, 50 + 5 * down + 25
    cell = motion[int(y / HEIGHT * GRID[0]), int(x / WIDTH * GRID[1])]
    assert cell == pytest.approx(np.hypot(right, down) / (seconds * WIDTH), rel=0.15)


def test_nothing_moves_far_from_the_square():
    motion = watch(3.0, 0.0, 0.08)
    assert motion.shape == GRID
    assert motion.dtype == np.float32
    assert np.abs(motion[:, 12:]).max() == 0
    assert np.abs(motion[9:]).max() == 0


def test_a_still_scene_does_not_move():
    field = SpeedField(GRID, (WIDTH, HEIGHT))
    for _ in range(5):
        assert np.abs(field.update(scene(70, 50), 0.08)).max() == 0


def test_noise_on_a_textured_scene_is_hardly_motion():
    field = SpeedField(GRID, (WIDTH, HEIGHT))
    random = np.random.default_rng(1)
    still = cv2.GaussianBlur(random.normal(128, 200, (HEIGHT, WIDTH)), (0, 0), 2)
    for _ in range(5):
        noisy = np.clip(still + random.normal(0, 2, still.shape), 0, 255).astype(np.uint8)
        motion = field.update(noisy, 0.08)
        # A tenth of a pixel per frame.
        assert motion.max() < 0.1 / (0.08 * WIDTH)


def test_the_same_steps_in_half_the_time_are_twice_as_fast():
    np.testing.assert_allclose(watch(3, 0, 0.04), 2 * watch(3, 0, 0.08), rtol=1e-5, atol=1e-7)


def test_reset_forgets():
    field = SpeedField(GRID, (WIDTH, HEIGHT))
    assert field.update(scene(70, 50), 0.08).max() == 0
    assert field.update(scene(75, 50), 0.08).max() > 0
    field.reset()
    assert field.update(scene(90, 50), 0.08).max() == 0
    # And nothing of the motion before is left in the average.
    assert field.update(scene(90, 50), 0.08).max() == 0
