"""A folder that receives recordings: whole ones, once, in order, with the time of their filming."""

from __future__ import annotations

import gc
import os
import shutil
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from tests.made.encoded_videos import block, encode
from tests.sources.conftest import next_frame, reading, wait_for

from oddframe.sources.packet_ring import PacketRing
from oddframe.sources.reader import Reader
from oddframe.sources.source import source_of


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of one second."""
    return encode(tmp_path_factory.mktemp("made") / "a.mp4", count=25)


def reader_of(folder: Path, **values) -> Reader:
    return Reader(source_of(str(folder), timeout=0.3), **values)


def arrive(recording: Path, folder: Path, name: str, filmed: float | None = None) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(recording, path)
    if filmed is not None:
        os.utime(path, (filmed + 1.0, filmed + 1.0))
    return path


def test_recordings_are_read_in_order_and_none_is_dropped(recording: Path, tmp_path: Path):
    arrive(recording, tmp_path, "b.mp4", filmed=1_796_000_000)
    arrive(recording, tmp_path, "sub/a.mp4", filmed=1_796_000_100)
    arrive(recording, tmp_path, ".half.mp4")
    (tmp_path / "notes.txt").write_text("none")
    with reading(reader_of(tmp_path)) as reader:
        frames = [next_frame(reader) for _ in range(50)]
        assert reader.take(0.5) is None
        assert not reader.ended
        arrive(recording, tmp_path, "c.mp4", filmed=1_796_000_200)
        frames += [next_frame(reader) for _ in range(25)]
        assert reader.state.codec == "h264"
        assert reader.state.rate == 25
    assert [frame.index for frame in frames] == list(range(75))
    assert [block(frame.rgb()) for frame in frames] == 3 * list(range(25))
    begins = [1_796_000_000 + n // 25 * 100 + n % 25 / 25 for n in range(75)]
    assert [frame.at for frame in frames] == pytest.approx(begins, abs=0.05)
    assert [frame.index for frame in frames if frame.anew] == [25, 50]
    assert frames[25].gap.end - frames[25].gap.start == pytest.approx(99, abs=0.1)
    assert [frames[n].seconds for n in (0, 25, 50)] == pytest.approx([0, 100, 200], abs=0.1)


def test_recordings_that_follow_each_other_are_one_piece_of_footage(
    recording: Path, tmp_path: Path
):
    for second in range(3):
        arrive(recording, tmp_path, f"gate_2026-11-28_03-12-0{second}.mp4")
    with reading(reader_of(tmp_path)) as reader:
        frames = [next_frame(reader) for _ in range(75)]
    assert not any(frame.anew for frame in frames)
    begin = datetime(2026, 11, 28, 3, 12).timestamp()
    expected = [begin + n / 25 for n in range(75)]
    assert [frame.at for frame in frames] == pytest.approx(expected, abs=1e-3)
    assert [frame.seconds for frame in frames] == pytest.approx([n / 25 for n in range(75)])


def test_a_recording_that_is_still_written_is_left_until_it_is_whole(
    recording: Path, tmp_path: Path
):
    content = recording.read_bytes()
    with reading(reader_of(tmp_path)) as reader:
        with (tmp_path / "a.mp4").open("wb") as file:
            for part in range(5):
                file.write(content[part * len(content) // 5 : (part + 1) * len(content) // 5])
                file.flush()
                assert reader.take(0.15) is None
        assert len([next_frame(reader) for _ in range(25)]) == 25
        assert dict(reader.state.reconnects) == {}


def test_what_cannot_be_read_is_said_and_the_next_is_read(recording: Path, tmp_path: Path):
    arrive(recording, tmp_path, "a.mp4", filmed=1_796_000_000)
    broken = tmp_path / "b.mp4"
    broken.write_bytes(b"no video" * 100)
    os.utime(broken, (1_796_000_050, 1_796_000_050))
    arrive(recording, tmp_path, "c.mp4", filmed=1_796_000_100)
    with reading(reader_of(tmp_path)) as reader:
        frames = [next_frame(reader) for _ in range(50)]
        assert dict(reader.state.reconnects) == {"unreadable": 1}
    assert frames[25].anew
    assert frames[25].seconds == pytest.approx(100, abs=0.1)


def test_a_restart_reads_what_is_new_alone(recording: Path, tmp_path: Path):
    folder, seen = tmp_path / "in", tmp_path / "state" / "seen.jsonl"
    arrive(recording, folder, "a.mp4")
    with reading(reader_of(folder, seen=seen)) as reader:
        for _ in range(25):
            next_frame(reader)
        wait_for(seen.exists)
    arrive(recording, folder, "b.mp4", filmed=time.time() + 50)
    with reading(reader_of(folder, seen=seen)) as reader:
        assert next_frame(reader).at > time.time() + 40
        for _ in range(24):
            next_frame(reader)
        assert reader.take(1.0) is None
        (folder / "b.mp4").unlink()  # a camera that uses its names again
        arrive(recording, folder, "b.mp4", filmed=time.time() + 100)
        assert next_frame(reader).at > time.time() + 90


def test_a_folder_that_is_taken_away_is_down_and_comes_back(recording: Path, tmp_path: Path):
    folder = tmp_path / "in"
    folder.mkdir()
    ring = PacketRing(seconds=5)
    with reading(reader_of(folder, ring=ring)) as reader:
        folder.rmdir()
        wait_for(lambda: reader.state.reason == "not-found")
        arrive(recording, folder, "a.mp4")
        assert next_frame(reader).index == 0
        wait_for(lambda: ring.span)


def test_recordings_that_were_read_leave_nothing_to_python_s_collector(
    recording: Path, tmp_path: Path
):
    """It comes so seldom to a large process that a day's recordings would wait for it."""
    for number in range(8):
        arrive(recording, tmp_path, f"{number}.mp4", filmed=1_796_000_000 + 100 * number)
    gc.collect()
    gc.disable()
    try:
        with reading(reader_of(tmp_path, ring=PacketRing(0.5))) as reader:
            for _ in range(200):
                next_frame(reader)
            left = Counter(type(one).__module__ for one in gc.get_objects())
    finally:
        gc.enable()
    assert left["av.container.output"] <= 2  # of what the ring holds, and what is read
