"""Recordings and made pictures through a reader: all frames, or the newest, at their pace."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from tests.made.encoded_videos import block, encode, encode_at

from oddframe.media.opening import open_video
from oddframe.sources.live_frame import LiveFrame
from oddframe.sources.reader import Reader
from oddframe.sources.source import source_of


def all_frames(reader: Reader) -> list[LiveFrame]:
    frames = []
    while not reader.ended:
        frame = reader.take(10.0)
        if frame is not None:
            frames.append(frame)
    return frames


def test_a_file_read_fast_gives_the_frames_that_score_sees_and_drops_none(tmp_path: Path):
    path = encode(tmp_path / "a.mp4", count=60)
    with open_video(path) as video:
        known = [(frame.index, frame.seconds, frame.rgb()) for frame in video]
        fps = video.info.fps
    reader = Reader(source_of(str(path), pace="fast"))
    before = time.time()
    reader.start()
    time.sleep(0.2)  # nobody takes: it has to wait
    frames = all_frames(reader)
    assert len(frames) == len(known) == 60
    for frame, (index, seconds, pixels) in zip(frames, known, strict=True):
        assert (frame.index, frame.seconds, frame.anew) == (index, seconds, False)
        assert np.array_equal(frame.rgb(), pixels)
        assert frame.at - frames[0].at == pytest.approx(seconds, abs=1e-6)
    assert before <= frames[0].at <= time.time()
    assert reader.info is not None
    assert reader.info.fps == fps
    state = reader.state
    assert (state.frames_read, state.frames_dropped, dict(state.reconnects)) == (60, 0, {})
    assert (state.up, state.reason, state.codec) == (False, "ended", "h264")


def test_at_its_own_pace_a_file_takes_as_long_as_it_lasts_and_late_takers_get_the_newest(
    tmp_path: Path,
):
    path = encode(tmp_path / "a.mp4", count=30, fps=30)
    reader = Reader(source_of(str(path)))
    begun = time.monotonic()
    reader.start()
    taken = []
    while not reader.ended:
        frame = reader.take(5.0)
        if frame is not None:
            taken.append(frame)
            assert frame.at - time.time() < 0.01  # never before it would have been filmed
            time.sleep(0.1)
    lasted = time.monotonic() - begun
    assert lasted >= 29 / 30
    assert [block(frame.rgb()) for frame in taken] == [frame.index for frame in taken]
    state = reader.state
    assert state.frames_read == 30
    assert state.frames_dropped == 30 - len(taken) > 10


def test_made_pictures_have_no_end_until_they_are_stopped():
    reader = Reader(source_of("lavfi:testsrc2=size=64x48:rate=20", pace="fast"))
    reader.start()
    frames = [reader.take(5.0) for _ in range(50)]
    assert [frame.seconds for frame in frames] == pytest.approx(np.arange(50) / 20)
    assert frames[0].grey().shape == (48, 64)
    assert reader.info.fps == 20
    assert not reader.ended
    reader.stop()
    while reader.take(0.0) is not None:
        pass
    assert reader.ended
    assert reader.take(5.0) is None


def test_made_pictures_come_when_they_are_due():
    reader = Reader(source_of("lavfi:testsrc2=size=64x48:rate=20:duration=0.5"))
    begun = time.monotonic()
    reader.start()
    times = []
    while not reader.ended:
        if (frame := reader.take(5.0)) is not None:
            times.append((frame.seconds, time.monotonic() - begun))
    assert 5 <= len(times) <= 10  # on a busy machine some may be dropped
    for seconds, came in times:
        assert came >= seconds


def test_what_is_no_video_ends_with_a_line_that_says_so(tmp_path: Path):
    (tmp_path / "a.mp4").write_bytes(b"no video at all" * 100)
    reader = Reader(source_of(str(tmp_path / "a.mp4")))
    reader.start()
    assert all_frames(reader) == []
    assert reader.state.reason == "unreadable"
    assert "a.mp4" in reader.state.words


def test_a_file_whose_frames_are_far_apart_says_where_footage_begins_anew(tmp_path: Path):
    times = [*range(0, 1000, 100), *range(5000, 6000, 100)]
    reader = Reader(source_of(str(encode_at(tmp_path / "a.mkv", times)), pace="fast"))
    reader.start()
    frames = all_frames(reader)
    assert [frame.index for frame in frames if frame.anew] == [10]
    gap = frames[10].gap
    assert gap.reason == "late"
    assert gap.end - gap.start == pytest.approx(4.1, abs=1e-3)


def test_a_camera_that_is_always_slow_has_no_gaps(tmp_path: Path):
    times = [*range(0, 60_000, 3000)]
    reader = Reader(source_of(str(encode_at(tmp_path / "a.mkv", times)), pace="fast"))
    reader.start()
    frames = all_frames(reader)
    assert len(frames) == 20
    assert [frame.index for frame in frames if frame.anew] == []
