"""The curve of a training, ``metrics.jsonl``: a line for each validation and split."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.atomic import atomic_path
from oddframe.files.plain_values import typed
from oddframe.files.text_files import read_text, shown

_LONGEST_CURVE = 256 * 2**20


def read_curve(path: Path) -> list[dict[str, Any]]:
    """The lines of ``metrics.jsonl``; a last line that a killed writer left is ignored.

    Raises:
        OddframeError: it is no text.
    """
    if not path.exists():
        return []
    text = read_text(path, "a training curve", limit=_LONGEST_CURVE)
    lines = []
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue  # cut by a writer that was killed, or by its file system
        where = f"{path} line {number}"
        row = typed(row, dict[str, Any], where)
        for name, hint in (("step", int), ("split", str)):
            if name not in row:
                raise OddframeError(f"{where}: '{name}' is missing; repair or remove the file")
            row[name] = typed(row[name], hint, f"{where}: '{name}'")
        for name, value in row.items():
            # NaN and infinity are numbers here: a loss may be that, and its training says so.
            whole = type(value) is int and abs(value) < 1 << 63
            if name != "split" and not whole and type(value) is not float:
                raise OddframeError(f"{where}: '{name}': expected a number, found {shown(value)}")
        lines.append(row)
    return lines


class CurveWriter:
    """``metrics.jsonl``: one line per validation and split; lines after the step are dropped."""

    def __init__(self, path: Path, step: int, writes: bool) -> None:
        self._path = path
        self._writes = writes
        if not writes:
            return
        kept = [line for line in read_curve(path) if line["step"] <= step] if step else []
        with atomic_path(path) as temporary:
            temporary.write_text("".join(json.dumps(line) + "\n" for line in kept))

    def write(self, step: int, epoch: float, split: str, metrics: Mapping[str, float]) -> None:
        """Append a line, on disk when this returns; nothing in processes that do not write."""
        if not self._writes:
            return
        line = {"step": step, "epoch": round(epoch, 3), "split": split, **metrics}
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
