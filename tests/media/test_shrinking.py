"""Shrunk by FFmpeg: what OpenCV makes of all pixels, in every range and matrix of luma."""

from concurrent.futures import ThreadPoolExecutor

import av
import cv2
import numpy as np
import pytest

from oddframe.media.shrinking import Shrinker

SIZE = (640, 360)


def blobs() -> np.ndarray:
    """Coloured blobs that fill the range of values."""
    noise = np.random.default_rng(0).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
    smooth = cv2.GaussianBlur(noise, (0, 0), 6).astype(float)
    return np.clip((smooth - smooth.mean()) * 6 + 128, 0, 255).astype(np.uint8)


def coded(kind: str, full_range: int, matrix: int):
    frame = av.VideoFrame.from_ndarray(blobs(), format="rgb24").reformat(format=kind)
    frame.color_range, frame.colorspace = full_range, matrix
    return frame


def means(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(int)


@pytest.mark.parametrize("kind", ["yuv420p", "yuvj420p", "nv12", "yuv422p", "yuvj422p"])
@pytest.mark.parametrize("full_range", [0, 1, 2])
@pytest.mark.parametrize("matrix", [1, 5])  # of high and of standard definition
@pytest.mark.parametrize("size", [(224, 126), (300, 170)])
def test_luma_is_within_a_level_and_colours_within_a_few(kind, full_range, matrix, size):
    frame = coded(kind, full_range, matrix)
    shrinker = Shrinker()
    plane = frame.planes[0]
    luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: SIZE[1], : SIZE[0]]
    assert np.abs(shrinker.luma(frame, size) - means(luma, size)).max() <= 1
    different = np.abs(shrinker.rgb(frame, size) - means(frame.to_ndarray(format="rgb24"), size))
    assert different.mean() < 2
    assert different.max() <= 6


def test_several_threads_shrink_at_once():
    frame = coded("yuv420p", 1, 1)
    shrinker = Shrinker()
    sizes = [(200 + 4 * k, 120 + 2 * k) for k in range(8)]
    alone = [shrinker.rgb(frame, size) for size in sizes]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            for one, expected in zip(
                pool.map(lambda size: shrinker.rgb(frame, size), sizes), alone, strict=True
            ):
                np.testing.assert_array_equal(one, expected)
