"""When a camera is armed, as a form: a time zone, and the hours of each weekday."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from oddframe.cameras.schedule import ALWAYS, WEEKDAYS, Schedule
from oddframe.serving.local_time import zone_of_this_machine

_DAY = 24 * 60


@dataclass(frozen=True)
class ScheduleForm:
    """The form.

    Attributes:
        camera: its address.
        time_zone: as typed.
        days: each weekday and its hours, as typed.
        said: what is wrong with them; ``""`` of nothing.
        mark: of the cameras file.
        may_change: whether who looks may change it.
    """

    template: ClassVar[str] = "serving/schedule.html"
    camera: str
    time_zone: str
    days: Sequence[tuple[str, str]]
    said: str
    mark: str
    may_change: bool


def schedule_form(
    schedule: Schedule,
    typed: Mapping[str, str] | None,
    *,
    said: str,
    place: tuple[str, str],
    may_change: bool,
) -> ScheduleForm:
    """The form as the schedule is, or as it was typed.

    Args:
        schedule: of the camera.
        typed: fields of the form; None to show what holds.
        said: what was wrong with them.
        place: address of the camera's page, and the mark of its file.
        may_change: whether who looks may change it.
    """
    if typed is None:
        # Hours that are typed where none were said are those of the clock on this wall, not UTC.
        zone = zone_of_this_machine() if schedule == ALWAYS else schedule.time_zone
        typed = {"time_zone": zone}
        typed |= {day: _words(schedule, number) for number, day in enumerate(WEEKDAYS)}
    return ScheduleForm(
        camera=place[0],
        time_zone=typed.get("time_zone", ""),
        days=[(day, typed.get(day, "")) for day in WEEKDAYS],
        said=said,
        mark=place[1],
        may_change=may_change,
    )


def schedule_in(form: Mapping[str, str]) -> dict[str, Any]:
    """What the cameras file is to say of it: days that are alike together, as a person would.

    What hours are is checked with the file.
    """
    hours = {day: _hours(form.get(day, "")) for day in WEEKDAYS}
    groups = {"every_day": WEEKDAYS, "weekdays": WEEKDAYS[:5], "weekend": WEEKDAYS[5:]}
    said: dict[str, Any] = {"time_zone": form.get("time_zone", "").strip()}
    for name, days in groups.items():
        if days[0] in hours and all(hours[day] == hours[days[0]] for day in days if day in hours):
            said[name] = hours[days[0]]
            for day in days:
                del hours[day]
    return {**said, **hours}


def _words(schedule: Schedule, weekday: int) -> str:
    parts = [part for part in schedule.hours if part.weekday == weekday]
    if any(part.begin == 0 and part.end == _DAY for part in parts):
        return "always"
    spans = (f"{_clock(part.begin)}-{_clock(part.end, last=True)}" for part in parts)
    return ", ".join(spans) or "never"


def _clock(minutes: int, *, last: bool = False) -> str:
    hours, rest = divmod(minutes, 60)
    if hours > 24 or (hours == 24 and not (last and rest == 0)):
        hours -= 24
    return f"{hours:02}:{rest:02}"


def _hours(words: str) -> Any:
    """A value of a weekday as the file has it."""
    parts = [" ".join(part.split()) for part in words.split(",") if part.strip()]
    if not parts:
        return "never"
    return parts[0] if len(parts) == 1 else parts
