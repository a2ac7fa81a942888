"""Finding recordings on disk and turning each into a :class:`Video` with its true frame count."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from oddframe.console.words import first_of
from oddframe.errors import OddframeError
from oddframe.footage.finding import is_foreign, is_video_file, visible
from oddframe.media.opening import probe
from oddframe.videos.video import Event, Video

_T = TypeVar("_T")


def require_folder(root: Path, *names: str, what: str) -> Path:
    """The first of these subfolders that exists.

    Args:
        root: folder of the data set.
        names: subfolders to look for, in this order.
        what: what they hold, for the message.

    Raises:
        OddframeError: none exists.
    """
    for name in names:
        if (root / name).is_dir():
            return root / name
    raise OddframeError(
        f"{root}: expected {what} in {' or '.join(f'{name}/' for name in names)}, found "
        f"{contents(root)}; give the folder that holds the data set"
    )


def contents(folder: Path) -> str:
    """What is in a folder, for a message: its first names."""
    if not folder.is_dir():
        return "no such folder" if not folder.exists() else "a file"
    names = [entry.name + "/" * entry.is_dir() for entry in visible(folder)]
    return first_of(names, 6) or "nothing"


def recordings(folder: Path) -> list[Path]:
    """Video files and frame folders directly inside, in natural order.

    Folders of masks and of the system (see :func:`~oddframe.footage.finding.is_foreign`) and other
    files (``Thumbs.db``) are left out.

    Raises:
        OddframeError: there is none.
    """
    found = [
        entry
        for entry in visible(folder)
        if (entry.is_dir() and not is_foreign(entry)) or is_video_file(entry)
    ]
    if not found:
        raise OddframeError(
            f"{folder}: expected video files or frame folders, found {contents(folder)}"
        )
    return found


def clip_number(path: Path) -> int:
    """The number at the end of a recording's name: 7 of ``Test007`` and of ``07.avi``.

    Raises:
        OddframeError: the name does not end in a number.
    """
    digits = re.search(r"(\d+)$", path.stem)
    if digits is None:
        raise OddframeError(
            f"{path}: expected a recording whose name ends in its number, like 07; move other "
            "files and folders away"
        )
    return int(digits[1])


def survey(path: Path, root: Path, *, video_id: str, split: str, fps: float | None = None) -> Video:
    """The Video of one recording, normal until annotated: its true frame count, rate and size.

    Args:
        path: video file or frame folder below the root.
        root: what the path in the manifest is relative to.
        video_id: the id, unique in the data set.
        split: ``train``, ``val`` or ``test``.
        fps: frame rate of a frame folder; a file has its own.

    Raises:
        OddframeError: the recording cannot be read.
    """
    try:
        info = probe(path, fps)
    except OSError as error:
        raise OddframeError(f"{path}: cannot be read ({error.strerror or error})") from error
    return Video(
        id=video_id,
        path=path.relative_to(root).as_posix(),
        split=split,
        label="normal",
        frames=info.frames,
        fps=info.fps,
        width=info.width,
        height=info.height,
        times=info.times,
        start=info.start,
        levels=info.levels,
    )


def annotate(
    video: Video, events: Sequence[Event], where: str | Path, mask: str | None = None
) -> Video:
    """The video with these events, and so anomalous if there are any, and this pixel truth.

    Args:
        video: as surveyed.
        events: its events.
        where: the annotation that they are from, for the message.
        mask: pixel truth, relative to the root.

    Raises:
        OddframeError: an event ends after the video.
    """
    names = {event.name for event in events} - {Event.name}
    try:
        return replace(
            video,
            label="anomalous" if events else video.label,
            events=tuple(events),
            classes=tuple(sorted(names)),
            mask=mask,
        )
    except OddframeError as error:
        raise OddframeError(f"{where}: {error}") from None


def with_progress(items: Sequence[_T]) -> Iterable[_T]:
    """The items, with a progress bar on a terminal while they are gone through."""
    from rich.console import Console
    from rich.progress import track

    return track(
        items,
        description="Counting frames",
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
