"""The thread that writes: nobody who scores ever waits for a disk.

What is to be written waits in memory (``waiting.py``). A disk that is full or gone is said once and
tried again, each time a little later, until it takes everything; a broken journal is made anew on
the way.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.atomic import atomic_path
from oddframe.files.folder_lock import Held
from oddframe.journal.database import is_broken
from oddframe.journal.indexing import UPSERT, opened, row_of, unusable
from oddframe.journal.live_event import LiveEvent
from oddframe.journal.sidecars import write_sidecar
from oddframe.journal.state_folder import StateFolder
from oddframe.journal.waiting import Waiting

SETTLING = 5.0
"""Seconds that scores of a minute wait for more of them: so many are lost to a ``kill -9``."""

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
"""Seconds between two tries of a disk that takes nothing."""

_MINUTE = """
    INSERT INTO minutes VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
        frames = frames + excluded.frames, total = total + excluded.total,
        lowest = min(lowest, excluded.lowest), highest = max(highest, excluded.highest),
        threshold = excluded.threshold, latest = max(latest, excluded.latest)
"""
_KEPT = "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)"


class DiskWriter:
    """Writes what it is given, in a thread of its own.

    Args:
        state: the folder, of which this process is the only writer.
        connection: to its journal.
        say: told a line when the disk takes nothing, when it does again, and what was lost.
        held: that it is.

    Attributes:
        trouble: why nothing can be written now, a line; ``""`` while all is well.
        lost: how many things were lost because too many waited.
    """

    def __init__(
        self,
        state: StateFolder,
        connection: sqlite3.Connection,
        say: Callable[[str], object],
        held: Held,
    ) -> None:
        self.trouble, self.lost = "", 0
        self._state, self._say, self._held = state, say, held
        self._connection: sqlite3.Connection | None = connection
        self._file = _which(state.journal)
        self._changed = threading.Condition()
        self._disk = threading.Lock()
        self._waiting, self._in_flight = Waiting(), Waiting()
        self._asked = self._done = 0
        self._urgent = self._stopping = self._remake = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @contextmanager
    def adding(self, *, urgent: bool = True) -> Generator[Waiting]:
        """Add to what waits.

        Args:
            urgent: write it at once, rather than when it has settled.
        """
        with self._changed:
            yield self._waiting
            self.lost += self._waiting.drop_oldest()
            self._asked += 1
            if urgent and not self.trouble:
                self._urgent = True
                self._changed.notify_all()

    def events(self) -> dict[str, LiveEvent]:
        """The events that wait, by id."""
        with self._changed:
            return {**self._in_flight.events, **self._waiting.events}

    def kept(self, camera: str, name: str) -> str | None:
        """The JSON that waits for a camera by a name."""
        with self._changed:
            both = {**self._in_flight.kept, **self._waiting.kept}
        return both.get((camera, name))

    def flush(self, within: float) -> bool:
        """Write all at once, and wait for it.

        Args:
            within: seconds to wait at most.

        Returns:
            Whether all that was added before is on disk.
        """
        with self._changed:
            asked = self._asked
            self._urgent = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._done >= asked, within)

    def make_anew(self) -> None:
        """The journal turned out to be broken: put it aside, and make it anew."""
        with self._changed:
            self._remake = True
            self._asked += 1
        self.flush(60.0)

    @contextmanager
    def forgetting(self, event_id: str) -> Generator[None]:
        """For a block that removes an event's files: nothing writes them meanwhile, nor later."""
        with self._disk:
            with self._changed:
                for waiting in (self._waiting, self._in_flight):
                    waiting.events.pop(event_id, None)
                    waiting.pictures.pop(event_id, None)
            yield
        with self.adding() as waiting:
            waiting.rows.append(("DELETE FROM events WHERE id = ?", (event_id,)))

    def stop(self, within: float) -> bool:
        """Write what waits and end; whether that worked in so many seconds."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(within)
        if self._thread.is_alive():
            return False  # a disk that hangs: the thread ends with the process
        if self._connection is not None:
            self._connection.close()
        return not self._waiting

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            with self._changed:
                ready = lambda: self._urgent or self._stopping  # noqa: E731
                self._changed.wait_for(ready, pause if self.trouble else SETTLING)
                last = self._stopping
                self._urgent = False
                asked, taken = self._asked, self._waiting
                self._in_flight, self._waiting = taken, Waiting()
            with self._disk:
                try:
                    left, trouble = self._write(taken)
                except Exception as error:  # a thread that ends would be missed months later
                    left, trouble = taken, f"{self._state.root}: {type(error).__name__}: {error}"
                with self._changed:
                    self._in_flight, self._waiting = Waiting(), self._waiting.after(left)
                    self.lost += self._waiting.drop_oldest()
                    said = self._change_of(trouble)
                    if not trouble:
                        self._done = asked
                        self._changed.notify_all()
            if said:
                self._say(said)
            if last:
                return
            pause = min(2 * pause, _LONGEST_PAUSE) if trouble else _FIRST_PAUSE

    def _change_of(self, trouble: str) -> str:
        """What there is to say: a trouble once, however often it is met, and its end."""
        before, self.trouble = self.trouble, trouble
        if trouble and not before:
            return f"{trouble}; what is to be written waits in memory, and is tried again"
        if before and not trouble:
            lost = f", {self.lost} things were lost" if self.lost else ""
            return f"{self._state.root}: everything that waited is written{lost}"
        return ""

    def _write(self, taken: Waiting) -> tuple[Waiting, str]:
        """What could not be written, and why."""
        try:
            self._held.again()  # whoever took the folder away took the lock as well
        except (OddframeError, OSError) as error:
            return taken, str(error)
        left, trouble = self._write_files(taken)
        rows: list[tuple[str, tuple[Any, ...]]] = []
        try:
            for event_id, event in taken.events.items():
                if event_id not in left.events:
                    rows.append((UPSERT, row_of(event, self._state.files_of(event))))
        except OSError as error:  # somebody removed a sidecar
            left.events, trouble = taken.events, str(error)
        for minute in taken.minutes.values():
            rows.append((_MINUTE, tuple(vars(minute).values())))
        rows += [(_KEPT, (*key, value)) for key, value in taken.kept.items()]
        rows += taken.rows
        try:
            self._write_rows(rows)
        except (sqlite3.Error, OddframeError, OSError) as error:
            left = replace(taken, pictures=left.pictures)
            trouble = str(error)
            if isinstance(error, sqlite3.Error):
                trouble = str(unusable(self._state.journal, error))
        return left, trouble

    def _write_files(self, taken: Waiting) -> tuple[Waiting, str]:
        """Sidecars, then the pictures that they name: what is no event's is never removed."""
        left, trouble = Waiting(), ""
        for event_id, event in taken.events.items():
            try:
                write_sidecar(self._state.files_of(event), event)
            except (OddframeError, OSError) as error:
                left.events[event_id], trouble = event, str(error)
        for event_id, (files, jpeg) in taken.pictures.items():
            if event_id in left.events:
                left.pictures[event_id] = files, jpeg
                continue
            try:
                with atomic_path(files.picture) as temporary:
                    temporary.write_bytes(jpeg)
            except (OddframeError, OSError) as error:
                left.pictures[event_id], trouble = (files, jpeg), str(error)
        return left, trouble

    def _write_rows(self, rows: list[tuple[str, tuple[Any, ...]]]) -> None:
        connection = self._usable()
        try:
            _in_one_go(connection, rows)
        except sqlite3.DatabaseError as error:
            if not is_broken(error):
                raise
            self._remake = True
            _in_one_go(self._usable(), rows)

    def _usable(self) -> sqlite3.Connection:
        """The connection; a new one where the file broke or was taken away."""
        path = self._state.journal
        if self._connection is None or self._remake or _which(path) != self._file:
            if (old := self._connection) is not None:
                self._connection = None
                with suppress(sqlite3.Error):  # its disk may be gone
                    old.close()
            self._connection, indexed = opened(self._state)
            self._file, self._remake = _which(path), False
            self._say(indexed.trouble or f"{path}: opened anew")
        return self._connection


def _which(path: Path) -> tuple[int, int] | None:
    """Which file stands there now; a disk that was put back has the same under another device."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _in_one_go(connection: sqlite3.Connection, rows: list[tuple[str, tuple[Any, ...]]]) -> None:
    if not rows:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement, values in rows:
            connection.execute(statement, values)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled it back already
            connection.execute("ROLLBACK")
        raise
