"""Arrays that are made once, kept in files, and mapped: each file ends with its own checksum.

A disk or a copy that changes a few bytes leaves an array of the right size that says something
else, which nothing would notice. So a file is compared with the checksum at its end when a process
maps it first, and what does not fit counts as absent: it is made again.

A file is an ``.npy`` and four more bytes, the CRC-32 of its numbers and then of its header, the
lowest byte first. NumPy reads it, and does not look at what follows the numbers.
"""

from __future__ import annotations

import functools
import io
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from oddframe.array_files import read_array
from oddframe.atomic import atomic_path
from oddframe.errors import OddframeError

_CHECKSUM_BYTES = 4
_BLOCK = 1 << 20


class KeptWriter:
    """Writes rows of one shape and type, of which nobody says before how many there are.

    Written, not memory-mapped: there a full disk kills the process.
    """

    def __init__(self, stream: BinaryIO, row: tuple[int, ...], kind: np.dtype) -> None:
        self._stream, self._row, self._kind = stream, row, kind
        self._sum = 0
        self.length = 0
        """Rows so far."""
        stream.write(self._header())

    def write(self, row: np.ndarray) -> None:
        """Add a row."""
        numbers = np.ascontiguousarray(row, self._kind).tobytes()
        self._stream.write(numbers)
        self._sum = zlib.crc32(numbers, self._sum)
        self.length += 1

    def finish(self) -> None:
        """Write what is known at the end: the checksum, and how many rows there are."""
        header = self._header()
        self._stream.write(zlib.crc32(header, self._sum).to_bytes(_CHECKSUM_BYTES, "little"))
        self._stream.seek(0)
        self._stream.write(header)

    def _header(self) -> bytes:
        """Its length does not depend on the number of rows."""
        shape = (self.length, *self._row)
        made = io.BytesIO()
        content = {"descr": self._kind.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(made, content)
        return made.getvalue()


@contextmanager
def kept_writer(path: Path, row: tuple[int, ...], kind: np.dtype) -> Generator[KeptWriter]:
    """A writer of rows; the file is there once the block ends without an error.

    Args:
        path: the file.
        row: shape of a row.
        kind: type of its numbers.

    Raises:
        CannotWriteError: the folder cannot be written or the disk is full.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        path.unlink()  # a cache is ours alone, and a pipe in it is damage
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        writer = KeptWriter(stream, row, kind)
        yield writer
        writer.finish()


def read_kept(path: Path, kind: np.dtype | None, row: tuple[int, ...]) -> np.ndarray | None:
    """The rows of a file, mapped where there are any; None if it is absent, damaged, or of others.

    The whole file is read when a process asks for it first.

    Args:
        path: written by :func:`kept_writer`.
        kind: type of its numbers; None is any.
        row: shape of a row.
    """
    try:
        values = read_array(path, "kept numbers", mapped=True)
        found = path.stat()
        if values.shape[1:] != row or (kind is not None and values.dtype != kind):
            return None
        fits = _fits(path, values.nbytes, found.st_size, found.st_mtime_ns)
    except (OddframeError, OSError):
        return None
    return values if fits else None


@functools.lru_cache(maxsize=1 << 16)
def _fits(path: Path, numbers: int, size: int, changed: int) -> bool:  # noqa: ARG001
    """Whether a file fits its checksum; asked once a process, as long as the file is the same.

    Args:
        path: the file.
        numbers: bytes of its numbers.
        size, changed: of the file.

    Raises:
        OSError: it cannot be read.
    """
    found = 0
    with path.open("rb") as stream:
        header = stream.read(size - numbers - _CHECKSUM_BYTES)
        while numbers:
            block = stream.read(min(numbers, _BLOCK))
            if not block:
                return False
            found, numbers = zlib.crc32(block, found), numbers - len(block)
        wanted = int.from_bytes(stream.read(_CHECKSUM_BYTES), "little")
    return zlib.crc32(header, found) == wanted
