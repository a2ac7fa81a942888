"""Writing a feature folder, so that a stopped run can go on and a half-written file is none."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from oddframe import __version__
from oddframe.console.words import first_of
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.feature_folder import FeatureFolder
from oddframe.features.feature_info import FORMAT, INFO_FILE, read_info
from oddframe.features.folder_layouts import array_files
from oddframe.files.atomic import atomic_path, write_json
from oddframe.media.fingerprints import Fingerprint, newest_change

RECORDINGS = ".recordings"
"""Folder with a fingerprint for each video: what its features were made of."""


def write_features(
    folder: str | Path, video_id: str, features: np.ndarray, source: Fingerprint | None = None
) -> Path:
    """Write one video's features ``(snippets, crops, channels)`` atomically.

    Args:
        folder: the feature folder.
        video_id: the video.
        features: its features.
        source: the fingerprint of what they were made of, taken before.
    """
    target, record = Path(folder) / f"{video_id}.npy", _record(Path(folder), video_id)
    with atomic_path(target) as temporary:
        np.save(temporary, features, allow_pickle=False)
    # In this order: features with the fingerprint of before are made again, never the reverse.
    if source is not None:
        write_json(record, source.row())
    else:
        record.unlink(missing_ok=True)
    return target


def begin_folder(out: Path, info: Mapping[str, Any]) -> None:
    """Write ``features.json``, or check that the one there says the same.

    Args:
        out: the folder.
        info: ``snippet_length``, ``stride``, ``crops``, ``channels``, and all else on which the
            numbers depend; as JSON holds it (lists, no tuples).

    Raises:
        OddframeError: naming the setting that differs, or arrays of unknown origin.
    """
    wanted = {"format": FORMAT, **info}
    if not (out / INFO_FILE).exists():
        if array_files(out):
            raise OddframeError(
                f"{out}: the folder holds arrays but no {INFO_FILE}; choose another --out"
            )
        write_json(out / INFO_FILE, {**wanted, "oddframe": __version__})
        return
    there = read_info(out)
    # The version is left out: a run that an update interrupts may go on.
    for name in sorted((wanted.keys() | there.keys()) - {"oddframe"}):
        if there.get(name) != wanted.get(name):
            raise OddframeError(
                f"{out / INFO_FILE}: its features were made with {name} = {there.get(name)!r}, "
                f"now it is {wanted.get(name)!r}; use the same settings, or choose another --out"
            )


def finished_videos(
    out: Path,
    snippets: Mapping[str, int],
    sources: Callable[[str], Sequence[Path]] = lambda _: (),
    read_as: Callable[[str], str] = lambda _: "",
) -> set[str]:
    """Videos whose file is whole, has the expected snippets, and was made of what is there now.

    Those that were made of something else are removed and named in a warning. Features that an
    older oddframe wrote have no fingerprint: they count as long as they are newer than what they
    were made of.

    Args:
        out: the folder.
        snippets: video id to the expected number of snippets.
        sources: a video's files, from which features would be made now; none where they are gone.
        read_as: how they would be read, see :class:`Fingerprint`.
    """
    if not array_files(out):  # none yet, or only one that a killed writer left half
        return set()
    folder = FeatureFolder.open(out)
    there = [name for name in snippets if name in folder.files]
    whole = [name for name in there if _has(folder, name, snippets[name])]
    changed = [name for name in whole if not _is_of(out, name, sources(name), read_as(name))]
    for name in changed:  # at once: making them again may fail
        (out / f"{name}.npy").unlink()
    if changed:
        named = first_of([f"'{name}'" for name in changed])
        have = "has" if len(changed) == 1 else "have"
        warnings.warn(
            f"{out}: {named} {have} changed since the features were made, which are made again",
            OddframeWarning,
            stacklevel=3,
        )
    return set(whole) - set(changed)


def _is_of(out: Path, video_id: str, files: Sequence[Path], read_as: str) -> bool:
    """Whether a video's features are those of these files, as far as anybody can know."""
    if not files:
        return True
    try:
        row = json.loads(_record(out, video_id).read_text(encoding="utf-8"))
        return Fingerprint.from_row(row).fits(files, read_as)
    except FileNotFoundError:
        return newest_change(files) <= (out / f"{video_id}.npy").stat().st_mtime
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False  # damaged from outside


def _record(out: Path, video_id: str) -> Path:
    return out / RECORDINGS / f"{video_id}.json"


def _has(folder: FeatureFolder, video_id: str, count: int) -> bool:
    try:
        return folder.snippets(video_id) == count
    except OddframeError:
        return False  # damaged from outside: it is made again
