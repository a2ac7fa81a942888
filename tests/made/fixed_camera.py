"""Fitting the default detector to small footage, and scoring with it."""

from pathlib import Path

import cv2
import numpy as np

from oddframe.detectors.own_cameras.fixed_camera import FixedCameraConfig, FixedCameraDetector
from oddframe.detectors.stepping import scores_of
from oddframe.media.opening import open_video
from oddframe.videos.manifest import Manifest


def scored(detector, path: Path, fps: float = 12.5):
    with open_video(path, fps) as video:
        return list(scores_of(detector, video))


def values(frames) -> np.ndarray:
    assert [frame.frame for frame in frames] == list(range(len(frames)))
    return np.array([frame.value for frame in frames])


def png_folder(path: Path, images: list[np.ndarray]) -> Path:
    """Images without loss, as a video."""
    path.mkdir(parents=True)
    for index, image in enumerate(images):
        cv2.imwrite(str(path / f"{index:04}.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return path


def config(street, **changes) -> FixedCameraConfig:
    return FixedCameraConfig(**street.settings | changes)


def fit(manifest: Manifest, settings: FixedCameraConfig, seed: int = 0) -> FixedCameraDetector:
    return FixedCameraDetector.fit(manifest, settings, seed, lambda doing, share: None)
