"""Another text for the cameras file, from a page: checked, written, and watched from then on."""

from __future__ import annotations

import hashlib
import stat
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oddframe.cameras.cameras_file import WHAT, CamerasFile, cameras_of
from oddframe.cameras.editing import with_changes
from oddframe.errors import OddframeError
from oddframe.files.atomic import atomic_path
from oddframe.files.text_files import read_text
from oddframe.files.yaml_table import LONGEST, read_yaml
from oddframe.watching.plan import Plan, plans_of

_PATIENCE = 60.0
"""Seconds in which cameras end and begin."""


@dataclass(frozen=True)
class Taken:
    """What is to be watched from now on.

    Attributes:
        wanted: what the file says.
        plans: of its cameras, with their detectors.
        done: to be set once they are watched.
    """

    wanted: CamerasFile
    plans: list[Plan]
    done: threading.Event = field(default_factory=threading.Event)


class Saving:
    """The cameras file of a watch, for threads that change it.

    Args:
        path: the file.
        wake: is called where there is something for :meth:`taken`.
    """

    def __init__(self, path: Path, wake: Callable[[], None]) -> None:
        self.path, self._wake = path, wake
        self._lock = threading.Lock()
        self._taken: Taken | None = None

    @property
    def mark(self) -> str:
        """What changes where the file does; ``""`` where it cannot be read.

        Whoever shows what the file says keeps it, and gives it back with a change.
        """
        try:
            return _mark(self._text())
        except OddframeError:
            return ""

    def where(self, camera: str, *keys: str) -> str:
        """Who says the first of some keys that is said: ``camera``, ``all`` or ``""``, nobody."""
        try:
            content = read_yaml(self.path, WHAT)
        except OddframeError:  # it is being written by hand
            return ""
        rows = content.get("cameras")
        own = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        tables = {"camera": [row for row in own if row.get("name") == camera], "all": [content]}
        for words, said in tables.items():
            if any(key in table for table in said for key in keys):
                return words
        return ""

    def is_shared(self, key: str) -> bool:
        """Whether the file says a key for all cameras that do not say otherwise."""
        return key in read_yaml(self.path, WHAT)

    def change(self, camera: str, changes: Mapping[str, Any], known: str) -> bool:
        """Let the file say something else of a camera, and wait until that is watched.

        Detectors are loaded before anything ends, and a mistake changes nothing.

        Args:
            camera: its name.
            changes: key to value; None to say nothing.
            known: the mark of the file that the change was made for.

        Returns:
            Whether it is watched; if not, it is saved, and its cameras are being begun anew.

        Raises:
            OddframeError: the file is another one by now, or cannot be written, or would be wrong.
        """
        with self._lock:
            before = self._text()
            if _mark(before) != known:
                raise OddframeError(
                    f"{self.path}: somebody changed the file since this page was loaded; nothing "
                    "was saved: load the page again, and look at what it says now"
                )
            text = with_changes(before, self.path, camera, changes)
            if text == before:
                return True
            taken = Taken(wanted := cameras_of(text, self.path), plans_of(wanted))
            _write(self.path, text)
            self._taken = taken
            self._wake()
            return taken.done.wait(_PATIENCE)

    def taken(self) -> Taken | None:
        """What was saved and is not watched yet; None of nothing. For the thread that watches."""
        taken, self._taken = self._taken, None
        return taken

    def _text(self) -> str:
        return read_text(self.path, WHAT, limit=LONGEST)


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _write(path: Path, text: str) -> None:
    """As it is for whoever may read and write it; where it is a link, what that leads to."""
    path = path.resolve()
    with atomic_path(path, stat.S_IMODE(path.stat().st_mode)) as temporary:
        temporary.write_bytes(text.encode("utf-8"))
