"""A file that somebody is writing: followed, left when it stops, taken up where it was left."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.made.encoded_videos import block, encode
from tests.sources.conftest import next_frame, reading, wait_for

from oddframe.sources.reader import Reader
from oddframe.sources.source import source_of


@contextmanager
def written(source: Path, target: Path, seconds: float) -> Generator[None]:
    """Append a file to another within so many seconds, in a thread."""
    content = source.read_bytes()
    pieces = [
        content[at : at + len(content) // 100] for at in range(0, len(content), len(content) // 100)
    ]

    def write() -> None:
        with target.open("ab") as file:
            for piece in pieces:
                file.write(piece)
                file.flush()
                time.sleep(seconds / len(pieces))

    thread = threading.Thread(target=write)
    thread.start()
    yield
    thread.join()


def test_a_file_is_followed_from_now_on_and_taken_up_where_it_was_left(tmp_path: Path):
    old = encode(tmp_path / "old.ts", count=50, bf="0")
    new = encode(tmp_path / "new.ts", count=75, size=(96, 64), bf="0")
    more = encode(tmp_path / "more.ts", count=50, bf="0")
    path = tmp_path / "now.ts"
    path.write_bytes(old.read_bytes())
    with reading(Reader(source_of(f"growing:{path}", timeout=0.5))) as reader:
        time.sleep(0.3)  # it is open
        with written(new, path, 1.5):
            frames = [next_frame(reader)]
            while reader.state.up and len(frames) < 25:
                frames.append(next_frame(reader))
        assert {frame.size for frame in frames} == {(96, 64)}, "what was there before was read"
        steps = [b.index - a.index for a, b in itertools.pairwise(frames)]
        assert min(steps) > 0
        wait_for(lambda: not reader.state.up)
        assert reader.state.reason == "silent"
        with written(more, path, 1.5):
            frame = wait_for(lambda: (f := reader.take(1.0)) and f.size == (64, 48) and f)
        assert frame.anew
        assert block(frame.rgb()) < 20


def test_another_recording_by_the_same_name_is_read_from_its_beginning(tmp_path: Path):
    long = encode(tmp_path / "long.ts", count=100, bf="0")
    short = encode(tmp_path / "short.ts", count=25, size=(96, 64), bf="0")
    path = tmp_path / "now.ts"
    path.touch()
    with reading(Reader(source_of(f"growing:{path}", timeout=0.3))) as reader:
        with written(long, path, 0.8):
            next_frame(reader)
        wait_for(lambda: not reader.state.up)
        path.unlink()
        path.write_bytes(short.read_bytes())
        frame = wait_for(lambda: (f := reader.take(1.0)) and f.size == (96, 64) and f)
        assert block(frame.rgb()) == 0


def test_a_file_that_is_not_there_is_waited_for(tmp_path: Path):
    made = encode(tmp_path / "made.ts", count=50, bf="0")
    path = tmp_path / "now.ts"
    with reading(Reader(source_of(f"growing:{path}", timeout=0.5))) as reader:
        wait_for(lambda: reader.state.reason == "not-found")
        path.touch()
        with written(made, path, 1.5):
            next_frame(reader)


def test_matroska_is_followed(tmp_path: Path):
    made = encode(tmp_path / "made.mkv", count=100, bf="0", container={"cluster_time_limit": "500"})
    path = tmp_path / "now.mkv"
    path.touch()
    reader = Reader(source_of(f"growing:{path}", timeout=1.0))
    with reading(reader), written(made, path, 2.0):
        frames = [next_frame(reader) for _ in range(10)]
    assert all(a.seconds < b.seconds for a, b in itertools.pairwise(frames))


def test_pictures_that_lack_packets_are_left_out_and_counted(tmp_path: Path):
    made = encode(tmp_path / "made.ts", count=100, bf="0", crf="10").read_bytes()
    parts = [made[at : at + 188] for at in range(0, len(made), 188)]
    third = len(parts) // 3
    lost = [part for place, part in enumerate(parts) if place < third or place % 7]
    broken, path = tmp_path / "broken.ts", tmp_path / "now.ts"
    broken.write_bytes(b"".join(lost))
    path.touch()
    reader = Reader(source_of(f"growing:{path}", timeout=1.0))
    with reading(reader), written(broken, path, 1.0):
        frames = [next_frame(reader) for _ in range(10)]
        state = wait_for(lambda: reader.state if reader.state.frames_damaged > 5 else None)
    assert [frame.grey().shape for frame in frames] == [(48, 64)] * 10
    assert state.reconnects.get("unreadable", 0) == 0
