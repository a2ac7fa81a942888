"""UCF-Crime (Sultani et al., CVPR 2018): 13 classes of crime, labels per video for training.

The test annotation was made with MATLAB: its frames count from 1 and include the last one. Nearly
all published code uses the numbers as 0-based indices; ``intervals`` offers that under its name.
"""

from __future__ import annotations

import re
from pathlib import Path

from oddframe.datasets.layouts.annotation_files import (
    find_annotation,
    read_counts,
    read_lines,
    require_annotations,
)
from oddframe.datasets.layouts.counts import PublishedCounts
from oddframe.datasets.layouts.weak_manifest import WeakLists, events_in_list, weak_manifest
from oddframe.datasets.layouts.weak_videos import NORMAL, Listed
from oddframe.errors import OddframeError
from oddframe.videos.intervals import CONVENTIONS, interval_pairs
from oddframe.videos.manifest import Manifest

FPS = 30.0
"""Frames per second of the official files."""

TRAIN_LIST = "Anomaly_Train.txt"
TEST_LIST = "Anomaly_Test.txt"
INTERVALS = "Temporal_Anomaly_Annotation_for_Testing_Videos.txt"
FRAME_COUNTS = "frame_counts.csv"

CLASSES = {
    "Abuse": (48, 2),
    "Arrest": (45, 5),
    "Arson": (41, 9),
    "Assault": (47, 3),
    "Burglary": (87, 13),
    "Explosion": (29, 21),
    "Fighting": (45, 5),
    "RoadAccidents": (127, 23),
    "Robbery": (145, 5),
    "Shooting": (27, 23),
    "Shoplifting": (29, 21),
    "Stealing": (95, 5),
    "Vandalism": (45, 5),
    NORMAL: (800, 150),
}
"""Training and test videos of each class."""

COUNTS = {
    "one-based-inclusive": PublishedCounts(frames=1_111_808, anomalous_frames=84_338),
    "zero-based-inclusive": PublishedCounts(frames=1_111_808, anomalous_frames=84_331),
    "zero-based-exclusive": PublishedCounts(frames=1_111_808, anomalous_frames=84_182),
}
"""Test frames as published, and the anomalous ones that the annotation gives, counted by us."""


def prepare_ucf_crime(
    root: Path,
    *,
    annotations: Path | None = None,
    features: Path | None = None,
    intervals: str | None = None,
    val_split: str | None = None,
    legacy_lists: Path | None = None,
    allow_partial: bool = False,
) -> Manifest:
    """UCF-Crime: 1610 training and 290 test videos, 320x240.

    Args:
        root: folder of the videos, in any subfolders (``Abuse/Abuse001_x264.mp4``), and of the
            annotation: ``Anomaly_Train.txt``, ``Anomaly_Test.txt`` (if there),
            ``Temporal_Anomaly_Annotation_for_Testing_Videos.txt`` and, if there, frame counts
            ``frame_counts.csv`` with the columns video, split, frames.
        annotations: folder of the annotation, if it lies elsewhere.
        features: folder of features to use instead of the videos.
        intervals: how the annotation's numbers are meant, a key of :data:`COUNTS`; by default
            ``one-based-inclusive``.
        val_split: ``thesis`` for the validation videos of that split.
        legacy_lists: folder to write lists and ground truth in the forms of other code to.
        allow_partial: accept missing videos and other counts than the published ones.

    Raises:
        OddframeError: something is missing, annotation and videos contradict each other, or the
            counts differ.
    """
    convention = intervals or "one-based-inclusive"
    if convention not in CONVENTIONS:
        raise OddframeError(
            f"--intervals of ucf-crime: expected {', '.join(CONVENTIONS)}, found '{convention}'"
        )
    train_list, interval_list = require_annotations(root, annotations, TRAIN_LIST, INTERVALS)
    test_list = find_annotation(root, annotations, TEST_LIST)
    count_list = find_annotation(root, annotations, FRAME_COUNTS)
    counts = read_counts(count_list, "frames") if count_list else {}
    pairs = _read_intervals(interval_list)
    places = {name: name for name in pairs} if test_list is None else _read_places(test_list)
    if set(places) != set(pairs):
        name = min(set(places) ^ set(pairs))
        raise OddframeError(
            f"{interval_list}: expected the same videos as {test_list}, but '{name}' is only in "
            "one of them; get the official files again"
        )
    listed = [
        _listed(name, split, place, counts.get(name))
        for split, names in (("train", _read_places(train_list)), ("test", places))
        for name, place in names.items()
    ]
    lists = WeakLists(
        dataset="ucf-crime",
        source="UCF-Crime (Sultani et al., CVPR 2018)",
        label_rule=_RULES[convention],
        listed=listed,
        classes=CLASSES,
        counts=COUNTS[convention],
        fps=FPS,
        files=[path for path in (train_list, test_list, interval_list, count_list) if path],
        pairs=pairs,
    )
    return weak_manifest(
        lists,
        events_in_list(pairs, convention, interval_list),
        root,
        features=features,
        val_split=val_split,
        legacy_lists=legacy_lists,
        allow_partial=allow_partial,
    )


_RULES = {
    "one-based-inclusive": "intervals of the official text, 1-based and inclusive (MATLAB), became "
    "[first - 1, last), cut at the video's end",
    "zero-based-inclusive": "intervals of the official text, read as 0-based and inclusive like "
    "the code of RTFM does, became [first, last + 1), cut at the video's end",
    "zero-based-exclusive": "intervals of the official text, read as 0-based without the last "
    "frame, became [first, last), cut at the video's end",
}


def _read_places(path: Path) -> dict[str, str]:
    """Video id to its place in the archive, in the order of the list."""
    places: dict[str, str] = {}
    for where, line in read_lines(path):
        name = Path(line).stem
        if name in places:
            raise OddframeError(f"{where}: '{name}' was listed before; get the official list again")
        places[name] = line
    return places


def _read_intervals(path: Path) -> dict[str, tuple[tuple[int, int], ...]]:
    """Test video to its pairs of numbers as they are there; none for a normal video."""
    pairs: dict[str, tuple[tuple[int, int], ...]] = {}
    for where, line in read_lines(path):
        words = line.split()
        name = Path(words[0]).stem
        if name in pairs:
            raise OddframeError(f"{where}: '{name}' was listed before; get the official file again")
        pairs[name] = interval_pairs(words[2:], where)
        expected = class_of(name) or "Normal"
        if len(words) < 4 or words[1] != expected:
            raise OddframeError(
                f"{where}: expected a video, its class {expected} and pairs of frames, found "
                f"'{line[:60]}'; get the official file again"
            )
    return pairs


def class_of(name: str) -> str | None:
    """The class in a video's name (``Abuse001_x264``), None for a normal video.

    Raises:
        OddframeError: neither a class nor ``Normal``: a video without a label.
    """
    word = re.match(r"[A-Za-z]*", name)
    found = word[0] if word else ""
    if found == "Normal":
        return None
    if found not in CLASSES or found == NORMAL:
        raise OddframeError(
            f"ucf-crime: the video '{name}' has no label: expected a name that starts with its "
            "class, like Abuse001_x264, or with Normal_Videos; correct the list"
        )
    return found


def _listed(name: str, split: str, place: str, frames: int | None) -> Listed:
    found = class_of(name)
    return Listed(
        id=name,
        split=split,
        classes=() if found is None else (found,),
        anomalous=found is not None,
        place=place,
        frames=frames,
    )
