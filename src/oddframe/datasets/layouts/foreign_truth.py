"""Somebody else's ground truth vector, compared with a manifest video by video, by name.

Published ``gt.npy`` files hold all test videos end to end, in the order of a list that is another
file. One of them was first shipped in another order than its list, and nothing noticed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from oddframe.datasets.layouts.annotation_files import read_lines
from oddframe.datasets.layouts.legacy_lists import LENGTHS, SNIPPET
from oddframe.errors import OddframeError
from oddframe.features.feature_folder import FeatureFolder
from oddframe.files.array_files import read_array
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video


@dataclass(frozen=True)
class ComparedTruth:
    """One video's part of a foreign vector beside the manifest's truth.

    Attributes:
        id: the video.
        length: its frames in the foreign vector.
        foreign, own: anomalous frames there and in the manifest, among those that both have.
        differing: frames that differ.
        agrees: whether none differs but first and last frames of events and those next to them, as
            when two read the same annotation 0- or 1-based, with or without the last frame.
    """

    id: str
    length: int
    foreign: int
    own: int
    differing: int
    agrees: bool


def compare_truth(
    manifest: Manifest, truth: Path, listing: Path, features: Path | None = None
) -> tuple[ComparedTruth, ...]:
    """Compare a ``gt.npy`` and the list that it belongs to with the test videos of a manifest.

    Args:
        manifest: the data set.
        truth: one 0 or 1 per frame of all videos, end to end.
        listing: one path per line; a video may have one line, or one per crop.
        features: folder whose snippet counts say how long each video is in the vector; without
            it, the rules of :data:`LENGTHS` are tried, and a frame less with whole snippets.

    Returns:
        One comparison per listed video, in the order of the list.

    Raises:
        OddframeError: the list and the manifest name different videos, or the vector has another
            length than the videos make.
    """
    videos = _listed_videos(manifest, listing)
    return _compare(videos, _read_vector(truth), truth, features)


def require_same_truth(
    manifest: Manifest, truth: Path, listing: Path, features: Path | None = None
) -> tuple[ComparedTruth, ...]:
    """:func:`compare_truth`, and an error where more than edges of events differs.

    Raises:
        OddframeError: as there; or a video's truth differs, and whether another order of the
            list would explain it.
    """
    videos = _listed_videos(manifest, listing)
    vector = _read_vector(truth)
    compared = _compare(videos, vector, truth, features)
    wrong = [entry for entry in compared if not entry.agrees]
    if not wrong:
        return compared
    first = wrong[0]
    message = (
        f"{truth}: {len(wrong)} of {len(compared)} videos of {listing} differ from the "
        f"annotation, first '{first.id}': expected {first.own} anomalous frames, found "
        f"{first.foreign}, {first.differing} frames differ"
    )
    order = _order_that_fits(videos, vector, truth, features)
    if order:
        message += f"; the ground truth is in another order than the list: it fits {order}"
    else:
        message += "; the ground truth is in another order than the list or of another annotation"
    raise OddframeError(message)


def _order_that_fits(
    videos: Sequence[Video], vector: np.ndarray, truth: Path, features: Path | None
) -> str | None:
    orders = {
        "the list sorted by name": sorted(videos, key=lambda v: v.id),
        "the list with anomalous videos first": sorted(videos, key=lambda v: v.label == "normal"),
        "the list sorted, anomalous videos first": sorted(
            videos, key=lambda v: (v.label == "normal", v.id)
        ),
    }
    for name, ordered in orders.items():
        if all(entry.agrees for entry in _compare(ordered, vector, truth, features)):
            return name
    return None


def _compare(
    videos: Sequence[Video], vector: np.ndarray, truth: Path, features: Path | None
) -> tuple[ComparedTruth, ...]:
    result = []
    start = 0
    for video, length in zip(videos, _lengths(videos, vector.size, truth, features), strict=True):
        foreign = vector[start : start + length][: video.frames]
        own = video.frame_labels()[:length]
        start += length
        differing = foreign != own
        # Edge k lies between frames k - 1 and k; outside the video there is no event.
        edges = np.flatnonzero(np.diff(np.concatenate(([False], own, [False])).astype(np.int8)))
        near = np.zeros(own.size + 2, dtype=bool)
        near[edges] = near[edges + 1] = True
        result.append(
            ComparedTruth(
                id=video.id,
                length=length,
                foreign=int(foreign.sum()),
                own=int(own.sum()),
                differing=int(differing.sum()),
                agrees=not (differing & ~near[1:-1]).any(),
            )
        )
    return tuple(result)


def _listed_videos(manifest: Manifest, listing: Path) -> list[Video]:
    known = {video.id: video for video in manifest.split("test")}
    found: list[Video] = []
    for where, line in read_lines(listing):
        name = re.split(r"[/\\]", line)[-1].removesuffix(".npy").removesuffix(".mp4")
        whole = re.sub(r"__\d{1,2}$", "", name)
        names = (name, name.removesuffix("_i3d"), whole, whole.removesuffix("_i3d"))
        video = next((known[option] for option in names if option in known), None)
        if video is None:
            raise OddframeError(
                f"{where}: '{name}' is no test video of {manifest.dataset}; compare with the test "
                "list of this data set"
            )
        if not found or found[-1] is not video:
            found.append(video)
    if len({video.id for video in found}) < len(found):
        raise OddframeError(f"{listing}: a video is listed in two places; use the original list")
    missing = sorted(set(known) - {video.id for video in found})
    if missing:
        raise OddframeError(
            f"{listing}: expected all {len(known)} test videos of {manifest.dataset}, found "
            f"{len(found)}; '{missing[0]}' is missing"
        )
    return found


def _read_vector(path: Path) -> np.ndarray:
    """The vector as bool ``(frames,)``."""
    vector = read_array(path, "frame labels")
    if vector.size != max(vector.shape, default=0):
        raise OddframeError(f"{path}: expected one vector of 0 and 1, found another array")
    if vector.dtype.kind not in "biuf" or not np.isin(vector, (0, 1)).all():
        raise OddframeError(f"{path}: expected only 0 and 1, found other values ({vector.dtype})")
    return vector.ravel() != 0


def _lengths(videos: Sequence[Video], total: int, truth: Path, features: Path | None) -> list[int]:
    """Frames of each video in the vector, by the first rule that gives its length."""
    if features is not None:
        folder = FeatureFolder.open(features)
        rules = {"16 x snippets": [folder.snippets(video.id) * SNIPPET for video in videos]}
    else:
        rules = {name: [rule(v.frames) for v in videos] for name, rule in LENGTHS.items()}
        rules["floor of a frame less"] = [LENGTHS["floor"](v.frames - 1) for v in videos]
    for lengths in rules.values():
        if sum(lengths) == total:
            return lengths
    known = ", ".join(f"{sum(lengths)} ({name})" for name, lengths in rules.items())
    advice = "" if features is not None else "; give the features that it was made for"
    raise OddframeError(
        f"{truth}: {total} frames, expected the {len(videos)} listed videos' {known}{advice}"
    )
