"""Score maps: written frame by frame, whole or absent, read lazily."""

from pathlib import Path

import numpy as np
import pytest

from oddframe.errors import OddframeError
from oddframe.scores.maps import map_writer, read_maps


@pytest.mark.parametrize("frames", [1, 9, 10, 99, 1234])
def test_what_is_written_is_what_numpy_reads(tmp_path, frames):
    # The frame count in the header grows from 0 to up to four digits.
    maps = np.random.default_rng(0).normal(0, 3, (frames, 5, 7)).astype(np.float32)
    with map_writer(tmp_path / "a" / "b.npy") as writer:
        for one in maps:
            writer.write(one)
    assert writer.frames == frames
    np.testing.assert_array_equal(np.load(tmp_path / "a" / "b.npy"), maps.astype(np.float16))
    found = read_maps(tmp_path, ["a/b", "missing"])
    assert list(found) == ["a/b"]
    assert isinstance(found["a/b"], np.memmap)
    np.testing.assert_array_equal(found["a/b"], maps.astype(np.float16))


def test_values_that_float16_cannot_hold_stay_finite(tmp_path):
    with map_writer(tmp_path / "a.npy") as writer:
        writer.write(np.array([[1e9, 70000, 1.5]], np.float32))
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), [[[60000, 60000, 1.5]]])


def test_an_error_midway_leaves_nothing(tmp_path):
    maps = [np.zeros((2, 3)), np.zeros((3, 2))]
    with (
        pytest.raises(ValueError, match=r"expected a map of shape \(2, 3\)"),
        map_writer(tmp_path / "a.npy") as writer,
    ):
        list(map(writer.write, maps))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected score maps as a NumPy array, found no file"),
        (b"this is text", "expected score maps as a NumPy array, found no file"),
        (np.zeros((4, 5)), r"expected float maps \(frames, h, w\), found float64 \(4, 5\)"),
        (np.zeros((4, 5, 6), np.int32), "found int32"),
        (np.array([None, 1], dtype=object), "found Python objects"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    path = tmp_path / "a.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content, allow_pickle=True)
    with pytest.raises(OddframeError, match=message) as caught:
        read_maps(tmp_path, ["a"])["a"]
    assert str(path) in str(caught.value)


def test_a_truncated_file_is_refused(tmp_path):
    with map_writer(tmp_path / "a.npy") as writer:
        for _ in range(20):
            writer.write(np.zeros((5, 7)))
    content = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(content[:-100])
    with pytest.raises(OddframeError, match="found a file cut short"):
        read_maps(tmp_path, ["a"])["a"]


def test_no_file_stays_open_and_one_that_was_replaced_is_not_taken_for_the_old(tmp_path):
    descriptors = Path("/proc/self/fd")
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", np.zeros((3, 2, 2), np.float16))
    found = read_maps(tmp_path, "ab")
    assert ("a" in found, "c" in found) == (True, False)
    opened = {str(one.readlink()) for one in descriptors.iterdir() if one.is_symlink()}
    assert not any(str(tmp_path) in name for name in opened)
    np.save(tmp_path / "new.npy", np.ones((3, 2, 2), np.float16))
    (tmp_path / "new.npy").replace(tmp_path / "a.npy")
    with pytest.raises(OddframeError, match=r"a\.npy: changed while it was in use"):
        found["a"]
    assert not found["b"].any()
