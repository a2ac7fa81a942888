"""Times of day as a person at the camera would say them: in the zone of this machine."""

from __future__ import annotations

import os
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import available_timezones

from oddframe.journal.live_event import LATEST

_FIRST, _LAST = date(1971, 1, 1), date(9998, 12, 31)


def moment(at: float) -> str:
    """``Mon 30 Nov 2026, 21:03:12``."""
    return f"{day_of(at):%a %d %b %Y}, {clock(at)}"


def clock(at: float) -> str:
    """``21:03:12``."""
    return f"{_local(at):%H:%M:%S}"


def lately(at: float, now: float) -> str:
    """The time of day of today, with the day of any other, both in Unix seconds."""
    return clock(at) if day_of(at) == day_of(now) else moment(at)


def day_of(at: float) -> date:
    """The day of a time, Unix seconds."""
    return _local(at).date()


def begin_of(day: date) -> float:
    """When a day begins, in Unix seconds; days of 23 and 25 hours are as long as they are."""
    return datetime.combine(day, time()).astimezone().timestamp()


def end_of(day: date) -> float:
    """When the next one does."""
    return begin_of(day + timedelta(days=1))


def read_day(given: str) -> date | None:
    """``2026-11-30``; None for anything else, or a day whose weeks no clock counts."""
    try:
        found = date.fromisoformat(given)
    except ValueError:
        return None
    return found if _FIRST <= found <= _LAST else None


def zone_of_this_machine() -> str:
    """Its name in the IANA database; ``""`` where that is not known."""
    given = os.environ.get("TZ", "").removeprefix(":")
    if not given:
        given = Path("/etc/localtime").resolve().as_posix().partition("/zoneinfo/")[2]
    return given if given in available_timezones() else ""


def _local(at: float) -> datetime:
    return datetime.fromtimestamp(min(max(at, 0.0), LATEST - 2 * 86_400)).astimezone()
