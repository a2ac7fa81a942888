"""Footage of this machine that may be scored: what lies below folders that somebody named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from oddframe.archive.known_runs import id_of
from oddframe.console.words import count
from oddframe.errors import OddframeError
from oddframe.footage.finding import is_foreign
from oddframe.media.containers import VIDEO_SUFFIXES
from oddframe.media.image_series import IMAGE_SUFFIXES

_DEEPEST = 6
MOST_LISTED = 500
_MOST_FOLDERS = 5000
_FRAMES = 2
"""So many pictures in a folder may be the frames of a video."""


@dataclass(frozen=True)
class ListedFootage:
    """A folder of videos or of pictures, or a video.

    Attributes:
        id: what a form calls it.
        group: the folder that holds it, for a person.
        name: for a person, in its group.
        path: of it.
        root: the folder that somebody named, which it lies below.
    """

    id: str
    group: str
    name: str
    path: Path
    root: Path

    @property
    def title(self) -> str:
        """What it is called beside footage of other folders."""
        return self.path.relative_to(self.root.parent).as_posix()


def listed_below(roots: Sequence[Path]) -> list[ListedFootage]:
    """What may be scored: folders, each followed by the videos in it, up to :data:`MOST_LISTED`.

    Links are not followed: nothing outside of the folders that were named is listed.
    """
    found = []
    for root in roots:
        for one in _below(root):
            found.append(one)
            if len(found) == MOST_LISTED:
                return found
    return found


def checked(footage: ListedFootage) -> Path:
    """The path of footage, once it is sure that all of it lies below the folder that was named.

    Raises:
        OddframeError: it is gone, or a link leads out.
    """
    root = footage.root.resolve()
    if not footage.path.exists():
        raise OddframeError(f"{footage.title}: is not there any more")
    for path in _with_all_below(footage.path):
        if path.is_symlink() or path == footage.path:
            place = path.resolve()
            if place != root and root not in place.parents:
                raise OddframeError(
                    f"{footage.title}: {path.name} is a link that leads out of {root.name}, and "
                    "what lies elsewhere is not scored from the page"
                )
    return footage.path


def _below(root: Path) -> Iterator[ListedFootage]:
    top = len(root.parts)
    for looked_at, (place, folders, files) in enumerate(os.walk(root), 1):
        folder = Path(place)
        if len(folder.parts) - top >= _DEEPEST or looked_at >= _MOST_FOLDERS:
            folders.clear()
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not is_foreign(folder / name)
        )
        seen = sorted(name for name in files if not name.startswith("."))
        videos = [name for name in seen if Path(name).suffix.lower() in VIDEO_SUFFIXES]
        pictures = [name for name in seen if Path(name).suffix.lower() in IMAGE_SUFFIXES]
        group = str(folder.relative_to(root.parent))
        inside = [folder / name for name in folders]
        if videos or (folder == root and inside):
            what = count(len(videos), "video") if videos else "all that is in it"
            further = " and what is below" if videos and folders else ""
            yield ListedFootage(id_of(folder), group, f"{group}: {what}{further}", folder, root)
        elif len(pictures) >= _FRAMES:
            what = f"{group}: {len(pictures)} pictures"
            yield ListedFootage(id_of(folder), group, what, folder, root)
        for name in videos:
            path = folder / name
            if path.is_file() and not path.is_symlink():
                yield ListedFootage(id_of(path), group, name, path, root)


def _with_all_below(path: Path) -> Iterator[Path]:
    yield path
    for place, folders, files in os.walk(path):
        for name in (*folders, *files):
            yield Path(place, name)
