"""Presentation times: when each frame is shown."""

import warnings
from datetime import datetime

import numpy as np
import pytest
from tests.made.encoded_videos import HEIGHT, WIDTH, encode, encode_at, indices, picture

from oddframe.media.clock import Clock
from oddframe.media.opening import open_video, probe
from oddframe.media.video_writing import VideoWriter


@pytest.mark.parametrize("name", ["phone.mp4", "phone.mkv", "phone.webm"])
def test_the_times_of_the_frames_are_read(tmp_path, name):
    times = [i * 33 for i in range(60)] + [59 * 33 + 100 * (i + 1) for i in range(60)]
    codec = "libvpx" if name.endswith("webm") else "libx264"
    path = encode_at(tmp_path / name, times, codec)
    info = probe(path)
    clock = Clock(info.frames, info.fps, info.times)
    assert clock.frames == 120
    # Containers keep ticks of their own, here of up to 1/15360 of a second.
    found = clock.seconds(np.arange(120))
    assert np.abs(found - np.array(times) / 1000).max() < 0.02
    with open_video(path) as video:
        assert [f.seconds for f in video] == pytest.approx(np.array(times) / 1000, abs=1e-3)


def test_an_hour_between_two_parts_is_no_film(tmp_path):
    times = [i * 40 + 3_592_000 * (i >= 50) for i in range(100)]
    info = probe(encode_at(tmp_path / "motion.mp4", times))
    clock = Clock(info.frames, info.fps, info.times)
    assert (info.fps, clock.jumps) == (25.0, (50,))
    assert clock.length == pytest.approx(4.0)


def test_a_whole_recording_of_changing_rate_is_not_called_short(tmp_path):
    times = [i * 33 for i in range(60)] + [59 * 33 + 500 * (i + 1) for i in range(60)]
    path = encode_at(tmp_path / "night.mkv", times)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(indices(path)) == probe(path).frames == 120


def test_the_writer_shows_frames_when_it_is_told(tmp_path):
    times = np.array([0.0, 0.04, 0.08, 0.58, 1.08])
    with VideoWriter(tmp_path / "a.mp4", 25.0, (WIDTH, HEIGHT), times) as writer:
        for i in range(5):
            writer.write(picture(i))
    with open_video(tmp_path / "a.mp4") as video:
        assert [frame.seconds for frame in video] == pytest.approx(times.tolist(), abs=1e-4)


def test_the_name_says_when_it_was_filmed(tmp_path):
    path = encode(tmp_path / "gate_2026-11-28_03-12-00.mp4", 5)
    assert probe(path).start == datetime(2026, 11, 28, 3, 12)
    assert probe(encode(tmp_path / "gate.mp4", 5)).start is None
