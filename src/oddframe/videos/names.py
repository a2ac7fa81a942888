"""The one rule for names: ids of videos, class names, names of events.

An id is the key of a video's scores and the name of its files, so one id has one spelling. Every
name that comes from outside passes here before it is compared, written or shown.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from oddframe.console.characters import has_acting
from oddframe.errors import OddframeError
from oddframe.files.paths import other_encoding

LONGEST = 240
"""Bytes of each part of an id: file names hold 255, and ours have an ending."""


def checked_id(given: str) -> str:
    """An id as it is kept: composed (NFC), so that ``é`` is one character on every computer.

    Raises:
        OddframeError: it is empty, cannot be the name of files below a folder, could be spelt in
            another way (``a//b``, ``a/./b``), or holds a character that is not for names.
    """
    longest = 2 * LONGEST  # in a message
    where = f"video '{given if len(given) <= longest else given[:longest] + '...'}'"
    require_plain(where, given)
    parts = given.split("/")
    if not given or given != given.strip() or given.startswith("_"):
        raise OddframeError(
            f"{where}: an id must not be empty, start with '_' or have outer spaces; rename it"
        )
    if "\\" in given or any(part == "" or part.startswith(".") for part in parts):
        raise OddframeError(
            f"{where}: an id is used as a file name: names with '/' between them, none of them "
            "empty or starting with '.', and without '\\'; rename it"
        )
    if any(len(part.encode()) > LONGEST for part in parts):
        raise OddframeError(f"{where}: a name of more than {LONGEST} bytes; shorten it")
    return unicodedata.normalize("NFC", given)


def checked_name(given: str) -> str:
    """The name of a class or an event as it is kept: composed (NFC), on one line.

    White space of any kind becomes a single space, and none is at the ends.

    Raises:
        OddframeError: it holds a character that is not for names.
    """
    line = " ".join(given.split())
    require_plain(f"the name '{line}'", line)
    return unicodedata.normalize("NFC", line)


def file_of(folder: Path, video_id: str, ending: str) -> Path:
    """A video's file to be read; it may be there under the decomposed form of its id.

    So it is where macOS named it, or a version that kept ids as they were given.
    """
    path = folder / f"{video_id}{ending}"
    other = folder / f"{unicodedata.normalize('NFD', video_id)}{ending}"
    return path if path.exists() or not other.exists() else other


def require_files_apart(ids: Iterable[str], folder: Path) -> None:
    """Check that each id can have a file of its own in a folder.

    Ids that differ only in upper and lower case are two files on most disks of Linux, and one on
    most of macOS and Windows.

    Args:
        ids: ids of all videos that will have a file there.
        folder: where; it need not exist yet.

    Raises:
        OddframeError: two ids would be one file.
    """
    pair = alike_but_for_case(ids)
    if pair and _ignores_case(folder):
        first, second = pair
        raise OddframeError(
            f"{folder}: the videos '{first}' and '{second}' would be the same file on this disk; "
            "rename one of them, or write to a disk that tells upper from lower case"
        )


def alike_but_for_case(ids: Iterable[str]) -> tuple[str, str] | None:
    """The first two ids that differ only in upper and lower case."""
    seen: dict[str, str] = {}
    for name in ids:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            return other, name
    return None


def require_plain(where: str, text: str) -> None:
    """Check that no character of a name or a path acts on a terminal, hides, or ends a line.

    Raises:
        OddframeError: ``where`` and what to do.
    """
    if has_acting(text):
        raise OddframeError(
            f"{where}: a name must not hold control characters, marks of reading direction, "
            f"invisible characters or bytes that are not valid {other_encoding() or 'UTF-8'}; "
            "rename it"
        )


def _ignores_case(folder: Path) -> bool:
    folder = folder.absolute()
    there = next(place for place in (folder, *folder.parents) if place.exists())
    other = there.with_name(there.name.swapcase()) if there.name else there
    return other.name != there.name and other.exists() and other.samefile(there)
