"""What an annotation says by itself, where the videos that it belongs to are missing."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path
from typing import Any

from oddframe.datasets import avenue, prepared, preparer, shanghaitech, ucsd
from oddframe.datasets.layouts.annotation_files import find_annotation
from oddframe.datasets.layouts.counts import PublishedCounts
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.videos.intervals import read_mat_intervals, read_ucsd_intervals

_INTERVAL_FILES = {
    "avenue": (("avenue.mat",), avenue.COUNTS["intervals"]),
    "ucsd-ped1": (("UCSDped1.m", "ped1.mat"), ucsd.PED1_COUNTS),
    "ucsd-ped2": (("UCSDped2.m", "ped2.mat"), ucsd.PED2_COUNTS),
}


def annotation_alone(dataset: str, data: Path, options: dict[str, Any]) -> str:
    """A sentence on the annotation of the test videos, if it is there, else "".

    Args:
        dataset: a name of :data:`oddframe.datasets.DATASETS`.
        data: the folder to search.
        options: options of ``oddframe prepare``.
    """
    try:
        if dataset in _INTERVAL_FILES:
            return _intervals(dataset, data)
        if dataset == "shanghaitech":
            return _frame_masks(data)
        if "annotations" in inspect.signature(preparer(dataset)).parameters:
            return _weak(dataset, data, options)
    except OddframeError:
        return ""
    return ""


def _intervals(dataset: str, data: Path) -> str:
    names, counts = _INTERVAL_FILES[dataset]
    found = [file for name in names if (file := find_annotation(data, None, name))]
    if not found:
        return ""
    read = read_ucsd_intervals if found[0].suffix == ".m" else read_mat_intervals
    try:
        clips = read(found[0])
    except OddframeError as error:
        return f"the annotation is another one: {error}"
    anomalous = sum(event.end - event.start for clip in clips for event in clip)
    right = anomalous == counts.anomalous_frames
    return _said(f"{len(clips)} test clips", right, f"{anomalous:,} anomalous frames")


def _frame_masks(data: Path) -> str:
    folder = find_annotation(data, None, "test_frame_mask")
    if folder is None:
        return ""
    masks = [shanghaitech.load_frame_mask(file) for file in sorted(folder.glob("*.npy"))]
    frames, anomalous = sum(mask.size for mask in masks), sum(int(mask.sum()) for mask in masks)
    right = PublishedCounts(frames, anomalous) == shanghaitech.COUNTS
    return _said(
        f"{len(masks)} test videos", right, f"{anomalous:,} of {frames:,} frames anomalous"
    )


def _weak(dataset: str, data: Path, options: dict[str, Any]) -> str:
    """The annotation of the videos whose frame counts are known, which may be the test's only."""
    given: dict[str, Any] = {**options, "annotations": data, "allow_partial": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OddframeWarning)
        manifest = prepared(dataset, data, **given)
    counts = manifest.counts().get("test")
    if counts is None:
        return ""
    right = "instead of" not in manifest.source  # what check_counts notes
    truth = f"{counts['anomalous_frames']:,} of {counts['frames']:,} frames anomalous"
    return _said(f"{counts['videos']} test videos", right, truth)


def _said(videos: str, right: bool, counts: str) -> str:
    has = "has the published counts" if right else "has other counts than the published ones"
    return f"the annotation of the {videos} is there and {has}: {counts}"
