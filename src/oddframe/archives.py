"""ZIP archives (``.npz``, PyTorch's files): how large they unpack is known before they are read."""

from __future__ import annotations

import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from oddframe.errors import OddframeError
from oddframe.regular_files import require_file

MOST_UNPACKED = 1 << 30
"""Bytes that any archive may unpack to; a larger one to four times its own size."""


@contextmanager
def opened_archive(
    path: Path, what: str, advice: str = "", *, whole: bool = True
) -> Generator[zipfile.ZipFile]:
    """A ZIP archive that may be read.

    ``zipfile`` gives no more of a member than the archive's list of contents says, so that list
    is where an archive of 10 MB that unpacks to 10 GB shows.

    Args:
        path: the file.
        what: what it should be, for messages: ``scores as .npz``.
        advice: what to do if it is not there.
        whole: all of it will be read at once, so :data:`MOST_UNPACKED` holds.

    Raises:
        OddframeError: no such file, or one that unpacks to more.
        zipfile.BadZipFile: not a ZIP archive.
    """
    size = require_file(path, what, advice)
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
        if whole and unpacked > max(MOST_UNPACKED, 4 * size):
            raise OddframeError(
                f"{path}: expected {what}, found an archive of {size / 1e6:,.1f} MB that unpacks "
                f"to {unpacked / 1e6:,.0f} MB; at most {MOST_UNPACKED / 1e6:,.0f} MB, or four "
                "times its size, are read"
            )
        yield archive
