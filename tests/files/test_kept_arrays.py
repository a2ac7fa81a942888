"""Arrays with a checksum: NumPy reads them, and no changed bit passes."""

from pathlib import Path

import numpy as np
import pytest

from oddframe.files.kept_arrays import kept_writer, read_kept

ROW = (2, 3)
KIND = np.dtype(np.float32)


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, np.ndarray]:
    values = np.random.default_rng(0).normal(size=(4, *ROW)).astype(KIND)
    path = tmp_path / "kept.npy"
    with kept_writer(path, ROW, KIND) as writer:
        for row in values:
            writer.write(row)
    return path, values


def test_what_was_written_is_mapped_and_is_numpys(kept):
    path, values = kept
    found = read_kept(path, KIND, ROW)
    assert isinstance(found, np.memmap)
    np.testing.assert_array_equal(found, values)
    np.testing.assert_array_equal(np.load(path), values)


def test_any_bit_that_changes_is_noticed(kept):
    content = kept[0].read_bytes()
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        # Under a name of its own: a file is looked at once, as long as its time is the same.
        other = kept[0].with_name(f"{place}.npy")
        other.write_bytes(damaged)
        assert read_kept(other, KIND, ROW) is None


@pytest.mark.parametrize("change", ["cut", "longer", "plain", "empty", "absent"])
def test_other_files_count_as_absent(kept, change):
    path, values = kept
    content = path.read_bytes()
    path.unlink()
    if change == "plain":
        np.save(path, values)
    elif change != "absent":
        path.write_bytes({"cut": content[:-1], "longer": content + b"x", "empty": b""}[change])
    assert read_kept(path, KIND, ROW) is None


def test_rows_of_another_shape_or_type_count_as_absent(kept):
    assert read_kept(kept[0], KIND, (3, 2)) is None
    assert read_kept(kept[0], np.dtype(np.float64), ROW) is None


def test_no_rows_are_kept_too(tmp_path):
    with kept_writer(tmp_path / "none.npy", (), KIND):
        pass
    found = read_kept(tmp_path / "none.npy", KIND, ())
    assert found is not None
    assert found.shape == (0,)
