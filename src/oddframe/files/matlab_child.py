"""Reads MATLAB files in a process of its own, which ``matlab_files.py`` starts.

It is run as a script and imports nothing of oddframe. A request is a line of JSON with ``path``.
The answer is the length of a JSON text in 8 bytes, the text, and then the bytes of all arrays that
the text describes, in its order. Nothing is pickled.
"""

from __future__ import annotations

import json
import sys
from typing import Any, BinaryIO

import numpy as np


def main(requests: BinaryIO, answers: BinaryIO, most_bytes: int) -> None:
    """Answer requests until there are no more.

    Args:
        requests: lines of JSON.
        answers: where the answers go.
        most_bytes: the most memory that this process may use.
    """
    from scipy.io import loadmat

    _limit_memory(most_bytes)
    for line in requests:
        arrays: list[np.ndarray] = []
        try:
            with open(json.loads(line)["path"], "rb") as stream:  # noqa: PTH123 - nothing needless
                content = loadmat(stream)
            answer: dict[str, Any] = {
                "variables": {
                    name: _described(value, arrays)
                    for name, value in content.items()
                    if not name.startswith("__")
                }
            }
        except Exception as error:  # scipy answers a damaged file with almost any exception
            arrays = []
            answer = {"failed": type(error).__name__, "said": str(error)[:200]}
        text = json.dumps(answer).encode()
        answers.write(len(text).to_bytes(8, "little") + text)
        for array in arrays:
            answers.write(np.ascontiguousarray(array).data)
        answers.flush()


def _described(value: Any, arrays: list[np.ndarray]) -> dict[str, Any]:
    if not isinstance(value, np.ndarray):
        return {"other": type(value).__name__}
    if value.dtype == object:
        return {
            "shape": value.shape,
            "cells": [_described(cell, arrays) for cell in value.ravel()],
        }
    if value.dtype.kind in "biufc":
        if value.size:
            arrays.append(value)
        return {"shape": value.shape, "dtype": value.dtype.str}
    return {"other": {"U": "text", "S": "text", "V": "a struct"}.get(value.dtype.kind, "objects")}


def _limit_memory(most_bytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer, int(sys.argv[1]))
