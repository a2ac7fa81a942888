"""When a camera is armed: hours of each weekday, by the clock on a wall."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from zoneinfo import ZoneInfo, available_timezones

from oddframe.errors import nearest
from oddframe.files.text_files import shown
from oddframe.files.yaml_table import YamlTable

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GROUPS = {"every_day": WEEKDAYS, "weekdays": WEEKDAYS[:5], "weekend": WEEKDAYS[5:]}
"""Wider ones first: a narrower one says otherwise, and a single day last."""
KEYS = ("time_zone", *_GROUPS, *WEEKDAYS)
_DAY = 24 * 60
_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_WANTED = "always, never, hours such as 18:00-07:30, or a list of hours"


@dataclass(frozen=True)
class Hours:
    """Hours that begin on a weekday.

    Attributes:
        weekday: 0 is Monday.
        begin: minutes since midnight.
        end: minutes since that midnight, not included; beyond 1440 on the next day.
    """

    weekday: int
    begin: int
    end: int


@dataclass(frozen=True)
class Schedule:
    """When a camera is armed.

    The clock on the wall decides: where it is set back an hour, hours that it shows twice are armed
    twice; where it is set forward, those that it never shows are not there.

    Attributes:
        time_zone: name in the IANA database, such as ``Europe/Vienna``.
        hours: when, in any order; they may lie over each other.
    """

    time_zone: str
    hours: tuple[Hours, ...]

    def armed(self, at: datetime) -> bool:
        """Whether the camera is armed at a time.

        Args:
            at: with its time zone, whichever.
        """
        if at.tzinfo is None:
            raise ValueError("expected a time that knows its zone")
        local = at.astimezone(self._zone)
        minute = local.hour * 60 + local.minute
        today, yesterday = local.weekday(), (local.weekday() - 1) % 7
        return any(
            (part.weekday == today and part.begin <= minute < part.end)
            or (part.weekday == yesterday and minute < part.end - _DAY)
            for part in self.hours
        )

    def spans(self, begin: float, end: float) -> list[tuple[float, float]]:
        """When it is armed within a time, to the minute: from when to when, Unix seconds.

        Args:
            begin, end: Unix seconds.
        """
        found: list[tuple[float, float]] = []
        at = begin
        while at < end:
            until = min(60 * (at // 60 + 1), end)  # clocks are set by whole minutes
            if self.armed(datetime.fromtimestamp(at, UTC)):
                if found and found[-1][1] == at:
                    found[-1] = found[-1][0], until
                else:
                    found.append((at, until))
            at = until
        return found

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


ALWAYS = Schedule("UTC", tuple(Hours(day, 0, _DAY) for day in range(7)))


def read_schedule(table: YamlTable) -> Schedule:
    """The schedule that a table gives; days that it does not name are not armed.

    Raises:
        OddframeError: an unknown time zone, hours that are none, or no day at all.
    """
    zone, known = table.text("time_zone"), available_timezones()
    if not known:
        raise table.error("this machine knows no time zones; install the package tzdata")
    if zone not in known:
        like = nearest(zone, known) or "see 'timedatectl list-timezones'"
        raise table.error(
            f"'time_zone': expected one such as Europe/Vienna, found {shown(zone)}; {like.strip()}"
        )
    of_day: dict[str, tuple[tuple[int, int], ...]] = {}
    for key, days in (*_GROUPS.items(), *((day, (day,)) for day in WEEKDAYS)):
        if key in table:
            spans = _spans(table, key)
            of_day |= dict.fromkeys(days, spans)
    if not of_day:
        raise table.error(
            "a schedule without days; name some, such as 'weekdays: 18:00-07:00', or leave it out"
        )
    return Schedule(
        zone,
        tuple(
            Hours(number, begin, end)
            for number, day in enumerate(WEEKDAYS)
            for begin, end in of_day.get(day, ())
        ),
    )


def _spans(table: YamlTable, key: str) -> tuple[tuple[int, int], ...]:
    """Begin and end of the hours of a day, in minutes."""
    given = table.any(key)
    if given == "never":
        return ()
    if given == "always":
        return ((0, _DAY),)
    found = []
    if given == []:
        raise table.wrong(key, _WANTED, given)
    for words in given if isinstance(given, list) else [given]:
        match = _HOURS.fullmatch(words.strip()) if isinstance(words, str) else None
        if match is None:
            raise table.wrong(key, _WANTED, words)
        hour, minute, last_hour, last_minute = map(int, match.groups())
        begin, end = hour * 60 + minute, last_hour * 60 + last_minute
        if max(minute, last_minute) > 59 or begin >= _DAY or end > _DAY:
            raise table.wrong(key, "hours from 00:00 to 24:00", words)
        if begin == end:
            raise table.wrong(key, "hours that end later than they begin, or always", words)
        found.append((begin, end if end > begin else end + _DAY))
    return tuple(found)
