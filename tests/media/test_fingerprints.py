"""Fingerprints of recordings: what counts as the same, and when files are read for it."""

import os

import pytest

from oddframe.errors import OddframeError
from oddframe.media import fingerprints
from oddframe.media.fingerprints import Fingerprint, newest_change, recording_files


@pytest.fixture
def reads(monkeypatch):
    """The files that were read from beginning to end."""
    found = []
    whole = fingerprints._sha256

    def counted(files):
        found.append([file.name for file in files])
        return whole(files)

    monkeypatch.setattr(fingerprints, "_sha256", counted)
    return found


def test_only_doubtful_files_are_read(tmp_path, reads):
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    taken = Fingerprint.of([path])
    assert Fingerprint.from_row(taken.row()) == taken
    reads.clear()
    assert taken.fits([path])
    assert reads == []  # nobody has written to it
    path.write_bytes(b"123456")
    assert not taken.fits([path])
    assert reads == []  # another size
    path.write_bytes(b"12345")
    assert taken.fits([path])
    path.write_bytes(b"12346")
    assert not taken.fits([path])
    assert reads == [["a"], ["a"]]


def test_what_sizes_and_times_leave_open(tmp_path, reads):
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    taken = Fingerprint.of([path])
    reads.clear()
    assert taken.seems([path]) is True
    assert taken.seems([path], "25 fps") is False
    path.write_bytes(b"54321")
    assert taken.seems([path]) is None
    path.write_bytes(b"123456")
    assert taken.seems([path]) is False
    path.unlink()
    assert taken.seems([path]) is False
    assert reads == []


def test_a_file_that_was_given_the_times_of_the_one_before_shows(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    taken, before = Fingerprint.of([path]), path.stat()
    path.write_bytes(b"54321")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not taken.fits([path])


def test_a_recording_that_moved_is_the_same(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    taken = Fingerprint.of([path])
    (tmp_path / "b").write_bytes(b"12345")
    assert taken.fits([tmp_path / "b"])


def test_pictures_are_told_apart_by_name_number_and_content(tmp_path):
    folder = tmp_path / "recording"
    folder.mkdir()
    for name in ("1.png", "2.png"):
        (folder / name).write_text(name)
    (folder / "notes.txt").write_text("not a picture")
    files = recording_files(folder)
    assert [file.name for file in files] == ["1.png", "2.png"]
    taken = Fingerprint.of(files)
    assert taken.path == str(folder)
    (folder / "notes.txt").write_text("other notes")
    assert taken.fits(recording_files(folder))
    for file, other in (("2.png", "1.png"), ("1.png", "2.png")):  # swapped
        (folder / file).write_text(other)
    assert not taken.fits(recording_files(folder))
    for name in ("1.png", "2.png"):
        (folder / name).write_text(name)
    assert taken.fits(recording_files(folder))
    (folder / "3.png").write_text("")
    assert not taken.fits(recording_files(folder))


def test_what_is_not_there_or_cannot_be_read(tmp_path):
    assert recording_files(tmp_path / "none") == []
    assert recording_files(tmp_path) == []
    with pytest.raises(OddframeError, match="none: cannot be read"):
        Fingerprint.of([tmp_path / "none"])
    assert not Fingerprint("", 0, "", "").fits([tmp_path / "none"])
    assert newest_change([tmp_path / "none"]) == float("inf")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.npy")
    with pytest.raises(OddframeError, match=r"a\.npy: cannot be read \(a pipe"):
        Fingerprint.of([tmp_path / "a.npy"])
    (tmp_path / "b.npy").write_bytes(b"")
    assert not Fingerprint.of([tmp_path / "b.npy"]).fits([tmp_path / "a.npy"])
