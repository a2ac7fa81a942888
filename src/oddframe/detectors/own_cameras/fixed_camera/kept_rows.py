"""Rows that grow in files: whoever is killed goes on after the last of them that were kept.

A file of rows is only ever written at its end, and a small one beside it says how many rows of each
belong to what is done. What a killed process wrote after that is cut off when it goes on.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from oddframe.files.atomic import cannot_write, write_json

_KEPT = "kept.json"
KEEP_SECONDS = 10.0
"""Between two times that all is brought to the disk: that takes a moment, and costs so much time
at most where it is lost."""


class KeptRows:
    """Files of rows in a folder, open to be written; one process at a time.

    Args:
        folder: where; made if it is missing.
        kinds: name of a file to the type of its rows, which may have a shape.

    Attributes:
        note: what :meth:`keep` was given with the rows that are there; empty if nothing is.

    Raises:
        CannotWriteError: the folder cannot be written.
    """

    def __init__(self, folder: Path, kinds: Mapping[str, np.dtype]) -> None:
        self._folder, self._kinds = folder, dict(kinds)
        self.note, self._counts = self._kept()
        self._at = time.monotonic()
        self._files = ExitStack()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._streams = {name: self._opened(name) for name in kinds}
        except OSError as error:
            self._files.close()
            raise cannot_write(folder, error) from error

    def _kept(self) -> tuple[dict[str, Any], dict[str, int]]:
        """The note and the count of each file, as far as they are there and whole."""
        nothing = {}, dict.fromkeys(self._kinds, 0)
        try:
            said = json.loads((self._folder / _KEPT).read_text(encoding="utf-8"))
            note, counts = dict(said["note"]), {n: int(said["rows"][n]) for n in self._kinds}
            sizes = {name: (self._folder / name).stat().st_size for name in self._kinds}
        except (OSError, ValueError, KeyError, TypeError):
            return nothing
        whole = said.get("types") == self._types()
        whole &= all(0 <= self._bytes(n, counts[n]) <= sizes[n] for n in self._kinds)
        return (note, counts) if whole else nothing

    def _types(self) -> dict[str, str]:
        return {name: str(kind) for name, kind in self._kinds.items()}

    def _bytes(self, name: str, rows: int) -> int:
        return rows * self._kinds[name].itemsize

    def _opened(self, name: str) -> Any:
        path = self._folder / name
        path.touch()
        stream = self._files.enter_context(path.open("r+b", buffering=0))
        stream.truncate(self._bytes(name, self._counts[name]))
        stream.seek(0, os.SEEK_END)
        return stream

    def __enter__(self) -> KeptRows:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._files.close()

    def count(self, name: str) -> int:
        """How many rows a file has."""
        return self._counts[name]

    def add(self, name: str, row: Any) -> None:
        """Write a row at the end of a file.

        Raises:
            CannotWriteError: the disk is full.
        """
        data = np.asarray(row, self._kinds[name].base).tobytes()
        path = self._folder / name
        try:
            if self._streams[name].write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise cannot_write(path, error) from error
        self._counts[name] += 1

    def keep(self, note: Mapping[str, Any], *, at_once: bool = False) -> None:
        """All rows until now belong to what is done.

        Args:
            note: says what is done, as JSON holds it.
            at_once: else nothing happens if something was kept a moment ago.

        Raises:
            CannotWriteError: the disk is full.
        """
        if not at_once and time.monotonic() - self._at < KEEP_SECONDS:
            return
        try:
            for stream in self._streams.values():
                os.fsync(stream.fileno())
        except OSError as error:
            raise cannot_write(self._folder, error) from error
        said = {"note": dict(note), "rows": self._counts, "types": self._types()}
        write_json(self._folder / _KEPT, said)
        self._at = time.monotonic()

    def rows(self, name: str) -> np.ndarray:
        """The rows of a file, memory-mapped: ``(count, ...)``."""
        kind, count = self._kinds[name], self._counts[name]
        if not count:  # nothing cannot be mapped
            return np.empty((0, *kind.shape), kind.base)
        path = self._folder / name
        return np.asarray(np.memmap(path, kind.base, "r", shape=(count, *kind.shape)))
