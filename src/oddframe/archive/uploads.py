"""Videos that somebody dropped on the page: taken in piece by piece, looked at, and kept or not."""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from unicodedata import normalize

from oddframe.archive.inspection import Recording, inspect
from oddframe.archive.queue import LEAST_FREE, too_full
from oddframe.errors import OddframeError
from oddframe.files.atomic import cannot_write, write_json
from oddframe.files.plain_values import typed
from oddframe.files.text_files import read_json
from oddframe.media.containers import VIDEO_SUFFIXES

MOST_BYTES = 8_000_000_000
"""Of one video; larger ones can be put in a folder that the server is given."""
LONGEST_SENT = MOST_BYTES + (1 << 20)
"""Bytes of the form that it comes in."""
_INCOMING = ".incoming-"
_FACTS = "upload.json"
_OFTEN = 1 << 26
"""Bytes between two looks at the room that is left."""
_LONGEST_NAME = 80
_MOST_NAME_BYTES = 200
"""What is made of it has a longer ending, and a file's name holds 255."""


@dataclass(frozen=True)
class _Facts:
    """What is written beside a video: the name of its file, and the rest of :class:`Upload`."""

    name: str
    bytes: int
    at: float
    recording: Recording


@dataclass(frozen=True)
class Upload:
    """A video that was taken in.

    Attributes:
        number: from 1.
        path: of it.
        recording: what it is.
        bytes: of it.
        at: Unix seconds.
    """

    number: int
    path: Path
    recording: Recording
    bytes: int
    at: float


class Incoming:
    """A video that comes in: fed with its pieces.

    Args:
        path: where it is written.
        name: what it is called, for messages.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self._stream = path.open("xb")
        self._bytes, self._looked = 0, -_OFTEN

    def write(self, piece: bytes) -> None:
        """Take a piece.

        Raises:
            OddframeError: it is larger than :data:`MOST_BYTES`, or its disk is too full.
        """
        self._bytes += len(piece)
        if self._bytes > MOST_BYTES:
            raise OddframeError(
                f"{self.name}: is larger than {MOST_BYTES / 1e9:g} GB; put it in a folder of this "
                "machine that the server is given with --footage"
            )
        if self._bytes - self._looked >= _OFTEN:
            self._looked = self._bytes
            if (free := shutil.disk_usage(self.path.parent).free) < LEAST_FREE:
                raise OddframeError(f"{self.name}: {too_full(self.path.parent.parent, free)}")
        try:
            self._stream.write(piece)
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def close(self) -> None:
        """No more pieces come."""
        try:
            self._stream.close()
        except OSError as error:
            raise cannot_write(self.path, error) from error


class Uploads:
    """The videos that were dropped.

    Args:
        folder: where they lie, a folder each.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._one = threading.Lock()

    def tidy(self) -> None:
        """Remove what a killed server left of videos that came in."""
        for path in self._folder.glob(f"{_INCOMING}*"):
            shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def incoming(self, name: str) -> Generator[Incoming]:
        """A video that comes in; whatever is not kept by :meth:`keep` is removed.

        Args:
            name: of its file, as whoever sends it says.

        Raises:
            OddframeError: another one comes in.
        """
        if not self._one.acquire(blocking=False):
            raise OddframeError("another video is being taken in; wait for it, and send it again")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            place = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=self._folder))
            try:
                coming = Incoming(place / safe_name(name), safe_name(name))
                try:
                    yield coming
                finally:
                    with suppress(OddframeError):  # on a full disk
                        coming.close()
            finally:
                shutil.rmtree(place, ignore_errors=True)
        except OSError as error:
            raise cannot_write(self._folder, error) from error
        finally:
            self._one.release()

    def keep(self, incoming: Incoming) -> Upload:
        """Keep what came in, if it is a recording.

        Raises:
            OddframeError: it is none.
        """
        incoming.close()
        recording = inspect(incoming.path, incoming.name)
        size, at = incoming.path.stat().st_size, time.time()
        facts = _Facts(incoming.path.name, size, at, recording)
        write_json(incoming.path.parent / _FACTS, asdict(facts))
        number = max((one.number for one in self.all()), default=0) + 1
        while (self._folder / str(number)).exists():
            number += 1
        place = incoming.path.parent.rename(self._folder / str(number))
        return Upload(number, place / incoming.path.name, recording, size, at)

    def all(self) -> list[Upload]:
        """Those that are there, the latest first; what is damaged is left out."""
        found = []
        for folder in self._folder.glob("*"):
            if folder.name.isdecimal():
                try:
                    row = read_json(folder / _FACTS, "a video that was taken in")
                    facts = typed(row, _Facts, str(folder / _FACTS))
                except OddframeError:
                    continue
                path = folder / Path(facts.name).name
                if path.is_file():
                    number = int(folder.name)
                    found.append(Upload(number, path, facts.recording, facts.bytes, facts.at))
        return sorted(found, key=lambda one: -one.number)

    def remove(self, upload: Upload) -> None:
        """Remove one."""
        shutil.rmtree(upload.path.parent)


def safe_name(given: str) -> str:
    """A name for a file that somebody else named: no path, nothing hidden, no odd letters."""
    last = normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    stem, _, ending = last.rpartition(".")
    if f".{ending.lower()}" not in VIDEO_SUFFIXES:
        # What it holds says what it is: its name must not make a list of files of it, say.
        stem, ending = last, ""
    stem = re.sub(r"[^\w-]+", "_", stem).strip("_-")[:_LONGEST_NAME]
    stem = stem.encode()[:_MOST_NAME_BYTES].decode(errors="ignore") or "video"
    return f"{stem}.{ending.lower()}" if ending else stem
