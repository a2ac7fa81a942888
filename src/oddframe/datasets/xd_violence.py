"""XD-Violence (Wu et al., ECCV 2020): six kinds of violence; a video carries up to three.

The annotation starts at frame 0, so it counts from 0. The evaluation code of its authors leaves
the last number out; others include it: ``intervals`` has a name for both.
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
from oddframe.videos.intervals import interval_pairs
from oddframe.videos.manifest import Manifest

FPS = 24.0
"""Frames per second of the official files."""

SNIPPET = 16
"""Frames per segment in ``test_segment_counts.csv``."""

TRAIN_LIST = "train_videos.txt"
TEST_LIST = "test_videos.txt"
INTERVALS = "annotations.txt"
SEGMENT_COUNTS = "test_segment_counts.csv"

CODES = {
    "A": NORMAL,
    "B1": "fighting",
    "B2": "shooting",
    "B4": "riot",
    "B5": "abuse",
    "B6": "car accident",
    "G": "explosion",
}
"""Code in a file name to class."""

CLASSES = {
    NORMAL: (2049, 300),
    "fighting": (481, 126),
    "shooting": (442, 104),
    "riot": (384, 101),
    "abuse": (50, 11),
    "car accident": (444, 106),
    "explosion": (382, 103),
}
"""Training and test videos that carry a class; a video counts for each of its codes."""

COUNTS = {
    "zero-based-exclusive": PublishedCounts(frames=2_330_384, anomalous_frames=537_805),
    "zero-based-inclusive": PublishedCounts(frames=2_330_384, anomalous_frames=538_955),
}
"""Test frames as published (whole snippets), and the anomalous ones of them, counted by us."""


def prepare_xd_violence(
    root: Path,
    *,
    annotations: Path | None = None,
    features: Path | None = None,
    intervals: str | None = None,
    val_split: str | None = None,
    legacy_lists: Path | None = None,
    allow_partial: bool = False,
) -> Manifest:
    """XD-Violence: 3954 training and 800 test videos of many sizes.

    The published frame counts of test videos are those of the evaluation code: a frame less than
    the file (for optical flow), and then whole snippets only. Without footage they are the frame
    counts; the frames of footage are counted, and up to a snippet more than published is right.

    Args:
        root: folder of the videos, in any subfolders, and of the annotation: ``annotations.txt``,
            the names ``train_videos.txt`` and ``test_videos.txt``, and, if there,
            ``test_segment_counts.csv`` with the columns video, segments_of_16_frames.
        annotations: folder of the annotation, if it lies elsewhere.
        features: folder of features to use instead of the videos. A training video has 16 times
            its snippets as frames then.
        intervals: how the annotation's numbers are meant, a key of :data:`COUNTS`; by default
            ``zero-based-exclusive``.
        val_split: ``thesis`` for the validation videos of that split.
        legacy_lists: folder to write lists and ground truth in the forms of other code to.
        allow_partial: accept missing videos and other counts than the published ones.

    Raises:
        OddframeError: something is missing, annotation and videos contradict each other, or the
            counts differ.
    """
    convention = intervals or "zero-based-exclusive"
    if convention not in COUNTS:
        raise OddframeError(
            f"--intervals of xd-violence: expected {' or '.join(COUNTS)} (its numbers start at 0), "
            f"found '{convention}'"
        )
    train_list, test_list, interval_list = require_annotations(
        root, annotations, TRAIN_LIST, TEST_LIST, INTERVALS
    )
    count_list = find_annotation(root, annotations, SEGMENT_COUNTS)
    segments = read_counts(count_list, "segments_of_16_frames") if count_list else {}
    pairs = _read_intervals(interval_list)
    listed = [
        _listed(name, split, segments.get(name))
        for split, path in (("train", train_list), ("test", test_list))
        for _, name in read_lines(path)
    ]
    unknown = set(pairs) - {video.id for video in listed if video.split == "test"}
    if unknown:
        raise OddframeError(
            f"{interval_list}: the video '{min(unknown)}' is not in {test_list}; use the lists and "
            "the annotation of one release"
        )
    lists = WeakLists(
        dataset="xd-violence",
        source="XD-Violence (Wu et al., ECCV 2020)",
        label_rule=_RULES[convention],
        listed=listed,
        classes=CLASSES,
        counts=COUNTS[convention],
        fps=FPS,
        files=[path for path in (train_list, test_list, interval_list, count_list) if path],
        pairs=pairs,
        dropped=SNIPPET,
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
    "zero-based-exclusive": "intervals of annotations.txt, 0-based without the last frame like the "
    "authors' evaluation code, became [first, last), cut at the video's end",
    "zero-based-inclusive": "intervals of annotations.txt, read as 0-based and inclusive, became "
    "[first, last + 1), cut at the video's end",
}


def _read_intervals(path: Path) -> dict[str, tuple[tuple[int, int], ...]]:
    """Anomalous test video to its pairs of numbers as they are there."""
    pairs: dict[str, tuple[tuple[int, int], ...]] = {}
    for where, line in read_lines(path):
        name, *words = line.split()
        # One of the 500 official rows has its extension.
        name = name.removesuffix(".mp4")
        if name in pairs:
            raise OddframeError(f"{where}: '{name}' was listed before; get the official file again")
        pairs[name] = interval_pairs(words, where)
    return pairs


def codes_of(name: str) -> tuple[str, ...]:
    """The label codes in a video's name: ``('B2', 'G')`` of ``..._label_B2-G-0``.

    Raises:
        OddframeError: no label, or a code that is not one: a video without a label.
    """
    # Names hold '_', '#', dots and dashes themselves: only what follows the last 'label_' counts.
    label = re.search(r".*label_([A-Z0-9-]+)$", name, re.DOTALL)
    codes = [code for code in label[1].split("-") if code != "0"] if label else []
    if not codes or set(codes) - set(CODES) or ("A" in codes and len(codes) > 1):
        raise OddframeError(
            f"xd-violence: the video '{name}' has no label: expected a name that ends in label_ "
            f"and codes among {', '.join(CODES)}, like label_B2-G-0; correct the list"
        )
    return tuple(codes)


def _listed(name: str, split: str, segments: int | None) -> Listed:
    codes = codes_of(name)
    anomalous = codes != ("A",)
    return Listed(
        id=name,
        split=split,
        classes=tuple(CODES[code] for code in codes) if anomalous else (),
        anomalous=anomalous,
        frames=None if segments is None else segments * SNIPPET,
    )
