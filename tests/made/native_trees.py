"""Native trees of the data sets, built from tiny images and videos."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

CODECS = {".avi": "mpeg4", ".mp4": "libx264"}

Frames = Callable[..., Path]


@pytest.fixture
def frame_folder(tmp_path: Path) -> Frames:
    """Makes a folder of numbered images that are all links to one tiny file."""

    def make(folder: Path, count: int, suffix: str = ".jpg", first: int = 0) -> Path:
        source = tmp_path / f"source{suffix}"
        if not source.exists():
            assert cv2.imwrite(str(source), np.full((6, 8), 90, np.uint8))
        folder.mkdir(parents=True, exist_ok=True)
        for i in range(first, first + count):
            os.link(source, folder / f"{i:03d}{suffix}")
        return folder

    return make


@pytest.fixture
def video_file() -> Frames:
    """Makes a tiny video file in which a bright square moves."""

    def make(path: Path, count: int, fps: int = 25, size: tuple[int, int] = (32, 24)) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w") as container:
            stream = container.add_stream(CODECS[path.suffix], rate=Fraction(fps))
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            for i in range(count):
                image = np.full((size[1], size[0], 3), 40, np.uint8)
                image[4:12, i % 16 : i % 16 + 8] = 220
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            container.mux(stream.encode(None))
        return path

    return make
