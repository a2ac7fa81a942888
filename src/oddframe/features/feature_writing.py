"""Writing a feature folder, so that a stopped run can go on and a half-written file is none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from oddframe import __version__
from oddframe.atomic import atomic_path, write_json
from oddframe.errors import OddframeError
from oddframe.features.feature_folder import (
    FORMAT,
    INFO_FILE,
    FeatureFolder,
    array_files,
    read_info,
)


def write_features(folder: str | Path, video_id: str, features: np.ndarray) -> Path:
    """Write one video's features ``(snippets, crops, channels)`` atomically."""
    target = Path(folder) / f"{video_id}.npy"
    with atomic_path(target) as temporary:
        np.save(temporary, features, allow_pickle=False)
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


def finished_videos(out: Path, snippets: Mapping[str, int]) -> set[str]:
    """Videos whose file is whole and has the expected number of snippets."""
    if not array_files(out):  # none yet, or only one that a killed writer left half
        return set()
    folder = FeatureFolder.open(out)
    return {
        video_id
        for video_id, count in snippets.items()
        if video_id in folder.files and _has(folder, video_id, count)
    }


def _has(folder: FeatureFolder, video_id: str, count: int) -> bool:
    try:
        return folder.snippets(video_id) == count
    except OddframeError:
        return False  # damaged from outside: it is made again
