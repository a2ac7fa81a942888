"""Hours of normal life on disk: pieces of film, each called like the time that it begins at."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_NAME = re.compile(r"(\d{8}T\d{6})Z(?:-\d{1,4})?")
_FORMAT = "%Y%m%dT%H%M%S"


@dataclass(frozen=True)
class Recording:
    """A piece of film.

    Attributes:
        name: of its file, without the ending.
        path: of it.
        start, end: Unix seconds.
        bytes: of it.
    """

    name: str
    path: Path
    start: float
    end: float
    bytes: int


def name_at(at: float) -> str:
    """What a piece that begins at a time, Unix seconds, is called."""
    return f"{datetime.fromtimestamp(at, UTC):{_FORMAT}}Z"


def recordings_in(folder: Path, writing: Collection[str] = ()) -> list[Recording]:
    """The pieces in a folder, the earliest first; other files are nobody's.

    Args:
        folder: where; it need not be there.
        writing: names of those that are being written, which are left out.
    """
    found = []
    for path in folder.glob("*.mp4"):
        match = _NAME.fullmatch(path.stem)
        if match is None or path.stem in writing or path.is_symlink():
            continue
        with suppress(OSError, ValueError):  # removed meanwhile; or no day of any calendar
            start = datetime.strptime(match[1], _FORMAT).replace(tzinfo=UTC).timestamp()
            facts = path.stat()
            if facts.st_size:
                end = max(start, facts.st_mtime)
                found.append(Recording(path.stem, path, start, end, facts.st_size))
    return sorted(found, key=lambda piece: piece.name)


def chosen_of(recordings: Iterable[Recording], names: Collection[str]) -> list[Recording]:
    """Those that somebody names; whatever else they name is nothing."""
    return [piece for piece in recordings if piece.name in names]
