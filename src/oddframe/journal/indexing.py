"""The journal holds what the sidecars say: at every start, and after it broke."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError
from oddframe.files.atomic import cannot_write
from oddframe.files.folder_lock import alone_in
from oddframe.journal.database import (
    is_broken,
    open_to_write,
    put_aside,
    save_what_can_be_read,
)
from oddframe.journal.live_event import LiveEvent
from oddframe.journal.question import asked_of
from oddframe.journal.sidecars import read_sidecar
from oddframe.journal.state_folder import EventFiles, StateFolder

UPSERT = "INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
"""Of what :func:`row_of` gives."""


@dataclass(frozen=True)
class Indexed:
    """What came of looking at all sidecars.

    Attributes:
        read: how many were read, since they were new or had changed.
        gone: how many events were forgotten, since they have none any more.
        unreadable: what is wrong with others, a line each; they and their clips stay as they are.
        trouble: why the journal was made anew, a line; ``""`` if it was not.
    """

    read: int
    gone: int
    unreadable: tuple[str, ...]
    trouble: str = ""


def rebuild(folder: Path) -> Indexed:
    """Make the journal of a state folder anew from the sidecars, while nobody writes there.

    What stands in no sidecar (gaps, states, the scores of each minute) is taken over from the old
    one as far as it can be read; that stays beside it as ``journal.broken.sqlite``.

    Raises:
        OddframeError: somebody is writing there, or the disk is full.
    """
    state = StateFolder(folder)
    with alone_in(folder, option="--state"):
        try:
            connection, indexed = _made_anew(state, f"{state.journal}: made anew, as asked")
        except sqlite3.Error as error:
            raise unusable(state.journal, error) from error
        connection.close()
    return indexed


def opened(state: StateFolder) -> tuple[sqlite3.Connection, Indexed]:
    """The journal, to write, after all sidecars were looked at; made anew if it is broken.

    Raises:
        OddframeError: a journal of a later version, or another program's file.
        sqlite3.Error: a full disk, or a folder that cannot be written.
    """
    was = _missing(state.journal)
    try:
        connection = open_to_write(state.journal)
        try:
            indexed = _indexed(connection, state)
            if indexed.read and was:
                said = f"{state.journal}: was {was}; made from {indexed.read} sidecars"
                indexed = replace(indexed, trouble=said)
            return connection, indexed
        except BaseException:
            connection.close()
            raise
    except sqlite3.DatabaseError as error:
        if not is_broken(error):
            raise
        return _made_anew(state, f"{state.journal}: broken ({error})")


def _missing(journal: Path) -> str:
    """How a journal is that has nothing in it; ``""`` of one that may have."""
    if not journal.exists():
        return "not there"
    return "" if journal.stat().st_size else "empty"


def row_of(event: LiveEvent, files: EventFiles) -> tuple[Any, ...]:
    """An event as a row of the journal.

    Raises:
        OSError: its sidecar is not there.
    """
    names = (event.clip, event.picture, *event.later_clips)
    paths = [files.root / name for name in names if name is not None]
    size = sum(path.stat().st_size for path in (files.sidecar, *paths) if path.is_file())
    *about, content = asked_of(event)
    return (*about, size, stamp_of(files), content)


def stamp_of(files: EventFiles) -> str:
    """Another whenever the sidecar was written again, by whom ever.

    Raises:
        OSError: it is not there.
    """
    found = files.sidecar.stat()
    return f"{found.st_mtime_ns} {found.st_size} {found.st_ino}"


def unusable(journal: Path, error: sqlite3.Error) -> OddframeError:
    """The one line on a journal that cannot be opened, with what helps."""
    return cannot_write(journal, OSError(str(error)))


def _made_anew(state: StateFolder, why: str) -> tuple[sqlite3.Connection, Indexed]:
    aside = put_aside(state.journal)
    connection = open_to_write(state.journal)
    try:
        connection.execute("BEGIN IMMEDIATE")
        saved = save_what_can_be_read(aside, connection)
        connection.execute("COMMIT")
        indexed = _indexed(connection, state)
    except BaseException:
        connection.close()
        raise
    rows = f"{saved} of its rows" if saved else "none of its gaps, states and scores"
    said = (
        f"{why}; made anew from {indexed.read} sidecars, with {rows}; the old one is {aside.name}"
    )
    return connection, replace(indexed, trouble=said)


def _indexed(connection: sqlite3.Connection, state: StateFolder) -> Indexed:
    stamps = dict(connection.execute("SELECT id, stamp FROM events").fetchall())
    rows, unreadable = [], []
    for files in state.events_on_disk():
        known = stamps.pop(files.event_id, None)
        try:
            if stamp_of(files) != known:
                rows.append(row_of(read_sidecar(files), files))
        except OddframeError as error:  # what the journal knows of it stays
            unreadable.append(str(error))
        except FileNotFoundError:
            continue  # removed in the meantime
    if rows or stamps:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(UPSERT, rows)
        connection.executemany("DELETE FROM events WHERE id = ?", [(gone,) for gone in stamps])
        connection.execute("COMMIT")
    return Indexed(len(rows), len(stamps), tuple(unreadable))
