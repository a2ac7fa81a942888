"""A camera is armed by the clock on the wall: over midnight, and where that clock is set."""

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddframe.cameras.schedule import ALWAYS, KEYS, WEEKDAYS, read_schedule
from oddframe.errors import OddframeError
from oddframe.files.yaml_table import YamlTable


def read(**content):
    return read_schedule(YamlTable(Path("cameras.yaml"), content, KEYS, "schedule"))


def by_the_machine(moments, zone):
    """Weekday (1 is Monday), hour and minute that ``date`` shows, as a clock on the wall."""
    lines = "\n".join(f"@{moment}" for moment in moments)
    said = subprocess.run(
        ["date", "-f", "-", "+%u %H %M"],
        input=lines,
        env={**os.environ, "TZ": zone},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [tuple(map(int, line.split())) for line in said]


def minutes_of(day, span):
    """Every (weekday, hour, minute) of hours that begin on a day, walked minute by minute."""
    begin, end = span.split("-")
    weekday = WEEKDAYS.index(day)
    hour, minute = map(int, begin.split(":"))
    found = set()
    while True:
        found.add((weekday + 1, hour, minute))
        minute += 1
        if minute == 60:
            hour, minute = hour + 1, 0
        if f"{hour:02}:{minute:02}" == end:
            return found
        if hour == 24:
            weekday, hour = (weekday + 1) % 7, 0
            if f"{hour:02}:{minute:02}" == end:
                return found


SPANS = {
    "monday": ["18:00-07:30", "12:00-12:01"],
    "friday": ["22:15-24:00"],
    "saturday": ["00:00-03:00", "02:30-02:45", "23:59-00:01"],
    "sunday": ["01:30-03:30", "20:00-02:30"],
}


@pytest.mark.parametrize(
    ("zone", "around"),
    [
        ("Europe/Vienna", "2026-03-29"),  # 02:00 becomes 03:00
        ("Europe/Vienna", "2026-10-25"),  # 03:00 becomes 02:00
        ("America/New_York", "2026-11-01"),
        ("Australia/Lord_Howe", "2026-04-05"),  # by half an hour
        ("Asia/Kathmandu", "2026-06-07"),  # 5:45 from UTC
        ("UTC", "2026-12-31"),
    ],
)
def test_every_minute_of_a_week_as_the_machine_s_clock_shows_it(zone, around):
    schedule = read(time_zone=zone, **SPANS)
    wanted = set().union(*(minutes_of(day, one) for day, those in SPANS.items() for one in those))
    first = int(datetime.fromisoformat(around).replace(tzinfo=UTC).timestamp()) - 4 * 86400
    moments = [first + 60 * number for number in range(8 * 1440)]
    shown = by_the_machine(moments, zone)
    armed = [schedule.armed(datetime.fromtimestamp(moment, UTC)) for moment in moments]
    assert armed == [clock in wanted for clock in shown]
    assert 0.1 < sum(armed) / len(armed) < 0.5


def test_hours_that_the_clock_shows_twice_are_armed_twice_and_skipped_ones_not_at_all():
    schedule = read(time_zone="Europe/Vienna", sunday="02:00-03:00")

    def minutes(day):
        begin = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(hours=6)
        return sum(schedule.armed(begin + timedelta(minutes=n)) for n in range(36 * 60))

    assert [minutes(day) for day in ("2026-10-18", "2026-10-25", "2026-03-29")] == [60, 120, 0]


@settings(max_examples=30)
@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)), st.sampled_from(sorted(SPANS)))
def test_the_zone_that_a_time_is_given_in_changes_nothing(moment, day):
    schedule = read(time_zone="Europe/Vienna", **{day: SPANS[day]})
    at = moment.replace(tzinfo=UTC)
    elsewhere = at.astimezone(ZoneInfo("Pacific/Auckland"))
    assert schedule.armed(at) == schedule.armed(elsewhere)


def test_always_is_always_and_a_day_says_otherwise_than_its_group():
    begin = datetime(2026, 3, 23, tzinfo=UTC)
    week = [begin + timedelta(minutes=7 * n) for n in range(1440)]
    assert all(ALWAYS.armed(at) for at in week)
    schedule = read(
        time_zone="UTC", sunday="always", every_day="12:00-13:00", weekend="never", friday="never"
    )
    assert {at.weekday() for at in week if schedule.armed(at)} == {0, 1, 2, 3, 6}
    assert all(schedule.armed(at) for at in week if at.weekday() == 6)
    assert {at.hour for at in week if schedule.armed(at) and at.weekday() < 5} == {12}


def test_a_time_that_does_not_know_its_zone_is_refused():
    with pytest.raises(ValueError, match="knows its zone"):
        ALWAYS.armed(datetime(2026, 1, 1))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"monday": "always"}, "'schedule.time_zone' is missing"),
        ({"time_zone": "Europe/Vienne", "monday": "always"}, "did you mean 'Europe/Vienna'?"),
        ({"time_zone": "../../etc/passwd", "monday": "always"}, "expected one such as Europe/Vie"),
        ({"time_zone": "UTC", "mondays": "always"}, "did you mean 'monday'?"),
        ({"time_zone": "UTC"}, "a schedule without days"),
        ({"time_zone": "UTC", "monday": "18:00"}, "expected always, never, hours such as 18:00-07"),
        ({"time_zone": "UTC", "monday": []}, "'schedule.monday': expected always, never"),
        ({"time_zone": "UTC", "monday": 1080}, "'schedule.monday': expected always, never"),
        ({"time_zone": "UTC", "monday": "18:00-18:00"}, "hours that end later than they begin"),
        ({"time_zone": "UTC", "monday": "18:60-19:00"}, "hours from 00:00 to 24:00"),
        ({"time_zone": "UTC", "monday": "24:00-25:00"}, "hours from 00:00 to 24:00"),
        ({"time_zone": "UTC", "monday": ["08:00-09:00", True]}, "found True"),
    ],
)
def test_what_is_no_schedule_is_refused_in_one_line(content, said):
    with pytest.raises(OddframeError) as error:
        read(**content)
    assert str(error.value).startswith("cameras.yaml: ")
    assert said in str(error.value)
