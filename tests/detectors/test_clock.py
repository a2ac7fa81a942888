"""Burnt-in clocks: what they show was never shown before, and is nothing odd."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.made.street import Street

from oddframe.detectors.frame_score import FrameScore
from oddframe.detectors.own_cameras.fixed_camera import FixedCameraConfig, FixedCameraDetector
from oddframe.detectors.stepping import scores_of
from oddframe.footage.folder import prepare_folder
from oddframe.media.opening import open_video

MORNING, EVENING = datetime(2026, 11, 28, 9, 14, 7), datetime(2026, 12, 4, 21, 58, 55)


def with_clocks(street: Street, images: list[np.ndarray], start: datetime) -> list[np.ndarray]:
    """The time in white on the wall at the top left, and on a black bar at the bottom right."""
    found = []
    for index, image in enumerate(images):
        now = start + timedelta(seconds=index / street.fps)
        drawn = image.copy()
        cv2.rectangle(drawn, (64, 70), (127, 79), (0, 0, 0), -1)
        for text, place in ((f"{now:%H:%M:%S}", (1, 10)), (f"{now:%m-%d %H:%M:%S}", (65, 78))):
            size = 0.36 if place[0] == 1 else 0.26
            white = (250, 250, 250)
            cv2.putText(drawn, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, white, 1, cv2.LINE_AA)
        found.append(drawn)
    return found


@pytest.fixture(scope="module")
def detector(street: Street, tmp_path_factory: pytest.TempPathFactory) -> FixedCameraDetector:
    """Fitted to three parts of a morning."""
    folder = tmp_path_factory.mktemp("clocks")
    for number in range(3):
        images = street.images(12, 30 + number)
        start = MORNING + timedelta(minutes=7 * number, seconds=23 * number)
        street.film(folder / f"{number}.mp4", with_clocks(street, images, start))
    settings = FixedCameraConfig(**street.settings)
    return FixedCameraDetector.fit(prepare_folder(folder), settings, 0, lambda doing, share: None)


def scored(detector: FixedCameraDetector, path: Path) -> list[FrameScore]:
    with open_video(path, 12.5) as video:
        return list(scores_of(detector, video))


def test_an_evening_on_the_clock_is_not_odd_after_a_morning(
    street: Street, detector: FixedCameraDetector, tmp_path: Path
) -> None:
    """Day, hour and minute have digits that no training footage shows there; a minute ends."""
    images = with_clocks(street, street.images(10, 50), EVENING)
    frames = scored(detector, street.film(tmp_path / "evening.mp4", images))
    odd = [frame for frame in frames if frame.value > detector.threshold]
    assert len(odd) <= 0.02 * len(frames)
    maps = np.stack([frame.score_map for frame in frames if frame.score_map is not None])
    rows, columns = maps.shape[1:]
    assert np.median(maps[:, 0, : columns // 3].max(axis=1)) < 0.5 * detector.threshold
    assert np.median(maps[:, rows - 1, columns // 2 :].max(axis=1)) < 0.5 * detector.threshold


def test_what_is_odd_is_told_beside_a_clock(
    street: Street, detector: FixedCameraDetector, tmp_path: Path
) -> None:
    images = with_clocks(street, street.images(8, 52, street.large), EVENING)
    frames = scored(detector, street.film(tmp_path / "large.mp4", images))
    start, end = street.event
    odd = np.array([frame.value > detector.threshold for frame in frames])
    assert odd[start + 4 : end - 4].mean() > 0.7
    assert odd[: start - 1].mean() <= 0.05
