"""The outbox of one sink: what it has not taken yet, on disk.

``state/outbox/SINK/`` holds one JSON file for each message that waits, in the order of their
numbers, and ``finished``, the ids of the latest messages that are done with. A message is on disk
before ``put`` returns, and its id among the finished ones before its file goes: a process that is
killed at any moment loses none, and repeats at most the one that the sink had just taken, with the
same id. Waiting messages are bounded in number and in bytes; where there are too many, those go
first that say least.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from oddframe.alerts.message import Message
from oddframe.errors import OddframeError
from oddframe.files.atomic import CannotWriteError, write_text
from oddframe.files.text_files import read_json

MOST_MESSAGES = 1000
MOST_BYTES = 32 * 2**20
LONGEST = 2**20
"""Bytes of one message; pictures are not in it, only where they lie."""
_FINISHED = "finished"
_REMEMBERED = 5000
"""Ids of finished messages that are kept: more than can come again after a restart."""
_NAME = re.compile(r"(\d{12})\.json")
_WORTH = {"update": 0, "health": 1, "test": 2, "new": 3, "end": 4}
"""What a full outbox drops first. An end tells all of an event, its beginning too."""


@dataclass
class Entry:
    """A message that waits.

    Attributes:
        number: its place in the order.
        message: what is to be sent.
        size: bytes.
        saved: whether it is on disk.
        made: steady time (``time.monotonic``) at which its message was, as far as is known.
    """

    number: int
    message: Message
    size: int
    saved: bool
    made: float


class Outbox:
    """Messages that one sink has not taken, in order. Safe to use from several threads.

    Args:
        folder: made if it is missing.
        say: is given one line where something is wrong: a full disk, a file that is no message.
        most_messages: how many may wait.
        most_bytes: how much they may take.

    Raises:
        CannotWriteError: the folder cannot be made or read.

    Attributes:
        dropped: how many messages were dropped since there were too many.
        superseded: how many updates were left out since newer ones came.
    """

    def __init__(
        self,
        folder: Path,
        say: Callable[[str], None],
        most_messages: int = MOST_MESSAGES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.folder, self._say = folder, say
        self._most, self._most_bytes = most_messages, most_bytes
        self._lock = threading.Lock()
        self._entries: dict[int, Entry] = {}
        self._bytes = 0
        self._finished: dict[str, None] = {}
        self._unwritten: list[str] = []
        self._trouble = self._full = False
        self.dropped = self.superseded = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            names = sorted(path.name for path in folder.iterdir())
        except OSError as error:
            reason = error.strerror or error
            raise CannotWriteError(
                f"{folder}: cannot write ({reason}); choose another folder"
            ) from error
        self._read_finished()
        self._next = 0
        for found in filter(None, map(_NAME.fullmatch, names)):
            self._next = max(self._next, int(found[1]) + 1)
            self._read(folder / found[0], int(found[1]))

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._entries)

    @property
    def size(self) -> int:
        """Bytes of the messages that wait."""
        return self._bytes

    @property
    def unsaved(self) -> int:
        """How many messages are in memory only, since the disk took no more."""
        with self._lock:
            return sum(not entry.saved for entry in self._entries.values())

    def waiting(self) -> list[Message]:
        """The messages that wait, in order."""
        with self._lock:
            return [self._entries[number].message for number in sorted(self._entries)]

    def older_than(self, seconds: float) -> list[Message]:
        """The messages that were made longer ago, whatever was done to the clock meanwhile.

        A machine without a battery for its clock begins in another year, and is set forward later.
        """
        until = time.monotonic() - seconds
        with self._lock:
            entries = [self._entries[number] for number in sorted(self._entries)]
        return [entry.message for entry in entries if entry.made < until]

    def put(self, message: Message) -> bool:
        """Take a message; it is on disk afterwards, or, where that is full, in memory.

        An update that waits is left out once a newer message on its event comes.

        Returns:
            Whether it is new: not if one of its id waits or is done with.
        """
        text = json.dumps(message.to_json(), allow_nan=False)
        if len(text) > LONGEST:
            self._say(f"message {message.id} has {len(text):,} bytes and is not sent")
            return False
        with self._lock:
            ids = {entry.message.id for entry in self._entries.values()}
            if message.id in self._finished or message.id in ids:
                return False
            for old in [*self._entries.values()]:
                if old.message.kind == "update" and old.message.event_id == message.event_id:
                    self._remove(old)
                    self.superseded += 1
            entry = Entry(self._next, message, len(text), False, _steadily(message.made_at))
            self._next += 1
            self._entries[entry.number] = entry
            self._bytes += entry.size
            self._make_room()
            if entry.number in self._entries:
                self._save(entry)
        return True

    def finish(self, message: Message) -> None:
        """A message is done with: it waits no more, and none of its id will again."""
        with self._lock:
            self._remember(message.id)
            for entry in [*self._entries.values()]:
                if entry.message.id == message.id:
                    self._remove(entry)

    def save_what_is_not(self) -> None:
        """Write what a full disk did not take; to be called now and then."""
        with self._lock:
            if self._unwritten:
                self._write_finished()
            for number in sorted(self._entries):
                if not self._entries[number].saved and not self._save(self._entries[number]):
                    return

    def _save(self, entry: Entry) -> bool:
        try:
            text = json.dumps(entry.message.to_json()) + "\n"
            write_text(self.folder / f"{entry.number:012d}.json", text)
        except CannotWriteError as error:
            if not self._trouble:
                self._say(f"{error}; until then messages are kept in memory")
            self._trouble = True
            return False
        self._trouble = False
        entry.saved = True
        return True

    def _remove(self, entry: Entry) -> None:
        del self._entries[entry.number]
        self._bytes -= entry.size
        with suppress(OSError):  # what stays is known to be finished, and goes at the next start
            (self.folder / f"{entry.number:012d}.json").unlink(missing_ok=True)

    def _make_room(self) -> None:
        full = False
        while len(self._entries) > self._most or self._bytes > self._most_bytes:
            full = True
            least = min(
                self._entries.values(), key=lambda entry: (_WORTH[entry.message.kind], entry.number)
            )
            if not self._full:
                self._say(
                    f"{len(self._entries) - 1} messages wait and there is no room for more; the "
                    f"oldest are dropped, the first of {least.message.camera}"
                )
            self._full = True
            self.dropped += 1
            self._remember(least.message.id)
            self._remove(least)
        self._full = full or (self._full and len(self._entries) > self._most // 2)

    def _remember(self, name: str) -> None:
        if name in self._finished:
            return
        self._finished[name] = None
        self._unwritten.append(name)
        if len(self._finished) > 2 * _REMEMBERED:
            for old in [*self._finished][:-_REMEMBERED]:
                del self._finished[old]
            self._rewrite_finished()
        else:
            self._write_finished()

    def _write_finished(self) -> None:
        with suppress(OSError):  # a full disk: they are written with the next
            with (self.folder / _FINISHED).open("a", encoding="ascii") as stream:
                # Begun on a line of its own: of what was cut off by a kill, only that is lost.
                stream.write("\n" + "\n".join(self._unwritten) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            self._unwritten = []

    def _rewrite_finished(self) -> None:
        with suppress(CannotWriteError):
            write_text(self.folder / _FINISHED, "\n".join(self._finished) + "\n")
            self._unwritten = []

    def _read_finished(self) -> None:
        path = self.folder / _FINISHED
        try:
            lines = path.read_bytes().decode("ascii", "replace").split("\n")
        except FileNotFoundError:
            return
        except OSError as error:
            raise OddframeError(
                f"{path}: expected ids of messages, found {error.strerror}; move it away"
            ) from error
        self._finished = dict.fromkeys(filter(None, lines[-2 * _REMEMBERED :]))

    def _read(self, path: Path, number: int) -> None:
        try:
            message = Message.from_json(read_json(path, "a message to a sink"), str(path))
        except OddframeError as error:
            self._say(f"{error}; it is left as it is")
            return
        if message.id in self._finished:
            with suppress(OSError):
                path.unlink()
            return
        try:
            made = _steadily(message.made_at)
            entry = Entry(number, message, path.stat().st_size, True, made)
        except FileNotFoundError:  # a sink that hung under another watch has just finished it
            return
        self._entries[number] = entry
        self._bytes += entry.size


def _steadily(at: float) -> float:
    """A time of day that is over, on the clock that nobody sets."""
    return time.monotonic() - max(0.0, time.time() - at)
