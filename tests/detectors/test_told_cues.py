"""Cues that follow things, from pixels to the sentence that a person reads."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from tests.made.fixed_camera import config, fit, scored
from tests.made.street import Extra, Street

from oddframe.detectors.frame_score import FrameScore
from oddframe.detectors.own_cameras.fixed_camera import FixedCameraDetector
from oddframe.footage.folder import prepare_folder


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Street:
    """Two normal films of 42 s."""
    street = Street(tmp_path_factory.mktemp("lanes"))
    for number in range(2):
        street.film(street.root / "normal" / f"{number}.mp4", street.images(42, 80 + number))
    return street


@pytest.fixture(scope="module")
def detector(street: Street) -> FixedCameraDetector:
    """From 80 s of footage on, what follows things may ring by itself."""
    return fit(prepare_folder(street.root / "normal"), config(street))


def odd(
    detector: FixedCameraDetector, street: Street, path: Path, seconds: float, extra: Extra
) -> list[FrameScore]:
    """The frames above the threshold, but for the first moment, of a film with something extra."""
    film = street.film(path, street.images(seconds, 53, extra))
    return [one for one in scored(detector, film)[13:] if one.value > detector.threshold]


def told(frames: list[FrameScore], cue: str) -> str:
    """The sentences of a cue, which most of the frames have."""
    own = [one.reason for one in frames if one.cue == cue]
    assert len(own) > 0.6 * len(frames)
    assert len(own) > 12
    return "; ".join(own)


def test_who_crosses_the_lanes(detector, street, tmp_path):
    def across(image: np.ndarray, time: float) -> None:
        if 3 <= time < 6:
            street.square(image, 0, round(4 + 20 * (time - 3)), 0.6)

    said = told(odd(detector, street, tmp_path / "a.mp4", 7, across), "direction")
    assert re.search(r"moves down, where (nearly everything moves|hardly anything does)", said)


def test_who_walks_where_nobody_does(detector, street, tmp_path):
    def on_the_wall(image: np.ndarray, time: float) -> None:
        if 3 <= time < 9:
            street.square(image, 0, 2, 0.05 + 0.15 * (time - 3))

    said = told(odd(detector, street, tmp_path / "a.mp4", 10, on_the_wall), "presence")
    assert "moves where nothing moved in the normal footage (upper centre)" in said


def test_who_stops_and_stays(detector, street, tmp_path):
    def stops(image: np.ndarray, time: float) -> None:
        if time >= 3:
            street.square(image, 0, 20, min(0.15 * (time - 3), 0.6))

    frames = odd(detector, street, tmp_path / "a.mp4", 30, stops)
    told(frames, "staying")
    last = frames[-1]
    assert re.match(r"has stayed 2\d s; nothing stayed here in the normal footage", last.reason)
    left, top, right, bottom = last.boxes[0]
    assert left < 70 < right
    assert top < 34
    assert bottom > 20
