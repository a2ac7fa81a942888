"""ZIP archives (``.npz``, PyTorch's files): how large they unpack is known before they are read."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

from oddframe.errors import OddframeError

MOST_UNPACKED = 2 << 30
"""Bytes that is unpacked of any archive; of a larger one four times its own size."""


def require_small(path: Path, what: str, members: Iterable[zipfile.ZipInfo]) -> None:
    """Refuse an archive of 10 MB that unpacks to 10 GB.

    ``zipfile`` gives no more of a member than the archive's list of contents says, so that list is
    where it shows.

    Args:
        path: the file.
        what: what it should be, for messages: ``an .npz of masks``.
        members: those that will be unpacked together.

    Raises:
        OddframeError: they unpack to more than :data:`MOST_UNPACKED`.
    """
    size = path.stat().st_size
    unpacked = sum(member.file_size for member in members)
    if unpacked > max(MOST_UNPACKED, 4 * size):
        raise OddframeError(
            f"{path}: expected {what}, found an archive of {size / 1e6:,.1f} MB that unpacks to "
            f"{unpacked / 1e6:,.0f} MB; at most {MOST_UNPACKED / 1e6:,.0f} MB, or four times its "
            "size, are read"
        )
