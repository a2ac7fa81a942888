"""``lessons/`` of a run: what persons said of what it found, and the versions that came of it.

::

    RUN/lessons/fitted.pt       the checkpoint as it was fitted: every version is made of it
    RUN/lessons/0001.pt         a lesson: what was odd in one moment; numbers, and no picture
    RUN/lessons/versions.json   which version was taught which lessons, and what was taken back

``checkpoint.pt`` is the newest version, so that whoever reads a run need not know of lessons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from oddframe.errors import OddframeError
from oddframe.files.atomic import atomic_path, write_json
from oddframe.files.plain_values import typed
from oddframe.files.tensor_archive import read_tensor_archive, write_tensor_archive
from oddframe.files.text_files import read_json, shown
from oddframe.runs.checkpoint import as_saved

FOLDER = "lessons"
FITTED = f"{FOLDER}/fitted.pt"
FILE = "versions.json"
FORMAT = "oddframe-versions/1"
_LESSON = "oddframe-lesson/1"

Word = Literal["normal", "odd"]
"""What a person says of a moment."""


@dataclass(frozen=True)
class LessonNote:
    """What is known of a lesson beside what it holds.

    Attributes:
        number: that of its file.
        word: what a person said.
        of: which moment: its video and time, or the id of a camera's event.
        reason: why it was odd, in words.
        learnt: what it holds, numbers by name.
        left: what was still odd in that moment once it was taught; ``""`` of nothing.
    """

    number: int
    word: Word
    of: str
    reason: str = ""
    learnt: dict[str, float] = field(default_factory=dict)
    left: str = ""


@dataclass(frozen=True)
class Version:
    """One version of a run; version 0, as it was fitted, is not written down.

    Attributes:
        number: from 1.
        at: when it was made, ISO 8601.
        lessons: what it was taught.
        without: versions whose lessons it took back.
    """

    number: int
    at: str
    lessons: tuple[LessonNote, ...] = ()
    without: tuple[int, ...] = ()


@dataclass(frozen=True)
class Versions:
    """All versions of a run, the earliest first.

    Attributes:
        folder: the run folder.
        versions: those after the one that was fitted.
    """

    folder: Path
    versions: tuple[Version, ...] = ()

    @property
    def newest(self) -> int:
        """Number of the version that the run is to be."""
        return self.versions[-1].number if self.versions else 0

    @property
    def withdrawn(self) -> frozenset[int]:
        """Versions whose lessons were taken back."""
        return frozenset(number for version in self.versions for number in version.without)

    @property
    def holding(self) -> list[Version]:
        """Versions that taught what still holds, in order."""
        gone = self.withdrawn
        return [one for one in self.versions if one.lessons and one.number not in gone]

    @property
    def lessons(self) -> list[LessonNote]:
        """The lessons that hold now, in order."""
        return [note for one in self.holding for note in one.lessons]

    @property
    def next_lesson(self) -> int:
        """A number that no lesson has."""
        numbers = [note.number for version in self.versions for note in version.lessons]
        return max(numbers, default=0) + 1

    def parts(self, number: int) -> list[dict[str, Any]]:
        """What a lesson holds, part by part, as its detector gave it.

        Raises:
            OddframeError: missing or damaged.
        """
        path = _file(self.folder, number)
        advice = "take its version back with 'oddframe learn RUN --undo'"
        content = read_tensor_archive(path, "a lesson of a run", advice)
        parts = content.get("parts") if isinstance(content, dict) else None
        if not isinstance(parts, list) or content.get("format") != _LESSON:
            raise OddframeError(
                f"{path}: expected a lesson of format '{_LESSON}', found another file; {advice}"
            )
        return parts

    def write(self) -> None:
        """Write ``versions.json``.

        Raises:
            CannotWriteError: the folder cannot be written.
        """
        rows = [asdict(version) for version in self.versions]
        write_json(self.folder / FOLDER / FILE, {"format": FORMAT, "versions": rows})


def read_versions(folder: Path) -> Versions:
    """The versions of a run; none where it was never taught.

    Raises:
        OddframeError: damaged, or of another format.
    """
    path = folder / FOLDER / FILE
    if not path.exists():
        return Versions(folder)
    content = read_json(path, "the versions of a run")
    found = content.get("format") if isinstance(content, Mapping) else None
    if found != FORMAT:
        raise OddframeError(f"{path}: expected {FORMAT}, found {shown(found)}; mend or delete it")
    versions = typed(content.get("versions"), tuple[Version, ...], f"{path}: 'versions'")
    numbers = [version.number for version in versions]
    if numbers != list(range(1, len(numbers) + 1)):
        raise OddframeError(f"{path}: expected versions from 1 on, found {numbers}; mend it")
    for version in versions:
        _check(version, f"{path}: version {version.number}")
    lessons = [note.number for version in versions for note in version.lessons]
    if len(set(lessons)) < len(lessons) or min(lessons, default=1) < 1:
        raise OddframeError(f"{path}: expected lessons from 1 on, each once, found {lessons}")
    return Versions(folder, versions)


def _check(version: Version, where: str) -> None:
    try:
        zone = datetime.fromisoformat(version.at).tzinfo
    except ValueError:
        zone = None
    if zone is None:
        raise OddframeError(
            f"{where}: expected a time with its zone, such as 2026-12-01T09:00:00+00:00, found "
            f"{shown(version.at)}"
        )
    if unknown := [one for one in version.without if not 0 < one < version.number]:
        raise OddframeError(f"{where}: takes back {unknown}, which are no versions before it")


def write_lesson(folder: Path, number: int, parts: Sequence[Mapping[str, Any]]) -> Path:
    """Write what a lesson holds, atomically; the path.

    Raises:
        OddframeError: it holds what no checkpoint can hold, or the folder cannot be written.
    """
    content = {"format": _LESSON, "parts": as_saved(list(parts), "a lesson")}
    path = _file(folder, number)
    with atomic_path(path) as temporary:
        write_tensor_archive(temporary, content)
    return path


def _file(folder: Path, number: int) -> Path:
    return folder / FOLDER / f"{number:04}.pt"
