"""Writing that is whole or absent: a temporary file beside the target, then one rename."""

from __future__ import annotations

import errno
import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.regular_files import require_file

try:
    import fcntl
except ImportError:  # Windows, where no file that somebody has open can be removed
    fcntl = None

_PARTIAL = ".partial"


_REMEDIES = {
    **dict.fromkeys((errno.EEXIST, errno.ENOTDIR), "there is a file; choose another folder"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "choose a folder that you may write"),
}


class CannotWriteError(OddframeError):
    """A folder that cannot be written or a full disk: what fails for one file fails for all."""


@contextmanager
def atomic_path(target: str | Path, mode: int = 0o666) -> Generator[Path, None, None]:
    """Yield a temporary path in the target's folder; rename it over the target on success.

    The temporary name starts with a dot and keeps the target's suffix, because several writers
    (NumPy, matplotlib, FFmpeg) choose a format by it. If the block raises, nothing is left; what
    a killed writer has left in the folder is removed by the next process that writes there.

    Args:
        target: the file.
        mode: who may read and write it, as far as the umask allows; 0o600 for its owner alone.

    Raises:
        CannotWriteError: the folder cannot be written, the disk is full, or what is there is no
            file: a rename would take the place of ``/dev/null`` too.
    """
    target = Path(target)
    try:
        if target.exists() and not target.is_file():
            what = "a folder" if target.is_dir() else "a device, a pipe or a socket"
            raise CannotWriteError(f"{target}: cannot write (there is {what}); give another name")
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(target.parent.absolute())
        handle, name = _begun(target)
    except OSError as error:
        raise cannot_write(target, error) from error
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files private; give the mode that open() would have given.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(mode & ~umask)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(target)
    except OSError as error:
        # A full disk names no file; the name of any other file is somebody else's trouble.
        if error.filename is not None and str(error.filename) != name:
            raise
        raise cannot_write(target, error) from error
    finally:
        temporary.unlink(missing_ok=True)
        if fcntl is not None:
            os.close(handle)


def _begun(target: Path) -> tuple[int, str]:
    """A temporary file for a target, and the handle that says that its writer lives."""
    while True:
        handle, name = tempfile.mkstemp(
            prefix=f".{target.stem[:20]}.", suffix=f"{_PARTIAL}{target.suffix}", dir=target.parent
        )
        if fcntl is None:
            os.close(handle)
            return handle, name
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle).st_nlink:
            return handle, name
        os.close(handle)  # taken for a leftover before it was locked


@functools.lru_cache(maxsize=4096)
def _remove_leftovers(folder: Path) -> None:
    """Remove temporary files whose writers are dead: nobody holds their locks. Once a process."""
    if fcntl is None:
        return
    for path in folder.glob(f".*{_PARTIAL}*"):
        with suppress(OSError):  # somebody else's, or removed in the meantime
            handle = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(handle)


def cannot_write(target: Path, error: OSError) -> CannotWriteError:
    """The one line on something that could not be written, with what helps."""
    helps = _REMEDIES.get(error.errno or 0, "free some space or choose another folder")
    return CannotWriteError(f"{target}: cannot write ({error.strerror or error}); {helps}")


def check_can_write(folder: Path) -> Path:
    """See whether files can be made in a folder, or below what there is of it; nothing is made.

    Returns:
        The innermost folder on the way there that there is.

    Raises:
        CannotWriteError: there is a file on the way, or a folder that may not be written.
    """
    whole = folder.absolute()
    try:
        there = next(path for path in (whole, *whole.parents) if path.exists())
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise cannot_write(folder, error) from error
    return there


@contextmanager
def begun_in(folder: Path, *beginnings: str) -> Generator[None]:
    """For a block that begins something in a folder: an error takes the beginning back.

    If the block ends with an exception and all that it wrote in the folder are the files that
    every such block begins with, they are removed, and the folder too where it becomes empty. With
    anything more there is something to look at or to go on from, and everything stays.

    Args:
        folder: where; it need not be there.
        beginnings: those files, relative to the folder.
    """
    before = _files(folder)
    made = [part for part in (folder, *folder.parents) if not part.exists()]
    try:
        yield
    except Exception:
        new = _files(folder) - before
        if new <= set(beginnings):
            for name in new:
                (folder / name).unlink()
                _remove_empty([folder / part for part in PurePath(name).parents][:-1])
            _remove_empty(made)
        raise


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders, the innermost first, up to the first that is not empty."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


def write_text(target: str | Path, text: str) -> Path:
    """Write UTF-8 text atomically and return the path."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Path(target)


def write_json(target: str | Path, value: Any) -> Path:
    """Write a value as indented JSON atomically; NaN is refused, since JSON has none."""
    return write_text(target, json.dumps(value, indent=1, allow_nan=False) + "\n")


def sha256_of(path: str | Path) -> str:
    """The SHA-256 of a file, as 64 hexadecimal digits.

    Raises:
        OddframeError: no file: a pipe or a device would be read without end.
    """
    require_file(Path(path), "a file")
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
