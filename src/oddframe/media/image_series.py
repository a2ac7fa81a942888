"""Which pictures of a folder are the frames of a recording, and in which order.

Frames are numbered: their names differ in numbers. What lies beside them, such as ``cover.jpg``,
``005 (1).jpg`` or ``005_thumb.jpg``, would shift all frames after it, and is left out.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from oddframe.console.words import first_of
from oddframe.errors import OddframeError

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".jp2"}
    | {".pgm", ".ppm", ".pnm", ".pbm"}
)
_SHOWN = 5
"""Entries that a message lists before it says how many more there are."""
_FEW = 0.1
"""A part of the pictures that is smaller than this does not make the others doubtful."""

Key = list[tuple[int, int | str]]


@dataclass(frozen=True)
class ImageSeries:
    """The pictures of a folder: the frames in order, and those that are none."""

    frames: list[Path]
    strays: list[Path]


def natural_key(name: str) -> Key:
    """Sort key that puts ``2.jpg`` before ``10.jpg``."""
    return [
        (0, int(part)) if part.isdecimal() else (1, part)
        for part in re.split(r"(\d+)", name)
        if part
    ]


def list_images(folder: Path) -> list[Path]:
    """The frames of a folder in order; hidden files, other files and strays are left out.

    Raises:
        OddframeError: pictures in an order that nobody knows.
    """
    return image_series(folder).frames


def image_series(folder: Path, pictures: list[Path] | None = None) -> ImageSeries:
    """The pictures of a folder (or those of them that are given), divided into frames and strays.

    A stray has no number where others have one, or is named like another picture with something
    behind (a copy, a thumbnail, a mask). Where names still differ in words before they differ in
    numbers, the few that are not named like nine of ten are strays too.

    Raises:
        OddframeError: no such nine of ten: the order would be one of words.
    """
    if pictures is None:
        pictures = [
            file
            for file in folder.iterdir()
            if file.suffix.lower() in IMAGE_SUFFIXES
            and not file.name.startswith(".")
            and file.is_file()
        ]
    files = sorted(pictures, key=lambda file: (natural_key(file.name), file.name))
    numbered = [file for file in files if re.search(r"\d", file.stem)]
    if len(files) < 2:
        return ImageSeries(files, [])
    forms = {file: _form(file) for file in numbered}
    frames = _without_derived(numbered, forms)
    if not _numbers_decide(frames):
        most, count = Counter(forms[file] for file in frames).most_common(1)[0]
        if count < (1 - _FEW) * len(frames):
            frames = []
        frames = [file for file in frames if forms[file] == most]
    if not frames:
        names = ", ".join(file.name for file in files[:_SHOWN])
        raise OddframeError(
            f"{folder}: expected pictures that are numbered in one way, found {len(files)} whose "
            f"order nobody knows ({names} ...); put each series in a folder of its own, numbered "
            "like 0001.jpg"
        )
    kept = set(frames)
    return ImageSeries(frames, [file for file in files if file not in kept])


def _form(file: Path) -> tuple[str, str]:
    """What names of a series have in common: the words around their numbers, and the suffix."""
    return re.sub(r"\d+", "0", file.stem), file.suffix.lower()


def _without_derived(files: list[Path], forms: dict[Path, tuple[str, str]]) -> list[Path]:
    """Without those named like another picture, with something behind or another suffix.

    Where more are named so than otherwise, it is how the frames are named.
    """
    times = Counter(forms.values())
    called: dict[str, list[Path]] = {}
    for file in files:
        called.setdefault(file.stem, []).append(file)

    def derived(file: Path) -> bool:
        own, stem = times[forms[file]], file.stem
        if any(times[forms[other]] > own for other in called[stem]):
            return True
        ends = (i for i in range(1, len(stem)) if not stem[i].isdecimal())
        return any(times[forms[other]] >= own for i in ends for other in called.get(stem[:i], ()))

    return [file for file in files if not derived(file)]


def _numbers_decide(files: list[Path]) -> bool:
    """Whether the first thing in which neighbours differ is always a number."""
    for one, other in itertools.pairwise(files):
        pairs = itertools.zip_longest(natural_key(one.stem), natural_key(other.stem))
        first = next(((a, b) for a, b in pairs if a != b), None)
        if first is None:
            if one.suffix.lower() != other.suffix.lower():
                return False
        elif any(part is None or part[0] for part in first):
            return False
    return True


def irregular_numbers(names: list[str]) -> str:
    """Which numbers are missing from names in natural order, or there twice; empty if none are.

    Only of names like ``003`` or ``frame_3``, which differ in their last number alone.
    """
    parts = [re.fullmatch(r"(.*?)(\d+)", name) for name in names]
    if len({part and part[1] for part in parts}) != 1 or parts[0] is None:
        return ""
    pairs = list(itertools.pairwise(int(part[2]) for part in parts if part))
    gaps = [f"{a + 1}" + f" to {b - 1}" * (b > a + 2) for a, b in pairs if b > a + 1]
    twice = [str(a) for a, b in pairs if a == b]
    found = []
    for what, listed in (("missing", gaps), ("there twice", twice)):
        if listed:
            found.append(f"{what}: {first_of(listed, _SHOWN)}")
    return ", ".join(found)
