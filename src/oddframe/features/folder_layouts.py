"""Which files of a folder belong to which video, in our own layout and in the published ones."""

from __future__ import annotations

import os
import re
import warnings
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.feature_arrays import open_features
from oddframe.features.snippets import PUBLISHED_SNIPPET
from oddframe.videos.names import checked_id

MOST_CROPS = 10

_CROP_FILE = re.compile(r"(.+)__(\d{1,2})", re.DOTALL)
BACKBONE_SUFFIX = "_i3d"

Files = dict[str, tuple[Path, ...]]
"""Video to its file, or its files in the order of the crops."""


def array_files(path: Path) -> list[Path]:
    """All ``.npy`` files below a folder, sorted; hidden ones are unfinished and left out."""
    found = []
    for folder, subfolders, files in os.walk(path, followlinks=True):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        found += [
            Path(folder, name)
            for name in files
            if name.endswith(".npy") and not name.startswith(".")
        ]
    return sorted(found)


def own_files(path: Path, found: list[Path]) -> Files:
    """The videos of a folder that oddframe wrote: ``<id>.npy``, one file each.

    Raises:
        OddframeError: two files of one video, or none whose name can be that of a video.
    """
    return _by_id({file: file.relative_to(path).as_posix().removesuffix(".npy") for file in found})


def published_layout(path: Path, found: list[Path]) -> tuple[dict[str, Any], Files]:
    """What ``features.json`` would say of a published folder, inferred, and its videos.

    Raises:
        OddframeError: crops missing, layouts mixed, a video twice, or a file that is no float
            array.
    """
    first = open_features(found[0])
    if first.ndim == 3:
        layout, crops = "crops-in-one-file", first.shape[1]
        if crops > MOST_CROPS:
            raise OddframeError(
                f"{found[0]}: expected (snippets, crops, channels) with at most {MOST_CROPS} "
                f"crops, found shape {first.shape}; transpose arrays that are crop-first, and "
                "give the unsegmented features instead of MGFN's 32 segments"
            )
        files = _by_name(found)
    else:
        by_crop = _by_crop(path, found)
        layout = "single-crop" if by_crop is None else "file-per-crop"
        files = _by_name(found) if by_crop is None else by_crop
        crops = len(next(iter(files.values())))
    info = {
        "layout": layout,
        "crops": crops,
        "channels": first.shape[-1],
        "snippet_length": PUBLISHED_SNIPPET,
        "stride": PUBLISHED_SNIPPET,
        # Published one-file-per-crop folders were cut to the length of optical flow, which has
        # one frame less: a video of 160 frames has 9 snippets there.
        "drops_a_frame": layout == "file-per-crop",
    }
    return info, files


def _by_name(found: list[Path]) -> Files:
    return _by_id({file: _bare(file.name.removesuffix(".npy")) for file in found})


def _by_id(names: Mapping[Path, str]) -> Files:
    files: Files = {}
    for file, video_id in _ids_of(names).items():
        if video_id in files:
            raise _twice(video_id, files[video_id][0], file)
        files[video_id] = (file,)
    return files


def _ids_of(names: Mapping[Path, str]) -> dict[Path, str]:
    """Names as ids; a file whose name cannot be one is left out, and said.

    Raises:
        OddframeError: there is no other.
    """
    ids: dict[Path, str] = {}
    for file, name in names.items():
        try:
            ids[file] = checked_id(name)
        except OddframeError as error:
            warnings.warn(f"{file}: left out: {error}", OddframeWarning, stacklevel=2)
    if not ids:
        raise OddframeError(f"{next(iter(names))}: not a name of a video; rename the files")
    return ids


def _by_crop(path: Path, found: list[Path]) -> Files | None:
    """Video to its crop files, or None if the names say that each file is a whole video.

    Only a number after the last ``__`` of the whole name counts: names hold ``__`` themselves.
    """
    crops: dict[str, dict[int, Path]] = defaultdict(dict)
    whole: Path | None = None
    for file, stem in _ids_of({file: file.name.removesuffix(".npy") for file in found}).items():
        match = _CROP_FILE.fullmatch(stem)
        if match is None:
            whole = file
            continue
        name, crop = _bare(match[1]), int(match[2])
        if crop in crops[name]:
            raise _twice(name, crops[name][crop], file)
        crops[name][crop] = file
    if whole is not None:
        if any({0, 1} <= set(numbers) for numbers in crops.values()):
            raise OddframeError(
                f"{path}: some videos have one file per crop (such as {found[0].name}), "
                f"'{whole.name}' has not; keep one layout per folder"
            )
        return None
    count = 1 + max(max(numbers) for numbers in crops.values())
    for name, numbers in crops.items():
        missing = sorted(set(range(count)) - set(numbers))
        if missing:
            raise OddframeError(
                f"{path}: video '{name}' has no crop file '{name}__{missing[0]}.npy' while the "
                f"folder has crops 0 to {count - 1}; copy or extract the video again"
            )
    return {name: tuple(numbers[i] for i in range(count)) for name, numbers in crops.items()}


def _bare(name: str) -> str:
    shorter = name.removesuffix(BACKBONE_SUFFIX)
    return shorter or name


def _twice(name: str, first: Path, second: Path) -> OddframeError:
    return OddframeError(
        f"{second}: video '{name}' was already found as {first}; remove one of them"
    )
