"""The SQLite file of the journal: its tables, its version, and what to do when it is broken.

It is a WAL database: whoever reads sees whole transactions while one process writes. A process
that is killed breaks nothing; a disk may, and then the file is put aside and made anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError

APPLICATION = 0x6F646672
"""``odfr``: SQLite files say whose they are."""

_STEPS = (
    """
    CREATE TABLE events (
        id TEXT PRIMARY KEY, camera TEXT NOT NULL, start REAL NOT NULL, "end" REAL,
        zone TEXT NOT NULL, verdict TEXT, bytes INTEGER NOT NULL, stamp TEXT NOT NULL,
        content TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX events_by_start ON events (start);
    CREATE INDEX events_of_camera ON events (camera, start, bytes);
    CREATE INDEX events_open ON events (id) WHERE "end" IS NULL;
    CREATE TABLE gaps (
        camera TEXT NOT NULL, start REAL NOT NULL, "end" REAL, reason TEXT NOT NULL,
        PRIMARY KEY (camera, start)
    ) WITHOUT ROWID;
    CREATE TABLE states (
        camera TEXT NOT NULL, at REAL NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (camera, at, state)
    ) WITHOUT ROWID;
    CREATE TABLE minutes (
        camera TEXT NOT NULL, minute INTEGER NOT NULL, frames INTEGER NOT NULL,
        lowest REAL NOT NULL, highest REAL NOT NULL, total REAL NOT NULL,
        threshold REAL NOT NULL, latest REAL NOT NULL,
        PRIMARY KEY (camera, minute)
    ) WITHOUT ROWID;
    CREATE TABLE kept (
        camera TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (camera, name)
    ) WITHOUT ROWID;
    """,
)
"""What brings a journal of version N to version N + 1, a step each; a new one is of version 0."""

_NOT_IN_SIDECARS = ("gaps", "states", "minutes", "kept")
_BUSY_SECONDS = 5.0
_ROWS_AT_ONCE = 1000
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_broken(error: sqlite3.Error) -> bool:
    """Whether the file is no database any more, rather than, say, its disk being full."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BROKEN


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that cannot change anything.

    Raises:
        sqlite3.Error: there is no such file, or it cannot be opened.
    """
    address = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)


def check_version(path: Path) -> None:
    """See whether a journal could be opened to write; one that cannot be read is made anew then.

    Raises:
        OddframeError: a journal of a later version, or another program's database.
    """
    with suppress(sqlite3.Error), closing(open_to_read(path)) as connection:
        _version(connection, path, len(_STEPS))


def open_to_write(path: Path, steps: tuple[str, ...] = _STEPS) -> sqlite3.Connection:
    """A connection to a journal of this version; it is made, or brought to it.

    Args:
        path: the file; it need not be there.
        steps: what makes each version of the one before it.

    Raises:
        OddframeError: a journal of a later version, or another program's database.
        sqlite3.Error: the file is broken, or its disk full.
    """
    connection = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        version = _version(connection, path, len(steps))
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        for number, step in enumerate(steps[version:], start=version + 1):
            whose = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {number};"
            connection.executescript(f"BEGIN IMMEDIATE; {step} {whose} COMMIT;")
        if (said := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            error = sqlite3.DatabaseError(" ".join(said.split()))
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error
    except BaseException:
        connection.close()
        raise
    return connection


def put_aside(path: Path) -> Path:
    """Make room for a new journal; the broken one is kept beside it until the next one breaks."""
    aside = path.with_name(f"{path.stem}.broken{path.suffix}")
    for ending in ("", "-wal", "-shm"):
        Path(f"{aside}{ending}").unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            Path(f"{path}{ending}").rename(f"{aside}{ending}")
    return aside


def save_what_can_be_read(broken: Path, connection: sqlite3.Connection) -> int:
    """Copy what stands in no sidecar from a broken journal, as far as it can be read.

    Args:
        broken: the file, from :func:`put_aside`.
        connection: the new journal.

    Returns:
        How many rows.
    """
    saved = 0
    for table in _NOT_IN_SIDECARS:
        for part in _readable_rows(broken, table):
            marks = ", ".join("?" * len(part[0]))
            connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", part)
            saved += len(part)
    return saved


def _readable_rows(broken: Path, table: str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a table in parts, up to where it cannot be read."""
    with suppress(sqlite3.Error), closing(open_to_read(broken)) as old:
        (version,) = old.execute("PRAGMA user_version").fetchone()
        rows = old.execute(f"SELECT * FROM {table}") if version == len(_STEPS) else None
        while rows and (part := rows.fetchmany(_ROWS_AT_ONCE)):
            yield part


def _version(connection: sqlite3.Connection, path: Path, newest: int) -> int:
    """The version of a journal, 0 of a new one, if it can be brought to the newest."""
    (whose,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if whose == APPLICATION and 1 <= version <= newest:
        return version
    if not (whose or version or tables):
        return 0
    found = f"version {version}" if whose == APPLICATION else "another program's database"
    raise OddframeError(
        f"{path}: expected a journal of version {newest} or earlier, found {found}; use the "
        "oddframe that wrote it, or move the file elsewhere: a new one is made from the sidecars"
    )
