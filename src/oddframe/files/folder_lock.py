"""One writer at a time: the lock on a folder that is written over time.

Whoever holds the lock of a folder (:func:`alone_in`) is its only living writer: what a stopped
process left there, such as a ``.partial`` file, may then be removed. The lock is the operating
system's, so it goes with the process that holds it, however that ends; a ``.lock`` that is left
behind says nothing. Helpers of one job (workers of a spread extraction, processes of a training)
write under the lock of the process that started them and take none.
"""

from __future__ import annotations

import errno
import functools
import inspect
import os
import socket
import sys
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.atomic import cannot_write

P = ParamSpec("P")
R = TypeVar("R")

LOCK = ".lock"
A_GLANCE = 0.3
"""Seconds to wait: somebody who only asks whether a folder is held has its lock for a moment."""
_PAUSE = 0.02
_HELD_ELSEWHERE = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK)
_held: ContextVar[Mapping[Path, Held]] = ContextVar("held", default=MappingProxyType({}))
"""The folders that this flow of control has locked: a verb that calls another does not wait."""


class Held:
    """A folder that this process is the only writer of.

    Args:
        folder: it.
        option: what a person gives it with.
        descriptor: of the lock file, which is locked.
    """

    def __init__(self, folder: Path, option: str, descriptor: int) -> None:
        self._folder, self._option, self._descriptor = folder, option, descriptor

    def again(self) -> None:
        """Take the lock once more if its file is not there any more: somebody removed the folder.

        Raises:
            OddframeError: meanwhile another process has it.
            OSError: the folder cannot be made or written.
        """
        if not _is(self._folder / LOCK, self._descriptor):
            before, self._descriptor = self._descriptor, _locked(self._folder, 0.0, self._option)
            os.close(before)

    def release(self) -> None:
        """Removed while it is still held: whoever waits for it notices and makes a new one."""
        if _is(self._folder / LOCK, self._descriptor):  # else it is another one's
            with suppress(OSError):
                (self._folder / LOCK).unlink()
        os.close(self._descriptor)


@contextmanager
def alone_in(folder: Path, patience: float = A_GLANCE, *, option: str = "--out") -> Generator[Held]:
    """Be the only writer of a folder, which is made if it is missing.

    Inside another ``alone_in`` of the same folder it does nothing, so verbs may call verbs. A
    folder that was made for it and stays empty is removed. A file system without locks is said,
    and the block runs.

    Args:
        folder: the folder.
        patience: seconds to wait for another writer.
        option: what a person gives the folder with, for the message.

    Raises:
        OddframeError: another process, or another thread of this one, is writing there; the
            message says which.
        CannotWriteError: the folder cannot be made or written.
    """
    place = Path(os.path.realpath(folder))  # of a link that leads back to itself, that link
    if place in _held.get():
        yield _held.get()[place]
        return
    made = [part for part in (place, *place.parents) if not part.exists()]
    try:
        descriptor = _locked(folder, patience, option)
    except OSError as error:
        _remove_empty(made)
        raise cannot_write(folder, error) from error
    held = Held(place, option, descriptor)
    before = _held.set({**_held.get(), place: held})
    try:
        yield held
    finally:
        _held.reset(before)
        held.release()
        _remove_empty(made)


def alone_in_out(
    verb: Callable[P, R], helps: Callable[[Mapping[str, Any]], bool] = lambda _: False
) -> Callable[P, R]:
    """A verb that is alone in its folder ``out`` (:func:`alone_in`) from beginning to end.

    Args:
        verb: a function with an argument ``out``; where that is None, it holds what it writes
            itself.
        helps: given the verb's arguments, whether this process only helps another one, which
            holds the folder.
    """
    signature = inspect.signature(verb)

    @functools.wraps(verb)
    def alone(*args: P.args, **kwargs: P.kwargs) -> R:
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        out = given.arguments["out"]
        apart = out is None or helps(given.arguments)
        with nullcontext() if apart else alone_in(Path(out)):
            return verb(*args, **kwargs)

    return alone


def holder(folder: Path) -> str | None:
    """Who is writing in a folder, such as ``process 4711 on tower``; None if nobody is."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return None  # there is no lock, or it is somebody else's file
    try:
        _lock(descriptor)
    except OSError as error:
        return _note(descriptor) if error.errno in _HELD_ELSEWHERE else None
    else:
        return None
    finally:
        os.close(descriptor)


def _locked(folder: Path, patience: float, option: str) -> int:
    """The descriptor of the lock file, locked where the file system can."""
    until = time.monotonic() + patience
    path = folder / LOCK
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            if os.path.lexists(folder) and not folder.is_dir():
                raise
            continue  # it was there, and another writer removed it before that was looked at
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:
            if path.is_symlink():
                raise
            continue  # another writer has just removed the folder that was made for it
        try:
            _lock(descriptor)
        except OSError as error:
            if error.errno not in _HELD_ELSEWHERE:
                warnings.warn(
                    f"{folder}: its file system has no locks ({error.strerror or error}); see to "
                    "it that no other process writes there",
                    OddframeWarning,
                    stacklevel=4,
                )
                return descriptor
            who = _note(descriptor)
            os.close(descriptor)
            if time.monotonic() > until:
                raise OddframeError(
                    f"{folder}: {who} is writing in this folder; wait until it is done, or choose "
                    f"another folder with {option}"
                ) from None
            time.sleep(_PAUSE)
            continue
        if _is(path, descriptor):
            try:
                os.ftruncate(descriptor, 0)
                os.write(descriptor, _own_note().encode())
            except OSError:  # a full disk
                Held(folder, option, descriptor).release()
                raise
            return descriptor
        os.close(descriptor)  # its holder removed it while this waited


def _remove_empty(folders: Iterable[Path]) -> None:
    with suppress(OSError):  # a folder that is not empty stays
        for folder in folders:
            folder.rmdir()


def _is(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _own_note() -> str:
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"process {os.getpid()} on {socket.gethostname()}, since {since},"


def _note(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, 300).decode(errors="replace") or "another process"


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        """Lock a byte far behind the note, which others must be able to read."""
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        """Lock the file, unless another open file of it holds the lock."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
