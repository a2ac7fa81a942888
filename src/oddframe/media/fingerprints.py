"""Whether a file is still the one that something was made of.

A recording's path says nothing of what is in it: tomorrow's recording has the name of today's.
"""

from __future__ import annotations

import errno
import hashlib
import math
import stat
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.atomic import sha256_of
from oddframe.media.image_series import list_images


@dataclass(frozen=True)
class Fingerprint:
    """What a recording, or several files that belong together, was at one time.

    Attributes:
        path: the file, or the folder of the files.
        bytes: their size together.
        stamp: hash of their names, sizes and times. While it is the same nobody wrote to them.
        sha256: of the file, or hash of their names and contents.
        read_as: how they were read, where that can differ: a frame rate, a range of grey levels.
    """

    path: str
    bytes: int
    stamp: str
    sha256: str
    read_as: str = ""

    @classmethod
    def of(cls, files: Sequence[Path], read_as: str = "") -> Fingerprint:
        """The fingerprint of some files, which are read from beginning to end.

        Take it before the files are used: what is written to them later then shows.

        Raises:
            OddframeError: one cannot be read.
        """
        path = files[0] if len(files) == 1 else files[0].parent
        try:
            size, stamp = _stamp(files)
            return cls(str(path.absolute()), size, stamp, _sha256(files), read_as)
        except OSError as error:
            raise OddframeError(
                f"{error.filename or path}: cannot be read ({error.strerror or error})"
            ) from error

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Fingerprint:
        """What :meth:`row` gave.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: something else.
        """
        names = ("path", "stamp", "sha256", "read_as")
        return cls(bytes=int(row["bytes"]), **{name: str(row.get(name, "")) for name in names})

    def row(self) -> dict[str, Any]:
        """The fields, for JSON."""
        return asdict(self)

    def fits(self, files: Sequence[Path], read_as: str = "") -> bool:
        """Whether these files hold what the fingerprint was taken of.

        They are read only if their size is the same and their times are not, as after copying.
        Files that cannot be read do not fit.
        """
        at_a_glance = self.seems(files, read_as)
        try:
            return _sha256(files) == self.sha256 if at_a_glance is None else at_a_glance
        except OSError:
            return False

    def seems(self, files: Sequence[Path], read_as: str = "") -> bool | None:
        """As :meth:`fits`, from sizes and times alone: None where only reading them can tell."""
        if read_as != self.read_as:
            return False
        try:
            size, stamp = _stamp(files)
        except OSError:
            return False
        if stamp == self.stamp:
            return True
        return None if size == self.bytes else False


def recording_files(path: Path) -> list[Path]:
    """The files that a recording consists of: itself, or the pictures of a folder; maybe none."""
    try:
        return list_images(path) if path.is_dir() else [path] * path.exists()
    except OSError:  # whoever opens it says why
        return []


def newest_change(files: Sequence[Path]) -> float:
    """When the last of the files was written, in seconds since 1970; infinity if nobody knows."""
    try:
        return max(file.stat().st_mtime for file in files)
    except OSError:
        return math.inf


def _stamp(files: Sequence[Path]) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    for file in files:
        now = file.stat()
        if not stat.S_ISREG(now.st_mode):  # a pipe would be waited for without end
            raise OSError(errno.EINVAL, "a pipe, a device or a folder", str(file))
        size += now.st_size
        # The time of the last change of the file's own entry cannot be set: a copy that is given
        # the times of the original shows.
        times = f"{now.st_mtime_ns} {now.st_ctime_ns}"
        digest.update(f"{file.name}\0{now.st_size} {times}\n".encode("utf-8", "surrogateescape"))
    return size, digest.hexdigest()


def _sha256(files: Sequence[Path]) -> str:
    if len(files) == 1:
        return sha256_of(files[0])
    digest = hashlib.sha256()
    for file in files:  # their names are the order of pictures
        digest.update(f"{file.name}\0{sha256_of(file)}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
