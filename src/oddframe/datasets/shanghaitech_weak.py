"""ShanghaiTech Campus, weakly supervised protocol (Zhong et al., CVPR 2019).

The videos of the one-class data set (:mod:`oddframe.datasets.shanghaitech`), split anew so that
both splits hold anomalies: a three-digit clip number is a video of the former training set and
normal, a four-digit one is of the former test set and anomalous.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from oddframe.datasets.layouts.annotation_files import (
    find_annotation,
    read_lines,
    require_annotations,
)
from oddframe.datasets.layouts.counts import PublishedCounts
from oddframe.datasets.layouts.weak_manifest import WeakLists, weak_manifest
from oddframe.datasets.layouts.weak_videos import NORMAL, Listed
from oddframe.datasets.shanghaitech import FPS, load_frame_mask
from oddframe.errors import OddframeError
from oddframe.videos.intervals import events_of_vector
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Event, Video

TRAIN_LIST = "SH_Train.txt"
TEST_LIST = "SH_Test.txt"
COUNT_LISTS = {TRAIN_LIST: "SH_Train_frame_counts.txt", TEST_LIST: "SH_Test_frame_counts.txt"}
MASKS = "test_frame_mask"

CLASSES = {NORMAL: (175, 155), "anomalous": (63, 44)}
"""Training and test videos of each label."""

COUNTS = PublishedCounts(frames=141_870, anomalous_frames=7_962)
"""Frames of the test videos and anomalous ones: sums of the official counts and masks, by us."""


def prepare_shanghaitech_weak(
    root: Path,
    *,
    annotations: Path | None = None,
    features: Path | None = None,
    legacy_lists: Path | None = None,
    allow_partial: bool = False,
) -> Manifest:
    """ShanghaiTech Campus: 238 training and 199 test videos, 856x480.

    Masks of training videos serve as frame counts only: the protocol has labels per video there.

    Args:
        root: folder of the videos (``training/videos/*.avi`` or ``training/frames/<video>/``, and
            ``testing/frames/<video>/``) and of the annotation: ``SH_Train.txt``, ``SH_Test.txt``,
            the folder ``test_frame_mask`` and, if there, ``SH_Train_frame_counts.txt`` and
            ``SH_Test_frame_counts.txt`` (video, label and, if known, frames).
        annotations: folder of the annotation, if it lies elsewhere.
        features: folder of features to use instead of the videos. A normal training video has 16
            times its snippets as frames then.
        legacy_lists: folder to write lists and ground truth in the forms of other code to.
        allow_partial: accept missing videos and other counts than the published ones.

    Raises:
        OddframeError: something is missing, annotation and videos contradict each other, or the
            counts differ.
    """
    folder, *lists = require_annotations(root, annotations, MASKS, TRAIN_LIST, TEST_LIST)
    used = []
    listed = []
    masks: dict[str, np.ndarray] = {}
    for split, names in zip(("train", "test"), lists, strict=True):
        count_list = find_annotation(root, annotations, COUNT_LISTS[names.name])
        counts = _read_counts(count_list) if count_list else {}
        used += [names, *([count_list] if count_list else [])]
        for _, video in read_lines(names):
            if is_anomalous(video):
                used.append(folder / f"{video}.npy")
                masks[video] = load_frame_mask(used[-1])
                counts[video] = masks[video].size
            listed.append(Listed(video, split, (), is_anomalous(video), "", counts.get(video)))

    def events_of(video: Video) -> tuple[Sequence[Event], str]:
        where = f"{folder / video.id}.npy"
        mask = masks.get(video.id)
        return () if mask is None else events_of_vector(mask, video.frames, where), where

    lists = WeakLists(
        dataset="shanghaitech-weak",
        source="ShanghaiTech Campus, weakly supervised protocol (Zhong et al., CVPR 2019)",
        label_rule="test_frame_mask: one 0 or 1 per frame; runs of 1 became [start, end); training "
        "videos have a label each and no events",
        listed=listed,
        classes=CLASSES,
        counts=COUNTS,
        fps=FPS,
        files=used,
        pairs={},
    )
    return weak_manifest(
        lists,
        events_of,
        root,
        features=features,
        legacy_lists=legacy_lists,
        allow_partial=allow_partial,
    )


def is_anomalous(name: str) -> bool:
    """The label of a video, by the digits of its clip number.

    Raises:
        OddframeError: another form of name: a video without a label.
    """
    clip = re.fullmatch(r"\d\d_(\d{3,4})", name)
    if clip is None:
        raise OddframeError(
            f"shanghaitech-weak: the video '{name}' has no label: expected a name like 01_001 "
            "(normal) or 01_0014 (anomalous); correct the list"
        )
    return len(clip[1]) == 4


def _read_counts(path: Path) -> dict[str, int]:
    """Frames of the videos that have a count, from rows ``video,label`` or ``video,label,frames``.

    A count of -1 says that the mask has it.
    """
    counts = {}
    for where, line in read_lines(path):
        name, *numbers = line.split(",")
        if (
            not 1 <= len(numbers) <= 2
            or not all(re.fullmatch(r"-?\d+", number) for number in numbers)
            or numbers[0] != str(int(is_anomalous(name)))
        ):
            raise OddframeError(
                f"{where}: expected a video, its label {int(is_anomalous(name))} and perhaps its "
                f"frames, found '{line[:60]}'; get the official file again"
            )
        if len(numbers) == 2 and int(numbers[1]) > 0:
            counts[name] = int(numbers[1])
    return counts
