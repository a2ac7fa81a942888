"""What is a recording and what is not: the one rule wherever footage is looked for.

A recording is a video file, or a folder of numbered pictures. Shares, cameras, file managers and
oddframe itself leave other pictures and films beside them; these are left out, and counted so that
one line can say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import normalize

from oddframe.console.words import first_of
from oddframe.errors import OddframeError
from oddframe.media.containers import VIDEO_SUFFIXES, holds_video
from oddframe.media.image_series import IMAGE_SUFFIXES, image_series, natural_key
from oddframe.media.picture_stack import is_stack
from oddframe.scores.events_file import is_events_file

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
LABEL_NAMES = {"normal": "normal", "anomalous": "anomalous", "abnormal": "anomalous"}
_KEPT_BY_SYSTEMS = frozenset(
    [
        *("recyclebin", "recycled", "recycler", "trashbox", "networktrashfolder", "lostfound"),
        *("lostdir", "systemvolumeinformation", "temporaryitems", "thevolumesettingsfolder"),
        *("macosx", "thumb", "thumbs", "thumbnail", "thumbnails"),
    ]
)
"""Letters of the names of folders that systems and devices keep."""
_WITH_A_MARK = frozenset({"recycle", "trash", "trashes", "snapshot", "snapshots", "tmp"})
"""Letters of such names that have a mark in front: ``#recycle``, ``~snapshot``."""
_OWN_FILES = ("checkpoint.pt", "last.pt", "scores.npz", "report.html", "comparison.html")
_OWN_FOLDERS = frozenset(
    [
        *("annotated", "baselines", "clips", "events", "features", "maps", "plots", "report"),
        *("samples", "scores", "terms"),
    ]
)
"""What oddframe puts beside each of those files."""
_SOUND = frozenset(
    [
        *(".mp3", ".m4a", ".m4b", ".aac", ".wav", ".flac", ".oga", ".ogg"),
        *(".opus", ".wma", ".ac3", ".amr", ".aif", ".aiff", ".mka"),
    ]
)
_SHOWN = 3
"""Names that the line lists before it says how many more there are."""


@dataclass
class Found:
    """Recordings in natural order, and what else was there.

    Attributes:
        recordings: video files and frame folders.
        left_out: kind of thing, as a message calls it, to the things.
    """

    recordings: list[Path] = field(default_factory=list)
    left_out: dict[str, list[Path]] = field(default_factory=dict)

    def leave_out(self, kind: str, paths: Iterable[Path]) -> None:
        """Count things of a kind."""
        for path in paths:
            self.left_out.setdefault(kind, []).append(path)

    def words(self, root: Path) -> str:
        """What was left out, in groups, for one line; empty if nothing was."""
        parts = []
        for kind, paths in self.left_out.items():
            names = [path.relative_to(root).as_posix() for path in paths]
            parts.append(f"{kind} ({first_of(names, _SHOWN)})")
        return "; ".join(parts)


def find(root: Path) -> Found:
    """The recordings below a folder, or the one that the folder or file itself is.

    Raises:
        OddframeError: a file that is no video, or pictures in an order that nobody knows.
    """
    if root.is_file():
        if is_video_file(root) or holds_video(root):
            return Found([root])
        raise OddframeError(
            f"{root}: expected a video, a folder of videos or of numbered pictures, or a manifest "
            "(.jsonl), found a file that is none of them"
        )
    search = _Search()
    if root.is_dir():
        search.found.recordings = search.once(root, search.folder(root, frozenset()))
    if not search.found.recordings and root.is_dir() and image_series(root).frames:
        return Found([root])  # one picture is a recording if it is all that was asked for
    return search.found


def is_video_file(path: Path) -> bool:
    """Whether the file is a recording by its name, or a picture file that holds several."""
    suffix = path.suffix.lower()
    if suffix not in VIDEO_SUFFIXES and suffix not in IMAGE_SUFFIXES:
        return False
    return path.is_file() and (suffix in VIDEO_SUFFIXES or is_stack(path))


def visible(folder: Path) -> list[Path]:
    """Entries of a folder in natural order, without hidden ones (``.DS_Store``, ``._001.tif``)."""
    entries = (entry for entry in folder.iterdir() if not entry.name.startswith("."))
    return sorted(entries, key=lambda entry: (natural_key(entry.name), entry.name))


def is_foreign(folder: Path) -> bool:
    """Whether a folder's name says that it holds no footage.

    Recycle bins, snapshots, indices and thumbnails that systems and devices keep, and ``_gt``
    folders, which hold masks.
    """
    name = folder.name
    letters = re.sub(r"[\W\d_]", "", name).casefold()
    return (
        name.startswith(("@", "$"))
        or name.endswith("_gt")
        or letters in _KEPT_BY_SYSTEMS
        or (letters in _WITH_A_MARK and not name[0].isalnum())
        or re.fullmatch(r"found\.\d{3}", name.casefold()) is not None
    )


def said_by_folders(path: Path) -> tuple[str | None, str | None]:
    """Split and label that the folders of a path, relative to the root, give a recording."""
    folders = [part.lower() for part in path.parts[:-1]]
    split = next((SPLIT_NAMES[part] for part in folders if part in SPLIT_NAMES), None)
    label = next((LABEL_NAMES[part] for part in folders if part in LABEL_NAMES), None)
    return split, label


class _Search:
    """A walk through folders that remembers what it leaves out."""

    def __init__(self) -> None:
        self.found = Found()
        self._pictures: dict[Path, int] = {}  # frame folder to its frames

    def folder(self, folder: Path, above: frozenset[Path]) -> list[Path]:
        """The recordings in a folder and below it."""
        here = folder.resolve()
        if here in above:  # a link to a folder around it
            return []
        try:
            entries = visible(folder)
        except OSError:
            self.found.leave_out("folders that may not be read", [folder])
            return []
        pictures = [e for e in entries if e.suffix.lower() in IMAGE_SUFFIXES and e.is_file()]
        stacks = set(filter(is_stack, pictures)) if pictures and is_stack(pictures[0]) else set()
        written_here = _is_own(entries)
        below: list[Path] = []
        for entry in entries:
            if entry.is_symlink() and not entry.exists():
                self.found.leave_out("links to what is not there", [entry])
            elif (
                entry.is_symlink()
                and entry.resolve().parent == here
                and said_by_folders(Path(entry.name, "a")) == (None, None)
            ):
                self.found.leave_out("links to what is beside them", [entry])
            elif entry.is_dir():
                if is_foreign(entry):
                    self.found.leave_out("folders of the system, of masks or thumbnails", [entry])
                elif written_here and entry.name in _OWN_FOLDERS:
                    self.found.leave_out("folders that oddframe wrote", [entry])
                else:
                    below += self.folder(entry, above | {here})
            elif entry in stacks:
                below.append(entry)
            elif entry.suffix.lower() in VIDEO_SUFFIXES:
                if entry.is_file():
                    below.append(entry)
                else:
                    self.found.leave_out("pipes and devices", [entry])
            elif entry.suffix.lower() not in IMAGE_SUFFIXES and holds_video(entry):
                self.found.leave_out("videos whose names do not end like one's", [entry])
            elif entry.suffix.lower() in _SOUND:
                self.found.leave_out("sound", [entry])
        return self._with_pictures(folder, [p for p in pictures if p not in stacks], below)

    def once(self, root: Path, recordings: list[Path]) -> list[Path]:
        """The recordings without those that are there twice, by a link or in two spellings.

        One of them would be learnt from, and the other be what is held out. Films may lie in one
        place, and links in ``train`` and ``test`` say what they are for: a path whose folders say
        so is preferred, then one that is no link.
        """
        top = root.resolve()
        inside = {path: path.relative_to(root) for path in recordings}
        said = {path: said_by_folders(inside[path]) for path in recordings}

        def rank(path: Path) -> tuple[int, bool]:
            return said[path].count(None), path.resolve() != top / inside[path]

        kept: dict[tuple[int, int], Path] = {}
        names = set()
        for path in sorted(recordings, key=rank):
            there = path.stat()
            file, name = (there.st_dev, there.st_ino), normalize("NFC", str(inside[path]))
            if file in kept:
                one = said[kept[file]]
                agrees = all(a in (None, b) for a, b in zip(said[path], one, strict=True))
                self.found.leave_out(
                    "the same recordings by another path"
                    + " that gives them another split or label" * (not agrees),
                    [path],
                )
            elif name in names:
                self.found.leave_out("names that another recording has in other Unicode", [path])
            else:
                kept[file] = path
                names.add(name)
        chosen = set(kept.values())
        return [path for path in recordings if path in chosen]

    def _with_pictures(self, folder: Path, pictures: list[Path], below: list[Path]) -> list[Path]:
        """The recordings below, or the folder itself if its pictures are the frames of one.

        They are if no video file is beside or below them, and no folder below has more pictures.
        """
        if not pictures:
            return below
        try:
            series = image_series(folder, pictures)
        except OddframeError:
            self.found.leave_out("pictures in an order that nobody knows", pictures)
            return below
        count = len(series.frames)
        if count > 1 and all(count >= self._pictures.get(path, count + 1) for path in below):
            self.found.leave_out("pictures below frames", below)
            self.found.leave_out("pictures not named like the frames beside them", series.strays)
            self._pictures[folder] = count
            return [folder]
        self.found.leave_out("pictures that are no frames", pictures)
        return below


def _is_own(entries: list[Path]) -> bool:
    """Whether one of the files was written by a verb that makes folders of pictures or videos."""
    for entry in entries:
        if entry.name in _OWN_FILES:
            return True
        if entry.name == "events.json" and is_events_file(entry):
            return True
    return False
