"""What one threshold, or one budget, would have meant in the last week: how many calls, and which.

Of a threshold it is counted in the highest score of each minute, which the journal keeps of every
minute that was watched; of a budget in the events of that time, told again one by one to the very
budget that watching uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from oddframe.console.words import count, sentence
from oddframe.journal.live_event import LiveEvent
from oddframe.journal.question import Question
from oddframe.journal.records import ScoreMinute
from oddframe.serving.consequence import WEEK, calls_at, watched_time
from oddframe.serving.local_time import day_of, moment
from oddframe.serving.site import Site, address
from oddframe.watching.budget import Budget

MOST_SHOWN = 20
_MOST_EVENTS = 10_000


@dataclass(frozen=True)
class Meant:
    """What would have been.

    Attributes:
        lead: how many.
        calls: the latest of them: words, and the address of what there is of it.
        more: how many are not shown; ``""`` of none.
        notes: what else to know.
    """

    template: ClassVar[str] = "serving/meant.html"
    lead: str
    calls: Sequence[tuple[str, str]] = ()
    more: str = ""
    notes: Sequence[str] = ()


_NOTHING = Meant(
    "Nothing is known of the last week yet; look again when it was watched for a while."
)


def with_threshold(site: Site, camera: str, threshold: float, now: float) -> Meant:
    """What a threshold would have meant.

    Args:
        site: whose journal is read.
        camera: its name.
        threshold: the one that is thought of.
        now: Unix seconds.
    """
    minutes = site.reader.minutes(camera, now - WEEK, now)
    if not minutes:
        return _NOTHING
    calls = calls_at(minutes, threshold)
    events = site.reader.events(Question(camera, now - WEEK, now, most=_MOST_EVENTS))
    shown = [
        _call(camera, call, minutes, events, threshold) for call in reversed(calls[-MOST_SHOWN:])
    ]
    notes = ["What follows within a minute is one call; hours that are not armed count too."]
    lowest = min(one.threshold for one in minutes)
    if threshold < lowest:
        notes.append(
            f"Below {lowest:.2f} nothing was an event then, and nothing was filmed: of a call that "
            "stayed below it only the highest score of its minutes is known."
        )
    lead = f"At {threshold:.2f}, {watched_time(minutes)} of the last week would have had "
    return _meant(lead, len(calls), shown, notes)


def with_budget(site: Site, camera: str, threshold: float, per_hour: float, now: float) -> Meant:
    """What a budget would have meant.

    Args:
        site: whose journal is read.
        camera: its name.
        threshold: the run's own, above which a budget never lets anything pass.
        per_hour: alarms.
        now: Unix seconds.
    """
    minutes = site.reader.minutes(camera, now - WEEK, now)
    if not minutes:
        return _NOTHING
    budget = Budget(threshold, per_hour)
    since = now - WEEK - budget.window
    budget.limit(60.0 * site.reader.minutes(camera, since, now)[0].minute)  # watched since then
    events = site.reader.events(Question(camera, since, now, most=_MOST_EVENTS))
    told = []
    for event in reversed(events):
        if event.peak <= threshold:
            continue
        is_told = event.peak > budget.limit(event.start) and event.untold != "disarmed"
        if event.verdict != "odd":  # as watching has it: what was rightly told silences nothing
            budget.note(event.peak, event.start, told=is_told)
        if is_told and event.start >= now - WEEK:
            told.append(event)
    shown = [(_words(event), f"/review/{event.id}") for event in reversed(told[-MOST_SHOWN:])]
    when = f"{watched_time(minutes)} of the last week"
    lead = f"With at most {24 * per_hour:g} a day, {when} would have had "
    notes = [
        "Counted in the events that were recorded, by the rule that watching keeps to; what was "
        "not armed then is not among them. It learns from what came before: another week differs."
    ]
    if now - 60.0 * site.reader.minutes(camera, since, now)[0].minute < budget.window:
        notes.append(
            "It was watched for less than a day: a budget tells more then, since it does not know "
            "yet what comes in a day."
        )
    return _meant(lead, len(told), shown, notes)


def _meant(lead: str, many: int, shown: Sequence[tuple[str, str]], notes: Sequence[str]) -> Meant:
    more = f"and {many - len(shown)} before these" if many > len(shown) else ""
    words = f"{count(many, 'alarm')}, {'this' if many == 1 else 'these'}:" if many else "no alarm."
    return Meant(lead + words, shown, more, notes)


def _call(
    camera: str,
    call: tuple[int, int],
    minutes: Sequence[ScoreMinute],
    events: Sequence[LiveEvent],
    threshold: float,
) -> tuple[str, str]:
    begin, end = 60.0 * call[0], 60.0 * (call[1] + 1)
    there = [
        event
        for event in events
        if event.peak > threshold and event.start < end and (event.end or event.seen) >= begin
    ]
    if there:
        oddest = max(there, key=lambda event: event.peak)
        return _words(oddest), f"/review/{oddest.id}"
    highest = max(one.highest for one in minutes if call[0] <= one.minute <= call[1])
    where = address("/timeline", camera=camera, day=day_of(begin).isoformat())
    return f"{moment(begin)[:-3]}: score {highest:.2f}; no event was recorded", where


def _words(event: LiveEvent) -> str:
    reason = f": {sentence(event.reason)}" if event.reason else ""
    return f"{moment(event.start)}, score {event.peak:.2f}{reason}"
