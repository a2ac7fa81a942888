"""Which events are asked for: one value, and one place that says what fits it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

from oddframe.console.characters import made_visible
from oddframe.journal.live_event import LATEST, LiveEvent

MOST = 1000
"""Events that are given at once."""

State = Literal["open", "undecided", "odd", "normal"]
"""It goes on, or its process was killed; there is no word on it, or it is to be looked at later; a
person called it odd, or normal."""

_IS: dict[State, str] = {
    "open": '"end" IS NULL',
    "undecided": "ifnull(verdict, 'later') = 'later'",
    "odd": "verdict = 'odd'",
    "normal": "verdict = 'normal'",
}
_COLUMNS = 'id, camera, start, "end", zone, verdict, content'
"""What a question looks at, as the journal's table of events has it, and :func:`asked_of`."""


@dataclass(frozen=True)
class Question:
    """Which events are asked for; without anything said, all, up to ``most``.

    Attributes:
        camera: of this camera alone.
        since, until: that touch ``[since, until)``, Unix seconds.
        zone: in the zone of this name alone; ``""`` for those in none.
        cue: at whose peak this cue weighs most; ``""`` for those of none.
        state: in this state alone.
        before: that opened before the event of this id: the last one of an earlier answer, to go on
            from there.
        after: that opened after the event of this id; then those that opened first come first.
        most: how many at most, of those that come first.
    """

    camera: str | None = None
    since: float = 0.0
    until: float = LATEST
    zone: str | None = None
    cue: str | None = None
    state: State | None = None
    before: str | None = None
    after: str | None = None
    most: int = MOST

    @property
    def words(self) -> tuple[str, list[Any]]:
        """What follows ``WHERE``, with its values: those that fit, in order."""
        tests = ["start < ?", 'ifnull("end", ?) >= ?']
        values: list[Any] = [self.until, LATEST, self.since]
        if self.state is not None:
            tests.append(_IS[self.state])
        for test, value in (
            ("camera = ?", self.camera),
            ("zone = ?", None if self.zone is None else made_visible(self.zone)),
            ("json_extract(content, '$.cue') = ?", self.cue),
            ("id < ?", self.before),
            ("id > ?", self.after),
        ):
            if value is not None:
                tests.append(test)
                values.append(value)
        way = "DESC" if self.latest_first else "ASC"
        return f"{' AND '.join(tests)} ORDER BY id {way} LIMIT ?", [*values, self.most]

    @property
    def latest_first(self) -> bool:
        """Whether what opened last is given first."""
        return self.after is None

    def among(self, events: Iterable[LiveEvent]) -> list[LiveEvent]:
        """Those of some events that are asked for, as a journal would give them."""
        known = {event.id: event for event in events}
        if not known:
            return []
        which, values = self.words
        with closing(sqlite3.connect(":memory:")) as table:
            table.execute(f"CREATE TABLE events ({_COLUMNS})")
            rows = map(asked_of, known.values())
            table.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            found = table.execute(f"SELECT id FROM events WHERE {which}", values)
            return [known[event_id] for (event_id,) in found]


def asked_of(event: LiveEvent) -> tuple[Any, ...]:
    """What a question looks at: id, camera, start, end, zone, verdict, and all of it in JSON."""
    zone = made_visible(event.zone)  # half a character is one to JSON and none to SQLite
    content = json.dumps(event.to_json(), allow_nan=False)
    return (event.id, event.camera, event.start, event.end, zone, event.verdict, content)
