"""Whether a path that somebody gave is a file that can be read to its end."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import NamedTuple

from oddframe.errors import OddframeError

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def require_file(path: Path, what: str, advice: str = "", limit: int | None = None) -> int:
    """Check that there is a regular file; a pipe or a device would be waited for without end.

    Args:
        path: the file; a link is followed.
        what: what it should be, for messages: ``a manifest``.
        advice: what to do if it is not there.
        limit: the most bytes that such a file has.

    Returns:
        Its size in bytes.

    Raises:
        OddframeError: no such file, not a regular file, or a larger one.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        where = " (a link to a file that is not there)" if path.is_symlink() else ""
        raise _refused(path, what, f"no such file{where}", advice) from None
    except (OSError, ValueError) as error:  # ValueError: NUL in the name
        raise _refused(path, what, unreadable(error), "") from None
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise _refused(path, what, kind, "" if kind == "a folder" else "give it as a file")
    if limit is not None and found.st_size > limit:
        said = f"{found.st_size / 1e6:,.0f} MB; at most {limit / 1e6:,.0f} MB are read"
        raise _refused(path, what, said, "")
    return found.st_size


class Stamp(NamedTuple):
    """What changes when a file is replaced or written, without reading it."""

    place: int
    size: int
    changed: int


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of a file now, or None where there is no regular file."""
    try:
        found = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return Stamp(found.st_ino, found.st_size, found.st_mtime_ns)


def unreadable(error: Exception) -> str:
    """Why a file cannot be read, without its name: ``Permission denied``."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _refused(path: Path, what: str, found: str, advice: str) -> OddframeError:
    return OddframeError(
        f"{path}: expected {what}, found {found}" + (f"; {advice}" if advice else "")
    )
