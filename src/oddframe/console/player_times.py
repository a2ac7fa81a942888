"""Times in a video as a player shows them: ``0:07.4``, ``1:02:03.5``."""

from __future__ import annotations

import re

_TIME = re.compile(r"(?:(\d{1,6}):([0-5]?\d)|(\d{1,6})):([0-5]?\d(?:[.,]\d*)?)", re.ASCII)


def offset(seconds: float, precise: bool = True) -> str:
    """A time in a video as a player shows it: ``0:07.4``, ``12:30.0``, ``1:02:03.5``."""
    tenths = round(seconds * 10) if precise else round(seconds) * 10
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest / 10:04.1f}" if precise else f"{rest // 10:02d}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def seconds_at(text: str) -> float | None:
    """Seconds from ``mm:ss`` or ``hh:mm:ss``, with a fraction behind a point or a comma.

    None where it is something else, such as a number of seconds.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes, many, seconds = found.groups()
    return int(hours or 0) * 3600 + int(minutes or many) * 60 + float(seconds.replace(",", "."))
