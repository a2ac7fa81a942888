"""Asking the journal: events, gaps, states and scores, also while another process writes it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

from oddframe.errors import OddframeError
from oddframe.journal.database import is_broken, open_to_read
from oddframe.journal.live_event import LATEST, LiveEvent
from oddframe.journal.question import Question
from oddframe.journal.records import RecordedGap, RecordedState, ScoreMinute
from oddframe.journal.state_folder import StateFolder

ALL = Question()
"""All events, up to as many as are given at once."""


_LATELY = 5000
"""Events that are looked at for what there is to choose from."""


class BrokenJournalError(OddframeError):
    """The file of the journal is no database any more."""


class JournalReader:
    """What was written. Every question opens the file anew, so any thread may ask.

    Times are Unix seconds; of stretches of time those are given that touch ``[since, until)``.

    Args:
        state: the folder; before anything was written there, nothing is found.

    Raises (every method):
        OddframeError: the journal cannot be read.
    """

    def __init__(self, state: StateFolder) -> None:
        self.state = state

    def event(self, event_id: str) -> LiveEvent | None:
        """The event of this id; None if there is none."""
        found = self._events("id = ?", event_id)
        return found[0] if found else None

    def events(self, asked: Question = ALL) -> list[LiveEvent]:
        """The events that are asked for, those that opened last first, but see ``after``."""
        which, values = asked.words
        return self._events(which, *values)

    def count(self, asked: Question = ALL) -> int:
        """How many events are asked for, up to ``most``."""
        which, values = asked.words
        found = self._rows(f"SELECT count(*) FROM (SELECT 1 FROM events WHERE {which})", *values)
        return int(found[0][0]) if found else 0

    def cameras(self) -> list[str]:
        """The names of all cameras that anything is known of, sorted."""
        tables = ("events", "states", "minutes", "gaps")
        question = " UNION ".join(f"SELECT DISTINCT camera FROM {table}" for table in tables)
        return sorted(name for (name,) in self._rows(question))

    def newest(self) -> float:
        """When anything was known last, in Unix seconds; 0 of nothing."""
        events = [event.seen for event in self.events(Question(most=1))]
        known = self._rows("SELECT max(latest) FROM minutes UNION SELECT max(at) FROM states")
        return max([*events, *(at for (at,) in known if at is not None)], default=0.0)

    def zones_and_cues(self) -> tuple[list[str], list[str]]:
        """The zones that the latest events were in, and the cues that they were odd by, sorted."""
        latest = f"(SELECT zone, content FROM events ORDER BY id DESC LIMIT {_LATELY})"
        zones = self._rows(f"SELECT DISTINCT zone FROM {latest}")
        cues = self._rows(f"SELECT DISTINCT json_extract(content, '$.cue') FROM {latest}")
        return sorted(zone for (zone,) in zones), sorted(cue or "" for (cue,) in cues)

    def gaps(self, camera: str, since: float = 0.0, until: float = LATEST) -> list[RecordedGap]:
        """Time that was not watched, the earliest first."""
        which = 'camera = ? AND start < ? AND ifnull("end", ?) >= ? ORDER BY start'
        rows = self._rows(f"SELECT * FROM gaps WHERE {which}", camera, until, LATEST, since)
        return [RecordedGap(*row) for row in rows]

    def states(self, camera: str, since: float = 0.0, until: float = LATEST) -> list[RecordedState]:
        """What the camera came to be, the earliest first; the first is what it was by ``since``."""
        before = "SELECT ifnull(max(at), 0) FROM states WHERE camera = ? AND at <= ?"
        which = f"camera = ? AND at < ? AND at >= ({before}) ORDER BY at"
        rows = self._rows(f"SELECT * FROM states WHERE {which}", camera, until, camera, since)
        return [RecordedState(*row) for row in rows]

    def minutes(self, camera: str, since: float = 0.0, until: float = LATEST) -> list[ScoreMinute]:
        """The scores of each minute that has any, the earliest first."""
        which = "camera = ? AND minute < ? AND minute > ? ORDER BY minute"
        rows = self._rows(
            f"SELECT * FROM minutes WHERE {which}", camera, until / 60, since / 60 - 1
        )
        return [ScoreMinute(*row) for row in rows]

    def kept(self, camera: str, name: str) -> Any:
        """The value that was kept for a camera by this name; None if there is none."""
        rows = self._rows("SELECT value FROM kept WHERE camera = ? AND name = ?", camera, name)
        return json.loads(rows[0][0]) if rows else None

    def oldest(self, camera: str | None, until: float, most: int) -> list[LiveEvent]:
        """Events that were over before a time, in the order in which they may be forgotten.

        That is the oldest first, but those last that a person called odd.

        Args:
            camera: of this camera alone.
            until: the time.
            most: how many at most.
        """
        which = '"end" < ?'
        values: list[Any] = [until]
        if camera is not None:
            which, values = f"{which} AND camera = ?", [*values, camera]
        order = "ORDER BY verdict IS 'odd', id LIMIT ?"
        return self._events(f"{which} {order}", *values, most)

    def sizes(self) -> dict[str, int]:
        """Bytes of the files of all events, by camera, as they were when these were written."""
        return dict(self._rows("SELECT camera, sum(bytes) FROM events GROUP BY camera"))

    def _events(self, which: str, *values: Any) -> list[LiveEvent]:
        rows = self._rows(f"SELECT content FROM events WHERE {which}", *values)
        return [LiveEvent.from_json(json.loads(row), str(self.state.journal)) for (row,) in rows]

    def _rows(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        path = self.state.journal
        if not path.exists():
            return []
        try:
            with closing(open_to_read(path)) as connection:
                return connection.execute(question, values).fetchall()
        except sqlite3.Error as error:
            kind = BrokenJournalError if is_broken(error) else OddframeError
            raise kind(
                f"{path}: the journal cannot be read ({error}); it is made anew from the sidecars "
                "when watching starts"
            ) from error
