"""MATLAB files are read by a child process, and whatever is in them, this process goes on."""

import contextlib
import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from oddframe.errors import OddframeError
from oddframe.files import matlab_files
from oddframe.files.matlab_files import read_mat, read_mat_cells


def cells(*arrays):
    row = np.empty((1, len(arrays)), object)
    for place, array in enumerate(arrays):
        row[0, place] = array
    return row


VARIABLES = {
    "matrix": np.arange(6, dtype=np.int32).reshape(2, 3),
    "empty": np.zeros((0, 3)),
    "gt": cells(np.array([[1.0], [9.0]]), np.zeros((2, 0)), np.array([[True]])),
    "nested": cells(cells(np.array([[7]]))),
    "complex": np.array([[1 + 2j]]),
}


@pytest.fixture
def fresh_reader(monkeypatch):
    """Children that start within the test, with limits that the test may set."""
    matlab_files._reader.cache_clear()
    yield monkeypatch
    matlab_files._reader.cache_clear()


def same(found, wanted):
    assert found.shape == wanted.shape
    if wanted.dtype == object:
        for pair in zip(found.ravel(), wanted.ravel(), strict=True):
            same(*pair)
    else:
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)


def test_without_scipy_it_is_said_what_to_install(tmp_path, monkeypatch):
    savemat(tmp_path / "a.mat", VARIABLES)
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(OddframeError, match=r"a\.mat: .*SciPy.*install it with: .*\[matlab\]"):
        read_mat(tmp_path / "a.mat")


@pytest.mark.parametrize("compressed", [False, True])
def test_what_the_child_reads_is_what_scipy_reads(tmp_path, compressed):
    path = tmp_path / "a.mat"
    savemat(path, VARIABLES, do_compression=compressed)
    found, wanted = read_mat(path), loadmat(path)
    assert set(found) == set(VARIABLES)
    for name in VARIABLES:
        same(found[name], wanted[name])


def test_text_and_structs_are_named_and_cells_asked_for(tmp_path):
    path = tmp_path / "a.mat"
    savemat(path, {"word": "abc", "s": {"x": 1}, "n": [1], "gt": cells([1, 2]), "t": cells("x")})
    content = read_mat(path)
    assert content["word"] == "text"
    assert content["s"] == "a struct"
    (row,) = read_mat_cells(path, "gt")
    assert row.tolist() == [[1, 2]]
    for name, message in (
        ("none", "expected the variable 'none', found word, s, n, gt, t"),
        ("word", "to be a cell array, found text"),
        ("n", r"to be a cell array, found int64 of shape \(1, 1\)"),
        ("t", "expected numbers in cell 1 of 't'"),
    ):
        with pytest.raises(OddframeError, match=rf"a\.mat: .*{message}"):
            read_mat_cells(path, name)


def whole_file():
    stream = io.BytesIO()
    savemat(stream, {"gt": VARIABLES["gt"]})
    return stream.getvalue()


def test_file_that_crashes_the_reader_is_one_line_and_the_next_file_is_read(tmp_path):
    data = bytearray(whole_file())
    # The type of the first cell's numbers becomes one that SciPy has no width for: it then reads
    # and writes where it must not, and is often killed by a signal.
    data[data.index((9).to_bytes(4, "little") + (16).to_bytes(4, "little")) + 1] = 14
    path = tmp_path / "a.mat"
    for _ in range(3):
        path.write_bytes(data)
        with pytest.raises(OddframeError, match=r"a\.mat: expected a MATLAB file of labels, found"):
            read_mat(path)
    path.write_bytes(whole_file())
    assert len(read_mat_cells(path, "gt")) == 3


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.lists(st.tuples(st.integers(128, 500), st.integers(0, 255)), max_size=3))
def test_damaged_file_is_read_or_refused(tmp_path, changes):
    data = bytearray(whole_file())
    for place, value in changes:
        data[place % len(data)] = value
    path = tmp_path / "a.mat"
    path.write_bytes(data)
    with contextlib.suppress(OddframeError):
        read_mat(path)


def test_limits_of_memory_and_time_are_said(tmp_path, fresh_reader):
    bomb = tmp_path / "bomb.mat"
    savemat(bomb, {"gt": np.zeros(4_000_000)}, do_compression=True)
    assert bomb.stat().st_size < 100_000
    fresh_reader.setattr(matlab_files, "MOST_BYTES", 1 << 20)
    with pytest.raises(OddframeError, match=r"bomb\.mat: .* GiB of memory"):
        read_mat(bomb)
    fresh_reader.setattr(matlab_files, "MOST_SECONDS", 0.0)
    with pytest.raises(OddframeError, match=r"bomb\.mat: .* not read after 0 s"):
        read_mat(bomb)


def test_hdf5_and_what_is_no_file_are_told_apart(tmp_path):
    path = tmp_path / "new.mat"
    head = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    path.write_bytes(head.ljust(512, b"\0") + b"\x89HDF\r\n\x1a\n")
    with pytest.raises(OddframeError, match=r"new\.mat: .*version 7\.3 \(HDF5\).*'-v7'"):
        read_mat(path)
    os.mkfifo(tmp_path / "pipe.mat")
    for name, found in (("pipe.mat", "a pipe"), ("none.mat", "no such file"), (".", "a folder")):
        with pytest.raises(OddframeError, match=f"expected a MATLAB file of labels, found {found}"):
            read_mat(tmp_path / name)
    with pytest.raises(OddframeError, match="something else or a damaged one"):
        read_mat(Path(__file__))
