"""MATLAB files, read in a child process: a damaged one can end the process that reads it.

SciPy's reader is compiled, and a damaged file of a few hundred bytes makes it write where it must
not. The child also bounds what a small file may unpack to and how long it may take. It is started
for the first file, reads all later ones too, and ends with this process.
"""

from __future__ import annotations

import atexit
import functools
import importlib.util
import json
import math
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

import numpy as np

from oddframe.console.installation import how_to_install
from oddframe.errors import OddframeError
from oddframe.files import matlab_child
from oddframe.files.regular_files import require_file

MOST_BYTES = 4 << 30
"""Memory that the reading process may use."""
MOST_SECONDS = 60.0
"""Time that one file may take."""


def read_mat(path: Path) -> dict[str, Any]:
    """The variables of a MATLAB file, with the shapes that they have there.

    Not squeezed: that would make a single clip, or a single event, look like something else.

    Returns:
        Name to a numeric array, to an object array of cells, which are arrays themselves, or to a
        text that says what else it is.

    Raises:
        OddframeError: no file, not a MATLAB file, a damaged one, or one that takes more memory or
            time than a label file can need; or SciPy is not installed.
    """
    require_file(path, "a MATLAB file of labels", "put it where the data set has it")
    if importlib.util.find_spec("scipy") is None:
        raise OddframeError(
            f"{path}: MATLAB files are read by SciPy, which is not installed; install it with: "
            f"{how_to_install('matlab')}"
        )
    return _reader(os.getpid()).read(path)


def read_mat_cells(path: Path, name: str) -> list[np.ndarray]:
    """The numeric arrays of a cell array, in order.

    Raises:
        OddframeError: as :func:`read_mat`, or no such variable of cells.
    """
    content = read_mat(path)
    cells = content.get(name)
    if cells is None:
        found = ", ".join(content) or "no variable at all"
        raise OddframeError(f"{path}: expected the variable '{name}', found {found}")
    if not isinstance(cells, np.ndarray) or cells.dtype != object or not cells.size:
        found = cells if isinstance(cells, str) else f"{cells.dtype} of shape {cells.shape}"
        raise OddframeError(f"{path}: expected '{name}' to be a cell array, found {found}")
    for number, cell in enumerate(cells.ravel(), start=1):
        if not isinstance(cell, np.ndarray) or cell.dtype.kind not in "biuf":
            raise OddframeError(f"{path}: expected numbers in cell {number} of '{name}'")
    return list(cells.ravel())


@functools.cache
def _reader(process: int) -> _Reader:  # noqa: ARG001 - a fork must not share its parent's child
    return _Reader()


class _Reader:
    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def read(self, path: Path) -> dict[str, Any]:
        with self._turn:
            try:
                return self._answer(path)
            except BaseException:
                self._end()  # what is left of the answer must not become the next one's
                raise

    def _answer(self, path: Path) -> dict[str, Any]:
        child = self._running()
        assert child.stdin is not None
        assert child.stdout is not None
        late = threading.Event()

        def stop() -> None:
            late.set()
            child.kill()

        watch = threading.Timer(MOST_SECONDS, stop)
        watch.start()
        try:
            child.stdin.write(json.dumps({"path": str(path.absolute())}).encode() + b"\n")
            child.stdin.flush()
            length = int.from_bytes(_exactly(child.stdout, 8), "little")
            answer = json.loads(_exactly(child.stdout, length))
            if "failed" in answer:
                raise OddframeError(f"{path}: {_reason(answer['failed'], answer['said'])}")
            return {n: _built(v, child.stdout) for n, v in answer["variables"].items()}
        except (EOFError, OSError):
            status = child.wait()
            if late.is_set():
                found = f"one that is not read after {MOST_SECONDS:g} s"
            else:
                found = f"one that ends the process which reads it (status {status})"
            raise OddframeError(
                f"{path}: expected a MATLAB file of labels, found {found}; it is damaged, get it "
                "again"
            ) from None
        finally:
            watch.cancel()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-P", str(matlab_child.__file__), str(MOST_BYTES)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Each thread of a linear algebra library would take its share of the memory.
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
            atexit.register(self._end)
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data


def _built(value: dict[str, Any], stream: IO[bytes]) -> Any:
    if "other" in value:
        return value["other"]
    if "cells" in value:
        cells = np.empty(math.prod(value["shape"]), object)
        for place, cell in enumerate(value["cells"]):
            cells[place] = _built(cell, stream)
        return cells.reshape(value["shape"])
    kind = np.dtype(value["dtype"])
    data = _exactly(stream, kind.itemsize * math.prod(value["shape"]))
    return np.frombuffer(data, kind).reshape(value["shape"])


def _reason(failed: str, said: str) -> str:
    if failed == "MemoryError":
        return (
            f"expected a MATLAB file of labels, found one that takes more than "
            f"{MOST_BYTES / 2**30:g} GiB of memory; it is damaged, get it again"
        )
    if failed == "NotImplementedError" and "v7.3" in said:
        return (
            "expected a MATLAB file up to version 7, found version 7.3 (HDF5); load it in MATLAB "
            "and save it again with the option '-v7'"
        )
    return f"expected a MATLAB file of labels, found something else or a damaged one ({said})"
