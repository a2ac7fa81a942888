"""Arrays that are made once, kept in files, and mapped: each file ends with its own checksum.

A disk or a copy that changes a few bytes leaves an array of the right size that says something
else, which nothing would notice. So a file is compared with the checksum at its end when a process
maps it first, and what does not fit counts as absent: it is made again.

A file is an ``.npy`` and four more bytes, the CRC-32 of its numbers and then of its header, the
lowest byte first. NumPy reads it, and does not look at what follows the numbers.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.array_files import RowWriter, read_array
from oddframe.files.atomic import atomic_path
from oddframe.files.regular_files import Stamp, stamp_of

_CHECKSUM_BYTES = 4
_BLOCK = 1 << 20


class KeptWriter(RowWriter):
    """Writes rows of one shape and type, and their checksum behind them."""

    _sum = 0

    def finish(self) -> None:
        """Write what is known at the end: the checksum, and how many rows there are."""
        checksum = zlib.crc32(self._header(), self._sum)
        self._stream.write(checksum.to_bytes(_CHECKSUM_BYTES, "little"))
        super().finish()

    def _put(self, numbers: bytes) -> None:
        super()._put(numbers)
        self._sum = zlib.crc32(numbers, self._sum)


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
        if values.shape[1:] != row or (kind is not None and values.dtype != kind):
            return None
        stamp = stamp_of(path)
        fits = stamp is not None and _fits(path, values.nbytes, stamp)
    except (OddframeError, OSError):
        return None
    return values if fits else None


@functools.lru_cache(maxsize=1 << 16)
def _fits(path: Path, numbers: int, stamp: Stamp) -> bool:
    """Whether a file fits its checksum; asked once a process, as long as the file is the same.

    Args:
        path: the file.
        numbers: bytes of its numbers.
        stamp: tells the file from what it was before a change; its size is read off it.

    Raises:
        OSError: it cannot be read.
    """
    found = 0
    with path.open("rb") as stream:
        header = stream.read(stamp.size - numbers - _CHECKSUM_BYTES)
        while numbers:
            block = stream.read(min(numbers, _BLOCK))
            if not block:
                return False
            found, numbers = zlib.crc32(block, found), numbers - len(block)
        wanted = int.from_bytes(stream.read(_CHECKSUM_BYTES), "little")
    return zlib.crc32(header, found) == wanted
