"""When a recording says that it was filmed: in its file name, or in its container.

The name comes first: cameras and recorders write their own local time there, while a container
often holds the time at which some program wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

_FIRST_YEAR, _LAST_YEAR = 1990, 2100
"""Years outside are those of clocks that were never set (1904, 1970)."""
_NAME = re.compile(
    r"(?<!\d)(\d{4})([-_.]?)(\d\d)\2(\d\d)"  # 2026-11-28, 20261128
    r"[T_ .-]{0,3}"
    r"(\d\d)([-_.:h]?)(\d\d)[-_.:m]?(\d\d)(?:[.,_-]?\d{3})?s?(Z?)(?!\d)"  # 03-12-00, 031200123Z
)
_TAGS = ("com.apple.quicktime.creationdate", "creation_time", "date")
"""The first keeps the offset of the phone's own time zone, the others are mostly UTC."""


def filmed_at(path: Path, metadata: Mapping[str, str] | None = None) -> datetime | None:
    """When the first frame was filmed, or None if neither the name nor the container says so.

    A name such as ``gate_2026-11-28_03-12-00.mp4``, or ``03-12-00.mp4`` in a folder
    ``2026-11-28``, gives local time, without an offset from UTC; with a ``Z`` behind it, UTC.

    Args:
        path: file of the recording.
        metadata: tags of its container.
    """
    for name in (path.stem, f"{path.parent.name}_{path.stem}"):
        for found in _NAME.finditer(name):
            year, _, month, day, hour, _, minute, second, zone = found.groups()
            moment = _valid(f"{year}-{month}-{day}T{hour}:{minute}:{second}{zone}")
            if moment is not None:
                return moment
    for tag in _TAGS:
        moment = _valid((metadata or {}).get(tag, ""))
        if moment is not None:
            return moment
    return None


def _valid(text: str) -> datetime | None:
    if len(text) < len("2026-11-28T03:12"):  # a date alone says nothing about the time of day
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None
