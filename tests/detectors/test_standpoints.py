"""Files of one fit that were filmed from another place, in pictures made by hand and in a fit."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from oddframe.detectors.own_cameras.fixed_camera import FixedCameraConfig, FixedCameraDetector
from oddframe.detectors.own_cameras.fixed_camera.standpoints import standpoints_line
from oddframe.errors import OddframeWarning
from oddframe.footage.folder import prepare_folder

WIDTH, HEIGHT = 240, 160


def picture(number: int, shift: int = 0, *, bricks: int = 3) -> np.ndarray:
    """A wall of bricks of many greys, seen through a window that may be moved, with noise."""
    random = np.random.default_rng(bricks)
    wall = random.integers(60, 200, (21 + bricks, 33 + bricks)).astype(np.uint8)
    wall = cv2.resize(wall, (360, 240), interpolation=cv2.INTER_NEAREST)
    seen = wall[30 : 30 + HEIGHT, 40 - shift : 40 - shift + WIDTH].astype(np.float32)
    noise = np.random.default_rng(number).normal(0, 2, seen.shape)
    return np.clip(seen + noise, 0, 255).astype(np.uint8)


def night(day: np.ndarray) -> np.ndarray:
    """What is bright by day is dark, and there is half the contrast."""
    return (90 - day // 3).astype(np.uint8)


def test_files_of_one_place_are_no_line() -> None:
    assert standpoints_line({str(number): picture(number) for number in range(5)}) == ""
    assert standpoints_line({"alone": picture(0)}) == ""


def test_day_and_night_of_one_place_are_no_line() -> None:
    assert standpoints_line({"day": picture(0), "night": night(picture(1))}) == ""


@pytest.mark.parametrize("pixels", [4, 12])
@pytest.mark.parametrize("moved", ["0", "3"])
def test_a_file_that_was_filmed_from_a_little_farther_left_is_named(
    pixels: int, moved: str
) -> None:
    """Also if it is the first."""
    files = {str(number): picture(number, pixels * (str(number) == moved)) for number in range(5)}
    line = standpoints_line(files)
    assert line.startswith(f"{moved}: the camera stands elsewhere than in the other 4 files, by ")
    told = float(line.split(", by ")[1].split(" %")[0])
    assert told == pytest.approx(100 * pixels / WIDTH, abs=0.2)


def test_other_views_are_one_line_however_many_they_are() -> None:
    files = {"a": picture(40, bricks=50), "b": picture(41, bricks=51)}
    files |= {str(number): picture(number, bricks=number) for number in range(30)}
    files["like b"] = night(picture(42, bricks=51))
    assert standpoints_line(files).startswith(
        "a, 0, 1 and 28 more: the camera stands elsewhere than in the other 2 files; "
    )
    assert standpoints_line({"a": picture(0), "b": picture(1, bricks=9)}).startswith(
        "b: the camera stands elsewhere than in a; what is normal in one picture hides"
    )


def test_a_picture_in_which_nothing_is_seen_says_nothing() -> None:
    dark = np.random.default_rng(5).integers(0, 3, (HEIGHT, WIDTH)).astype(np.uint8)
    assert standpoints_line({"a": picture(0), "b": picture(1), "dark": dark}) == ""


def test_a_fit_names_the_file_and_goes_on(street, tmp_path) -> None:
    """6 of 128 pixels are 4.7 % of the width."""
    for seed in range(3):
        images = street.images(6, 60 + seed)
        if seed == 1:
            images = [np.roll(image, 6, axis=1) for image in images]
        street.film(tmp_path / "all" / f"{seed}.mp4", images)
    settings = FixedCameraConfig(long_side=64, motion_side=128, fit_looks=20)
    with pytest.warns(OddframeWarning, match=r"^1: the camera .* in the other 2 files, by 4\.\d %"):
        fitted = FixedCameraDetector.fit(
            prepare_folder(tmp_path / "all"), settings, 0, lambda doing, share: None
        )
    assert fitted.threshold > 0
