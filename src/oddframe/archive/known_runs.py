"""Runs that footage can be scored with: those below folders that somebody named, and of cameras."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from oddframe.detectors import available
from oddframe.errors import OddframeError
from oddframe.runs.run_folder import CHECKPOINT, CONFIG, read_config

_DEEPEST = 4
_MOST = 500


@dataclass(frozen=True)
class KnownRun:
    """A run.

    Attributes:
        id: what a form calls it.
        name: for a person.
        folder: of it.
        detector: its name.
        promise: what its threshold promises; ``""`` where it has none.
    """

    id: str
    name: str
    folder: Path
    detector: str
    promise: str


def id_of(path: Path) -> str:
    """What a form calls a path, which it never says."""
    return hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:16]


def known_runs(named: Sequence[Path], of_cameras: Mapping[str, Path]) -> list[KnownRun]:
    """All runs, each once, whose detectors are oddframe's: a page starts nobody else's code.

    Args:
        named: run folders, and folders with such somewhere below.
        of_cameras: name of a camera to the folder of the run that judges it.
    """
    found: dict[Path, KnownRun] = {}
    places = [(f"the run of camera {camera}", folder) for camera, folder in of_cameras.items()]
    for name, folder in (*places, *_below(named)):
        place = folder.resolve()
        run = found.get(place) or _run(name, place)
        if run is not None:
            found[place] = run
    return list(found.values())


def _below(named: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    count = 0
    for root in named:
        top = len(root.parts)
        for place, folders, files in os.walk(root):
            folder = Path(place)
            if CHECKPOINT in files and CONFIG in files:
                yield str(folder.relative_to(root.parent)), folder
                folders.clear()
                count += 1
            if len(folder.parts) - top >= _DEEPEST or count >= _MOST:
                folders.clear()
            folders[:] = sorted(name for name in folders if not name.startswith("."))


def _run(name: str, folder: Path) -> KnownRun | None:
    try:
        config = read_config(folder)
    except OddframeError:
        return None
    detector = str(config.get("detector", ""))
    if detector not in available() or not (folder / CHECKPOINT).is_file():
        return None
    learnt = config.get("learnt")
    promise = str(learnt.get("threshold", "")) if isinstance(learnt, dict) else ""
    return KnownRun(id_of(folder), name, folder, detector, promise)
