"""Writing video: what comes back, and that nothing half-written is left."""

import numpy as np
import pytest
from tests.made.encoded_videos import HEIGHT, WIDTH, picture

from oddframe.errors import OddframeError
from oddframe.media.opening import open_video, probe
from oddframe.media.video_writing import VideoWriter


def test_written_frames_come_back(tmp_path):
    path = tmp_path / "out" / "a.mp4"
    with VideoWriter(path, 12.5, (WIDTH, HEIGHT)) as writer:
        for i in range(20):
            writer.write(picture(i))
            assert not path.exists()
    info = probe(path)
    assert (info.frames, info.fps, info.width, info.height) == (20, 12.5, WIDTH, HEIGHT)
    with open_video(path) as video:
        for i, frame in enumerate(video):
            assert np.abs(frame.rgb().astype(int) - picture(i)).mean() < 6
    assert [file.name for file in path.parent.iterdir()] == ["a.mp4"]


def test_odd_sizes_lose_a_pixel(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", 25, (35, 27)) as writer:
        writer.write(picture(0, 35, 27))
    info = probe(tmp_path / "a.mp4")
    assert (info.frames, info.width, info.height) == (1, 34, 26)


@pytest.mark.parametrize("fps", [0.2, 5, 23.976, 30000 / 1001, 59.94])
def test_frame_rates_survive(tmp_path, fps):
    with VideoWriter(tmp_path / "a.mp4", fps, (16, 16)) as writer:
        for _ in range(3):
            writer.write(np.zeros((16, 16, 3), np.uint8))
    assert probe(tmp_path / "a.mp4").fps == pytest.approx(fps, rel=1e-4)


def test_an_error_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")

    def write_half():
        with VideoWriter(path, 25, (WIDTH, HEIGHT)) as writer:
            writer.write(picture(0))
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        write_half()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_no_frame_at_all_leaves_no_video_that_claims_to_be_one(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", 25, (WIDTH, HEIGHT)):
        pass
    with pytest.raises(OddframeError):
        probe(tmp_path / "a.mp4")


def test_sizes_that_cannot_be_written_are_errors(tmp_path):
    with pytest.raises(OddframeError, match="at least 2x2 pixels, found 1x9"):
        VideoWriter(tmp_path / "a.mp4", 25, (1, 9))
    with (
        pytest.raises(OddframeError, match=r"a\.mp4: expected images of 64x48.*found 32x48"),
        VideoWriter(tmp_path / "a.mp4", 25, (WIDTH, HEIGHT)) as writer,
    ):
        writer.write(picture(0, 32, 48))
    assert list(tmp_path.iterdir()) == []
