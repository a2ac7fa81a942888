"""Footage as folders of JPEG images for benchmarks: given, Ped2's, or generated."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from oddframe.errors import OddframeError
from oddframe.footage.folder import prepare_folder
from oddframe.videos.manifest import Manifest

SIZE = (360, 240)
_VIDEOS, _FRAMES = 8, 120


def jpeg_footage(given: Path | None, work: Path) -> Manifest:
    """Frame folders: the given ones, else Ped2's training footage, else generated.

    Args:
        given: folder of frame folders, from the command line.
        work: folder for generated footage.

    Raises:
        OddframeError: there are videos in the given folder.
    """
    manifest = prepare_folder(given or _default(work))
    for video in manifest:
        if not manifest.locate(video).is_dir():
            raise OddframeError(f"{manifest.locate(video)}: expected a folder of images")
    return manifest


def _default(work: Path) -> Path:
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    ped2 = Path(os.environ.get("ODDFRAME_DATA", default)) / "ped2" / "training" / "frames"
    return ped2 if ped2.is_dir() else generate(work / "generated", _VIDEOS, _FRAMES)


def generate(folder: Path, videos: int, frames: int) -> Path:
    """A textured street of Ped2's size with squares that walk, as ``<video>/<frame>.jpg``."""
    random = np.random.default_rng(0)
    street = cv2.resize(random.integers(60, 200, (30, 45)).astype(np.uint8), SIZE)
    for video in range(videos):
        path = folder / f"{video:02d}"
        path.mkdir(parents=True)
        speeds = random.uniform(0.5, 3, 5)
        for frame in range(frames):
            image = street.copy()
            for lane, speed in enumerate(speeds):
                x, y = int(40 * lane + speed * frame) % (SIZE[0] - 12), 40 * lane + 20
                image[y : y + 24, x : x + 12] = 40 * lane
            noisy = image + random.normal(0, 3, image.shape)
            cv2.imwrite(str(path / f"{frame:03d}.jpg"), noisy.clip(0, 255).astype(np.uint8))
    return folder
