"""What a foreign file is, found out by a process that may neither take long nor much memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from oddframe.archive import inspection_child
from oddframe.console.words import duration
from oddframe.errors import OddframeError

MOST_SECONDS = 30.0
"""Until the process is killed; it decodes for half of that at most."""
MOST_BYTES = 2 << 30


@dataclass(frozen=True)
class Recording:
    """What a file shows.

    Attributes:
        width, height: in pixels.
        fps: frames per second.
        seconds: that it lasts, as it says itself; 0 if it does not.
        codec: FFmpeg's name of what it is coded in.
    """

    width: int
    height: int
    fps: float
    seconds: float
    codec: str

    @property
    def words(self) -> str:
        """For a person."""
        lasts = f"{duration(self.seconds)}, " if self.seconds else ""
        return f"{lasts}{self.width}x{self.height}, {self.fps:.4g} frames a second, {self.codec}"


def inspect(path: Path, name: str) -> Recording:
    """What a recording is, by its beginning and not by its name.

    It is opened in a process of its own, which may use :data:`MOST_BYTES` of memory and may write
    no file, and is killed after :data:`MOST_SECONDS`.

    Args:
        path: the file.
        name: what a person calls it, for messages.

    Raises:
        OddframeError: no recording, or one that takes more than these.
    """
    words = [str(path.absolute()), str(MOST_BYTES), str(MOST_SECONDS / 2)]
    try:
        done = subprocess.run(
            [sys.executable, "-P", inspection_child.__file__, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=MOST_SECONDS,
            check=False,
            env={**os.environ, "MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired:
        raise OddframeError(
            f"{name}: shows no picture within {MOST_SECONDS:g} s; it is damaged, or no recording"
        ) from None
    try:
        row = json.loads(done.stdout.decode(errors="replace").splitlines()[-1])
        if "refused" not in row:
            return Recording(**row)
        said = str(row["refused"]).removeprefix(f"{path.absolute()}: ")
    except (ValueError, IndexError, TypeError):
        said = f"ends the process that opens it (status {done.returncode}); it is damaged"
    raise OddframeError(f"{name}: {said}")
