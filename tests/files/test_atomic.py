"""Whole or absent: errors, kills and full disks leave the old file or none."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.made.full_disk import files_of_at_most

from oddframe.errors import OddframeError
from oddframe.files.atomic import atomic_path, sha256_of, write_json, write_text
from oddframe.media.video_writing import VideoWriter
from oddframe.scores.frame_scores import Scores
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video


def test_the_target_appears_at_the_end_and_nothing_else(tmp_path):
    target = tmp_path / "new" / "folder" / "a.npz"
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.suffix == ".npz"
        assert temporary.name.startswith(".")
        temporary.write_bytes(b"content")
        assert not target.exists()
    assert target.read_bytes() == b"content"
    assert [path.name for path in target.parent.iterdir()] == ["a.npz"]


def test_it_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    """Else a power cut leaves an empty file where there was a whole one."""
    target, synced = write_text(tmp_path / "a.txt", "old"), []

    def fsync(handle):
        (temporary,) = set(tmp_path.iterdir()) - {target}
        assert os.path.samestat(os.fstat(handle), temporary.stat())
        synced.append((temporary.read_text(), target.read_text()))

    monkeypatch.setattr(os, "fsync", fsync)
    write_text(target, "new")
    assert synced == [("new", "old")]
    assert target.read_text() == "new"


def test_the_file_has_the_usual_mode(tmp_path):
    umask = os.umask(0o027)
    try:
        write_text(tmp_path / "a.txt", "x")
    finally:
        os.umask(umask)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_keeps_the_old_file_and_leaves_no_other(tmp_path, error):
    target = write_text(tmp_path / "a.txt", "old")

    def write_half():
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert target.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_an_error_of_another_file_is_not_blamed_on_the_target(tmp_path):
    with pytest.raises(FileNotFoundError, match="other"), atomic_path(tmp_path / "a.txt"):
        (tmp_path / "other").read_text()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "place",
    ["file/a.txt", "file/b/c/a.txt", "folder", "/proc/a.txt", "/proc/b/c/a.txt", "n" * 300],
)
def test_a_place_that_cannot_be_written_is_one_clear_line(tmp_path, place):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    target = tmp_path / place
    with pytest.raises(OddframeError, match="cannot write") as caught:
        write_text(target, "x")
    assert str(target) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.parametrize("name", ["日" * 82 + ".json", "a" * 250 + ".json", ".hidden", "no suffix"])
def test_any_name_that_the_disk_takes_can_be_written(tmp_path, name):
    assert write_text(tmp_path / name, "x").read_text() == "x"


def test_what_is_no_file_stays(tmp_path):
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    for target, found in ((pipe, "a device, a pipe"), (tmp_path, "a folder")):
        with pytest.raises(OddframeError, match=f"cannot write \\(there is {found}.*another name"):
            write_text(target, "{}")
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_json_refuses_nan_and_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"auc": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_sha256_of_a_known_text(tmp_path):
    write_text(tmp_path / "a", "abc")
    assert sha256_of(tmp_path / "a").startswith("ba7816bf8f01cfea414140de5dae2223")


def write_noise(target):
    noise = np.random.default_rng(0)
    with VideoWriter(target, 25, (320, 240)) as writer:
        for _ in range(60):
            writer.write(noise.integers(0, 256, (240, 320, 3), np.uint8))


ENTRIES = tuple(Video(str(i), "p" * 99, "test", None, 9, 25.0, 8, 8) for i in range(1000))
WRITERS = {
    "a.txt": lambda target: write_text(target, "x" * 200_000),
    "a.npz": lambda target: Scores({"a": np.zeros(100_000, np.float32)}).write(target),
    "a.jsonl": lambda target: Manifest("d", ENTRIES).write(target),
    "a.mp4": write_noise,
}
SETUP = """
import sys, time
from pathlib import Path
import numpy as np
from oddframe.files.atomic import atomic_path
from oddframe.media.video_writing import VideoWriter
noise = np.random.default_rng(0)
target = Path(sys.argv[1])
"""


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_a_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path, name):
    target = tmp_path / name
    with files_of_at_most(20_000), pytest.raises(OddframeError) as told:
        WRITERS[name](target)
    assert str(told.value) == (
        f"{target}: cannot write (File too large); free some space or choose another folder"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_really_is_full(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(OddframeError, match="No space left on device"):
            write_text(disk / "a.txt", "x" * 200_000)
        assert list(disk.iterdir()) == []
        write_text(disk / "a.txt", "fits")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("old", [None, "old"])
def test_a_killed_writer_leaves_the_old_file_or_none(tmp_path, old):
    target = tmp_path / "a.txt"
    if old is not None:
        target.write_text(old)
    code = (
        f"{SETUP}with atomic_path(target) as temporary, temporary.open('w') as stream:\n"
        "    while True:\n        stream.write('x' * 10_000); stream.flush(); time.sleep(0.01)\n"
    )
    _kill_once_it_writes([sys.executable, "-c", code, str(target)], tmp_path)
    assert (target.read_text() if target.exists() else None) == old
    # What is left is hidden, so no reader of folders takes it for a file of its own.
    assert all(path == target or path.name.startswith(".") for path in tmp_path.iterdir())


def test_a_killed_video_writer_leaves_no_video(tmp_path):
    target = tmp_path / "a.mp4"
    code = (
        f"{SETUP}with VideoWriter(target, 25, (320, 240)) as writer:\n"
        "    while True: writer.write(noise.integers(0, 256, (240, 320, 3), np.uint8))\n"
    )
    _kill_once_it_writes([sys.executable, "-c", code, str(target)], tmp_path)
    assert not target.exists()


def _kill_once_it_writes(command: list[str], folder: Path) -> None:
    """Start the command and kill it when a hidden file in the folder has grown."""
    process = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + 300
        while not any(
            path.name.startswith(".") and path.stat().st_size > 10_000 for path in folder.iterdir()
        ):
            assert process.poll() is None, "the writer ended by itself"
            assert time.monotonic() < deadline, "nothing was written in five minutes"
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


WRITER = """
import sys, time
from oddframe.files.atomic import atomic_path
with atomic_path(sys.argv[1]) as temporary:
    temporary.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_writer_left_is_removed_and_a_living_one_keeps_its_file(tmp_path):
    command = [sys.executable, "-c", WRITER]
    writers = [
        subprocess.Popen([*command, tmp_path / name], stdout=subprocess.PIPE, text=True)
        for name in ("dead.npz", "living.npz")
    ]
    try:
        for writer in writers:
            assert writer.stdout.readline() == "writing\n"
        writers[0].kill()
        writers[0].wait()
        assert len(list(tmp_path.iterdir())) == 2
        write_text(tmp_path / "new.txt", "whole")
        left = sorted(path.name for path in tmp_path.iterdir())
        assert len(left) == 2
        assert left[0].startswith(".living.")
        assert left[1] == "new.txt"
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
