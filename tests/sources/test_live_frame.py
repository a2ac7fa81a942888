"""A frame of a live source in many threads at once, as viewers of a page ask for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from oddframe.media.opening import open_video
from oddframe.media.video_writing import VideoWriter
from oddframe.sources.live_frame import LiveFrame

SIZES = (None, (320, 180), (960, 540), (128, 64))


def test_a_frame_converts_in_many_threads_at_once(tmp_path: Path):
    """FFmpeg's frame remembers its last conversion: two at once end the process."""
    path = tmp_path / "noise.mp4"
    noise = np.random.default_rng(0).integers(0, 255, (360, 640, 3), np.uint8)
    with VideoWriter(path, 10.0, (640, 360)) as writer:
        writer.write(noise)
    with open_video(path) as video, ThreadPoolExecutor(16) as pool:
        frame = LiveFrame(next(iter(video)), 0, 0.0, 0.0, 0.0, (640, 360))
        expected = [(frame.rgb(size), frame.grey(size)) for size in SIZES]
        wanted = [number % len(SIZES) for number in range(160)]
        asked = [
            pool.submit(lambda n: (frame.rgb(SIZES[n]), frame.grey(SIZES[n])), n) for n in wanted
        ]
        for number, answer in zip(wanted, asked, strict=True):
            for image, other in zip(answer.result(), expected[number], strict=True):
                np.testing.assert_array_equal(image, other)
