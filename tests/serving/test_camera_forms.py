"""Hours and thresholds as forms, and what they would have meant by a journal that is known."""

from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.made.live_events import NOON, live_event
from tests.serving.conftest import Served

from oddframe.cameras.schedule import ALWAYS, KEYS, WEEKDAYS, Hours, Schedule, read_schedule
from oddframe.errors import OddframeError
from oddframe.files.yaml_table import YamlTable
from oddframe.serving.consequence import consequence
from oddframe.serving.limit_form import limit_in
from oddframe.serving.meant import with_budget, with_threshold
from oddframe.serving.schedule_form import schedule_form, schedule_in
from oddframe.serving.site import Site


def form_of(schedule):
    shown = schedule_form(schedule, None, said="", place=("", ""), may_change=True)
    return {"time_zone": shown.time_zone, **dict(shown.days)}


def read(said):
    said = yaml.safe_load(yaml.safe_dump(said))
    return read_schedule(YamlTable("cameras.yaml", said, KEYS))


spans = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda s: s[0] != s[1] % 1440)


@given(st.lists(st.lists(spans, max_size=3), min_size=7, max_size=7))
def test_hours_come_back_as_they_were(week):
    hours = tuple(
        Hours(day, begin, end if end > begin else end + 1440)
        for day, parts in enumerate(week)
        for begin, end in parts
    )
    schedule = Schedule("Europe/Vienna", hours)
    again = read(schedule_in(form_of(schedule)))
    whole = {(part.weekday) for part in hours if (part.begin, part.end) == (0, 1440)}
    kept = {part for part in hours if part.weekday not in whole}
    assert {part for part in again.hours if part.weekday not in whole} == kept
    assert {part.weekday for part in again.hours if (part.begin, part.end) == (0, 1440)} == whole


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (dict.fromkeys(WEEKDAYS, "always"), {"every_day": "always"}),
        (
            {
                **dict.fromkeys(WEEKDAYS[:5], "18:00-07:00"),
                "saturday": "always",
                "sunday": "always",
            },
            {"weekdays": "18:00-07:00", "weekend": "always"},
        ),
        (
            {"monday": "08:00-12:00, 13:00-17:00"},
            {
                "weekend": "never",
                "monday": ["08:00-12:00", "13:00-17:00"],
                **dict.fromkeys(WEEKDAYS[1:5], "never"),
            },
        ),
    ],
)
def test_days_that_are_alike_are_said_once(days, said):
    assert schedule_in({"time_zone": "UTC", **days}) == {"time_zone": "UTC", **said}


def test_where_nothing_was_said_the_zone_is_the_wall_clock_s(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Vienna")
    assert form_of(ALWAYS) == {"time_zone": "Europe/Vienna", **dict.fromkeys(WEEKDAYS, "always")}
    monkeypatch.setenv("TZ", "Nowhere/At_All")
    assert form_of(ALWAYS)["time_zone"] == ""


def test_armed_spans_are_those_minutes_that_are_armed():
    schedule = Schedule("Europe/Vienna", (Hours(6, 60, 240), Hours(6, 1380, 1500)))
    begin = datetime(2026, 3, 28, 23, tzinfo=UTC).timestamp()  # the clock is set forward that night
    found = schedule.spans(begin, begin + 86_400)
    hours = [((a - begin) / 3600, (b - begin) / 3600) for a, b in found]
    # From 1 to 2, where it becomes 3, and to 4 on the wall; and from 23 to 1.
    assert hours == [(1, 3), (22, 24)]
    assert ALWAYS.spans(begin + 7, begin + 100) == [(begin + 7, begin + 100)]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"by": "threshold", "threshold": "2.5"}, {"threshold": 2.5}),
        ({"by": "budget", "budget": "6", "threshold": "x"}, {"alarms_per_day": 6}),
        ({"by": "file"}, {}),
    ],
)
def test_a_limit_takes_the_place_of_the_others(form, said):
    others = dict.fromkeys(("threshold", "alarms_per_hour", "alarms_per_day"))
    assert limit_in(form) == {**others, **said}


@pytest.mark.parametrize(
    "form",
    [
        {"by": "threshold", "threshold": "nan"},
        {"by": "threshold", "threshold": "-1"},
        {"by": "threshold"},
        {"by": "budget", "budget": "0"},
        {"by": "budget", "budget": "1e99"},
        {"by": "both"},
        {},
    ],
)
def test_a_limit_that_is_none_is_a_line(form):
    with pytest.raises(OddframeError, match="expected"):
        limit_in(form)


def site_of(served: Served) -> Site:
    return Site(served.journal, served.journal, None)


def test_a_threshold_says_which_events_it_would_have_told(served: Served):
    """One minute of the door's hour is at 9, the others at 0.5; two events are in its first."""
    site, now = site_of(served), NOON + 3700
    found = with_threshold(site, "door", 8.0, now)
    assert found.lead == "At 8.00, 1.0 watched hours of the last week would have had 1 alarm, this:"
    ((words, place),) = found.calls
    assert "score 9.00; no event was recorded" in words
    assert place.startswith("/timeline?camera=door&day=")
    assert with_threshold(site, "door", 9.5, now).lead.endswith("would have had no alarm.")
    low = with_threshold(site, "door", 0.25, now)
    oddest = max(served.events[:2], key=lambda event: event.peak)
    assert low.calls[0][1] == f"/review/{oddest.id}"
    assert "Below 3.00 nothing was an event then" in low.notes[-1]
    assert "Nothing is known" in with_threshold(site, "nobody", 1.0, now).lead


def test_of_an_hour_no_number_a_day_is_made(served: Served):
    found = consequence(site_of(served), "door", 3.0, NOON + 3700)
    assert found is not None
    assert found.basis == "Counted in 1.0 watched hours of the last week."
    assert [cell.text for cell in found.table.head] == ["threshold", "calls"]


def test_a_budget_is_told_the_week_again(served: Served):
    site = site_of(served)
    for number in range(40):
        event = live_event(NOON + 7200 + 100 * number, "door", verdict=None, peak=5.0 + number % 7)
        served.journal.write(event)
    now = NOON + 20_000
    few = with_budget(site, "door", 3.0, 2 / 24, now)
    many = with_budget(site, "door", 3.0, 10.0, now)
    all_of_them = with_budget(site, "door", 3.0, 3600.0, now)
    counts = [int(one.lead.rpartition("had ")[2].split()[0]) for one in (few, many, all_of_them)]
    assert 2 <= counts[0] < counts[1] < counts[2] == 43
    assert len(all_of_them.calls) == 20
    assert all_of_them.more == "and 23 before these"
    assert all(place.startswith("/review/") for _, place in many.calls)
    for event in served.journal.events():
        served.journal.judge(event.id, "odd")
    assert " 43 alarms" in with_budget(site, "door", 3.0, 2 / 24, now).lead, "rightly told of"
