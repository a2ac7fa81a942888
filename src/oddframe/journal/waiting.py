"""What waits in memory for the disk: the newest of each thing, up to a bound."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from oddframe.journal.live_event import LiveEvent
from oddframe.journal.records import ScoreMinute
from oddframe.journal.state_folder import EventFiles

MOST_EVENTS, MOST_PICTURES, MOST_MINUTES, MOST_ROWS = 2000, 64, 100_000, 20_000
"""That wait at most; then the oldest are lost, and counted."""


@dataclass
class Waiting:
    """What is not on disk yet.

    Attributes:
        events: by id.
        pictures: JPEGs by the event's id, with where they belong.
        minutes: by camera and minute, as far as they are not on disk.
        kept: JSON by camera and name.
        rows: statements with their values, in order.
    """

    events: dict[str, LiveEvent] = field(default_factory=dict)
    pictures: dict[str, tuple[EventFiles, bytes]] = field(default_factory=dict)
    minutes: dict[tuple[str, int], ScoreMinute] = field(default_factory=dict)
    kept: dict[tuple[str, str], str] = field(default_factory=dict)
    rows: deque[tuple[str, tuple[Any, ...]]] = field(default_factory=deque)

    def __bool__(self) -> bool:
        return any((self.events, self.pictures, self.minutes, self.kept, self.rows))

    def add_minute(self, minute: ScoreMinute) -> None:
        """More scores of a minute."""
        key = minute.camera, minute.minute
        before = self.minutes.get(key)
        self.minutes[key] = minute if before is None else before.and_then(minute)

    def after(self, older: Waiting) -> Waiting:
        """Both; where they have the same thing, this one's."""
        both = Waiting(
            {**older.events, **self.events},
            {**older.pictures, **self.pictures},
            dict(older.minutes),
            {**older.kept, **self.kept},
            deque([*older.rows, *self.rows]),
        )
        for minute in self.minutes.values():
            both.add_minute(minute)
        return both

    def drop_oldest(self) -> int:
        """Keep to the bounds; how many things were lost by it."""
        lost = 0
        bounds: list[tuple[dict[Any, Any], int]] = [
            (self.events, MOST_EVENTS),
            (self.pictures, MOST_PICTURES),
            (self.minutes, MOST_MINUTES),
        ]
        for things, most in bounds:
            while len(things) > most:
                del things[next(iter(things))]
                lost += 1
        while len(self.rows) > MOST_ROWS:
            self.rows.popleft()
            lost += 1
        return lost
