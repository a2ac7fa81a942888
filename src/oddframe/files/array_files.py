"""NumPy's files: named arrays written atomically, and anybody's arrays read safely.

Nothing is ever unpickled, and nothing is allocated that the file does not hold: the size that a
header claims is compared with the bytes that are there, and what an archive unpacks to is limited
(:mod:`oddframe.files.archives`).
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.archives import require_small
from oddframe.files.atomic import atomic_path
from oddframe.files.regular_files import require_file, unreadable
from oddframe.files.text_files import shown

PICKLED = (
    "Python objects (a pickle), whose loading can run any code, so they are never loaded; in the "
    "program that made the file, save plain arrays instead, with numpy.save or numpy.savez"
)
_BEGINNINGS = {
    b"\x80": PICKLED,
    b"(dp": PICKLED,
    b"(lp": PICKLED,
    b"\x93NUMPY": "a single array",
    b"PK": "an archive of several arrays",
    b"\x89HDF": "an HDF5 file",
    b"MATLAB": "a MATLAB file",
    b"": "no file of NumPy",
}
"""What files begin with, and how that is called; every file begins with nothing."""


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> Path:
    """Write an ``.npz`` atomically and return its path."""
    # Not np.savez: it takes names as keyword arguments, and one may be called "file".
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, array, allow_pickle=False)
    return path


class RowWriter:
    """Writes an ``.npy`` row by row, of which nobody says before how many there are.

    Written, not memory-mapped: there a full disk kills the process.
    """

    def __init__(
        self, stream: IO[bytes], row: tuple[int, ...], kind: np.dtype, what: str = "row"
    ) -> None:
        """No rows yet.

        Args:
            stream: a new file.
            row: shape of a row.
            kind: type of its numbers.
            what: a row is, for messages.
        """
        self.length = 0
        """Rows so far."""
        self._stream, self._row, self._kind, self._what = stream, row, kind, what
        stream.write(self._header())

    def write(self, row: np.ndarray) -> None:
        """Add a row.

        Raises:
            ValueError: it has another shape.
        """
        if row.shape != self._row:
            raise ValueError(f"expected a {self._what} of shape {self._row}, found {row.shape}")
        self._put(np.ascontiguousarray(row, self._kind).tobytes())
        self.length += 1

    def finish(self) -> None:
        """Write how many rows there are into the header."""
        self._stream.seek(0)
        self._stream.write(self._header())

    def _put(self, numbers: bytes) -> None:
        self._stream.write(numbers)

    def _header(self) -> bytes:
        """The header, as long for any number of rows: NumPy pads it for that."""
        made = io.BytesIO()
        shape = (self.length, *self._row)
        content = {"descr": self._kind.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(made, content)
        return made.getvalue()


def read_arrays(path: Path, content: str, only: str | None = None) -> dict[str, np.ndarray]:
    """Every array of an ``.npz`` by name.

    Args:
        path: the file.
        content: what each array is, for the error: ``one array per video id``.
        only: read the array of this name alone.

    Raises:
        OddframeError: not such a file, damaged, larger, with pickled objects, or without ``only``.
    """
    expected = f"{path}: expected an .npz of {content}"
    with _archive(path, content) as archive:
        members = _members(archive, expected)
        if only is not None:
            if only not in members:
                raise OddframeError(f"{expected}, found none called {shown(only)}")
            members = {only: members[only]}
        require_small(path, f"an .npz of {content}", members.values())
        return {name: _member(archive, member, expected, name) for name, member in members.items()}


def array_names(path: Path, content: str) -> list[str]:
    """The names of the arrays of an ``.npz``; see :func:`read_arrays`."""
    with _archive(path, content) as archive:
        return list(_members(archive, f"{path}: expected an .npz of {content}"))


def read_array(path: Path, what: str, advice: str = "", *, mapped: bool = False) -> np.ndarray:
    """The array of an ``.npy``.

    Args:
        path: the file.
        what: what it should be, for the error: ``the labels of a video``.
        advice: what to do if there is no such file.
        mapped: map it into memory, read only, rather than reading it.

    Raises:
        OddframeError: no such file, damaged, shorter than it claims, or pickled objects.
    """
    size = require_file(path, what, advice)
    try:
        with path.open("rb") as stream:
            shape, fortran, kind = _header(stream, size)
            if mapped and 0 not in shape:
                offset, order = stream.tell(), "F" if fortran else "C"
                return np.memmap(path, kind, "r", offset, shape, order)
            stream.seek(0)
            return np.lib.format.read_array(stream, allow_pickle=False)
    except Exception as error:  # NumPy raises nearly anything on a damaged file
        raise OddframeError(f"{path}: expected {what} as a NumPy array, {_found(error)}") from None


def _archive(path: Path, content: str) -> zipfile.ZipFile:
    require_file(path, f"an .npz of {content}")
    try:
        with path.open("rb") as stream:
            begins = stream.read(8)
        if not begins.startswith(b"PK"):
            raise ValueError(_kind_of(begins))
        return zipfile.ZipFile(path)
    except Exception as error:  # zipfile raises nearly anything on a damaged file
        raise OddframeError(f"{path}: expected an .npz of {content}, {_found(error)}") from None


def _members(archive: zipfile.ZipFile, expected: str) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if name in members:
            raise OddframeError(f"{expected}, found two called {shown(name)}")
        members[name] = member
    return members


def _member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, expected: str, name: str
) -> np.ndarray:
    try:
        if name.endswith(".pkl"):  # PyTorch's archives
            raise ValueError(PICKLED)
        with archive.open(member) as stream:
            _header(stream, member.file_size)
        with archive.open(member) as stream:
            array = np.lib.format.read_array(stream, allow_pickle=False)
            stream.read(1)  # only at its end is the checksum compared
            return array
    except Exception as error:  # NumPy and zipfile raise nearly anything on a damaged file
        raise OddframeError(f"{expected}; in {shown(name)} {_found(error)}") from None


def _header(stream: IO[bytes], size: int) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, Fortran order and type of an array whose file has so many bytes.

    Raises:
        ValueError, or nearly anything else: no array, a pickled one, or one that is cut short.
    """
    begins = stream.read(8)
    if not begins.startswith(b"\x93NUMPY"):
        raise ValueError(_kind_of(begins))
    read = np.lib.format.read_array_header_1_0
    if begins[6] > 1:
        read = np.lib.format.read_array_header_2_0
    shape, fortran, kind = read(stream)
    if kind.hasobject:
        raise ValueError(PICKLED)
    stream.seek(stream.tell() - 1)
    if stream.read(1) != b"\n":  # a header of another length would shift every number
        raise ValueError("a header that does not end as one")
    claimed = math.prod(shape) * kind.itemsize
    if min(shape, default=0) < 0 or kind.itemsize == 0 or claimed > size - stream.tell():
        raise ValueError(f"a file cut short: {size} bytes for {kind} of shape {shown(shape)}")
    return shape, fortran, kind


def _kind_of(begins: bytes) -> str:
    return next(kind for start, kind in _BEGINNINGS.items() if begins.startswith(start))


def _found(error: Exception) -> str:
    """``found WHAT``: a library's words, but never its advice to load what can run code."""
    if isinstance(error, OSError):
        return f"found {unreadable(error)}"
    words = (str(error).splitlines() or [type(error).__name__])[0][:200]
    if words != PICKLED and "pickle" in words:
        words = "a header that is no plain array's"
    return f"found {words}"
