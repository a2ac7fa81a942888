"""The journal of what watching finds, to be written by one process and read by all."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from oddframe.console.characters import made_visible
from oddframe.errors import OddframeError
from oddframe.files.folder_lock import Held, alone_in
from oddframe.journal.fresh_reading import A_MOMENT, FreshReader
from oddframe.journal.indexing import Indexed, opened, unusable
from oddframe.journal.live_event import LiveEvent, Verdict
from oddframe.journal.question import Question
from oddframe.journal.records import RecordedGap, ScoreMinute
from oddframe.journal.second_look import SecondLook
from oddframe.journal.state_folder import StateFolder
from oddframe.journal.waiting import Waiting
from oddframe.journal.writing import DiskWriter

NOT_WATCHED = "not watched"
"""Why there is a gap between the end of one process and the beginning of the next."""

_GAP = "INSERT OR REPLACE INTO gaps VALUES (?, ?, ?, ?)"
_STATE = "INSERT OR REPLACE INTO states VALUES (?, ?, ?, ?)"
_OPEN_GAP = 'SELECT * FROM gaps WHERE camera = ? AND "end" IS NULL ORDER BY start DESC LIMIT 1'
_LAST_KNOWN = """
    SELECT max(known) FROM (
        SELECT max(latest) AS known FROM minutes WHERE camera = ?1 UNION ALL
        SELECT max("end") FROM gaps WHERE camera = ?1 UNION ALL
        SELECT max("end") FROM events WHERE camera = ?1)
"""
_CLOSING = 10.0
"""Seconds that the end of a process waits for the disk."""
_EVERY = 1_000_000_000
"""More events than there are."""
_MOST_FOLLOWED = 2000
"""Events of which the newest state is remembered: far more than are open at any time."""


@contextmanager
def open_journal(folder: Path, say: Callable[[str], object]) -> Generator[Journal]:
    """Be the one who writes in a state folder, which is made if it is missing.

    Args:
        folder: the state folder.
        say: told a line of what was mended, cannot be written, or was lost; from any thread.

    Raises:
        OddframeError: another process is writing there, the folder cannot be written, its disk is
            full, or its journal is of a later version.
    """
    state = StateFolder(folder)
    with alone_in(folder, option="--state") as held:
        try:
            connection, indexed = opened(state)
        except sqlite3.Error as error:
            raise unusable(state.journal, error) from error
        journal = Journal(state, connection, indexed, say, held)
        try:
            yield journal
        finally:
            journal.close()


class Journal(FreshReader):
    """What :func:`open_journal` gives; any thread may write.

    Nothing that is written waits for the disk: it is taken over by a thread, and by
    :meth:`flush` one waits for that.

    Args:
        state: the folder, of which this process is the only writer.
        connection: to its journal.
        indexed: what came of looking at the sidecars.
        say: told a line.
        held: that it is.
    """

    def __init__(
        self,
        state: StateFolder,
        connection: sqlite3.Connection,
        indexed: Indexed,
        say: Callable[[str], object],
        held: Held,
    ) -> None:
        super().__init__(state, DiskWriter(state, connection, say, held))
        self._say = say
        if indexed.trouble:
            say(indexed.trouble)
        if indexed.unreadable:
            more = len(indexed.unreadable) - 1
            also = f" (and {more} more like it)" * (more > 0)
            say(f"left alone, with its clip: {indexed.unreadable[0]}{also}")
        self._gaps: dict[str, RecordedGap] = {}
        self._states: dict[str, str] = {}
        self._newest: dict[str, LiveEvent] = {}

    @property
    def trouble(self) -> str:
        """Why nothing can be written now, a line; ``""`` while all is well."""
        return self._writer.trouble

    @property
    def lost(self) -> int:
        """How many things were lost because the disk took nothing for too long."""
        return self._writer.lost

    def write(self, event: LiveEvent, picture: bytes | None = None) -> LiveEvent:
        """An event opened, went on, was closed, or its clip is done: its newest state.

        A verdict or a second look is never taken back by it: whoever follows the event need not
        know of one. The size of its files counts as it is now, so write it once more when its clip
        is done.

        Args:
            event: all of it. ``clip`` names a file that is being written; see
                :class:`~oddframe.journal.state_folder.EventFiles`.
            picture: a JPEG, which becomes the event's.

        Returns:
            The event as it will stand on disk.
        """
        files = self.state.files_of(event)
        if picture is not None:
            event = replace(event, picture=files.name(files.picture))
        with self._writer.adding() as waiting:
            if known := self._newest.get(event.id):
                event = replace(event, verdict=known.verdict, second=known.second)
            json.dumps(event.to_json(), allow_nan=False)  # what is no plain value fails here
            self._take(event, waiting)
            if picture is not None:
                waiting.pictures[event.id] = files, picture
        return event

    def judge(self, event_id: str, verdict: Verdict | None) -> LiveEvent:
        """A person's word on an event; None takes it back.

        Raises:
            OddframeError: there is no such event.
        """
        return self._said_of(event_id, verdict=verdict)

    def looked_again(self, event_id: str, second: SecondLook) -> LiveEvent:
        """What a model said of an event.

        Raises:
            OddframeError: there is no such event.
        """
        return self._said_of(event_id, second=second)

    def forget(self, event: LiveEvent) -> int:
        """Remove an event with its clips, its picture and its sidecar, and no other file.

        Returns:
            Bytes of them.

        Raises:
            OSError: a file cannot be removed; the event stays, with the files that are left.
        """
        removed = 0
        with self._writer.forgetting(event.id):
            self._newest.pop(event.id, None)
            for path in self.state.files_of(event).there():
                size = path.stat().st_size
                path.unlink()
                removed += size
        return removed

    def forget_scores(self, camera: str, until: float) -> None:
        """Remove what is known of a camera beside its events: gaps, states, scores of minutes.

        Args:
            camera: its name.
            until: what was over before this time.
        """
        with self._writer.adding(urgent=False) as waiting:
            waiting.rows += [
                ("DELETE FROM minutes WHERE camera = ? AND minute < ?", (camera, until // 60)),
                ("DELETE FROM states WHERE camera = ? AND at < ?", (camera, until)),
                ('DELETE FROM gaps WHERE camera = ? AND "end" < ?', (camera, until)),
            ]

    def close_interrupted(
        self, tell: Callable[[LiveEvent], object], camera: str | None = None
    ) -> list[LiveEvent]:
        """Close the events that a killed process left open: they ended when they were last seen.

        To be called before a camera is watched. If this process is killed too, the same
        events are told again by the next one, with the same content; none is left out.

        Args:
            tell: told of each, closed, before that is written.
            camera: whose; None for all.

        Returns:
            Them, the oldest first.
        """
        found = []
        for event in reversed(self.events(Question(camera, state="open", most=_EVERY))):
            over = self.state.with_its_files(event.closed(event.seen, "interrupted"))
            tell(over)
            found.append(self.write(over))
        self.flush(_CLOSING)
        return found

    def watching(self, camera: str, at: float) -> None:
        """A camera is going to be watched: since it was last, there is a gap, which goes on.

        Args:
            camera: its name.
            at: now.
        """
        self.flush(A_MOMENT)
        if left := self._rows(_OPEN_GAP, camera):
            self._gaps[camera] = RecordedGap(*left[0])
            return
        last = self._rows(_LAST_KNOWN, camera)[0][0]
        if last is not None and last < at:
            self.gap_begins(camera, last, NOT_WATCHED)

    def gap_begins(self, camera: str, at: float, reason: str) -> None:
        """No frames come any more; nothing if that is known.

        Args:
            camera: its name.
            at: when the last one was filmed.
            reason: why, for a person.
        """
        with self._writer.adding() as waiting:
            if camera not in self._gaps:
                gap = self._gaps[camera] = RecordedGap(camera, at, None, made_visible(reason))
                waiting.rows.append((_GAP, tuple(vars(gap).values())))

    def gap_ends(self, camera: str, at: float) -> None:
        """Frames come again; nothing if there is no gap.

        Args:
            camera: its name.
            at: when the first one was filmed.
        """
        with self._writer.adding() as waiting:
            if gap := self._gaps.pop(camera, None):
                over = replace(gap, end=max(at, gap.start))
                waiting.rows.append((_GAP, tuple(vars(over).values())))

    def camera_is(self, camera: str, at: float, state: str, reason: str = "") -> None:
        """What a camera is now; nothing if that is what it was, as far as this process knows.

        Args:
            camera: its name.
            at: since when.
            state: ``up``, ``down``, ``paused``, ...
            reason: why, for a person.
        """
        with self._writer.adding() as waiting:
            if self._states.get(camera) != state:
                self._states[camera] = state
                waiting.rows.append((_STATE, (camera, at, state, made_visible(reason))))

    def scored(self, camera: str, at: float, score: float, threshold: float) -> None:
        """The score of one frame, for the scores of its minute.

        Args:
            camera: its name.
            at: when it was filmed.
            score, threshold: what it was, and was compared with.
        """
        score, threshold = float(score), float(threshold)
        if not (math.isfinite(score) and math.isfinite(threshold)):
            raise ValueError(f"a score of {score}, a threshold of {threshold}")
        minute = ScoreMinute(camera, int(at // 60), 1, score, score, score, threshold, at)
        with self._writer.adding(urgent=False) as waiting:
            waiting.add_minute(minute)

    def keep(self, camera: str, name: str, value: Any) -> None:
        """Keep a plain value of a camera over restarts, such as whether it is armed."""
        text = json.dumps(value, allow_nan=False)
        with self._writer.adding() as waiting:
            waiting.kept[camera, name] = text

    def close(self) -> None:
        """Write what waits; what cannot be written by then is lost, and said."""
        if not self._writer.stop(_CLOSING):
            left = len(self._writer.events())
            self._say(f"{self.state.root}: the disk took nothing more; {left} events are lost")

    def _said_of(self, event_id: str, **said: Any) -> LiveEvent:
        event = self.event(event_id)
        if event is None:
            raise OddframeError(f"{self.state.root}: expected the id of an event, found {event_id}")
        with self._writer.adding() as waiting:
            # What is followed by somebody may have gone on since it was asked for.
            event = replace(self._newest.get(event_id, event), **said)
            self._take(event, waiting)
        return event

    def _take(self, event: LiveEvent, waiting: Waiting) -> None:
        waiting.events[event.id] = event
        self._newest.pop(event.id, None)
        self._newest[event.id] = event
        if len(self._newest) > _MOST_FOLLOWED:
            del self._newest[next(iter(self._newest))]
