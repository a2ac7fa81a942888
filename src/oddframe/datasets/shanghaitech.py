"""ShanghaiTech Campus (Luo et al., ICCV 2017; Liu et al., CVPR 2018), one-class protocol.

Training videos are files, test videos are folders of frames; all 107 test videos hold an
anomaly. The weakly supervised protocol (Zhong et al., CVPR 2019) splits the same videos in
another way; the two must never share a table.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from oddframe.datasets.layouts.counts import PublishedCounts, check_counts
from oddframe.files.array_files import read_array
from oddframe.footage.listing import annotate, recordings, require_folder, survey, with_progress
from oddframe.videos.intervals import events_of_vector
from oddframe.videos.manifest import Manifest, hash_annotations

FPS = 24.0
"""Frames per second of the test folders: that of nearly all of the training files."""

COUNTS = PublishedCounts(frames=40791, anomalous_frames=17326)


def prepare_shanghaitech(root: Path, *, fps: float = FPS, allow_partial: bool = False) -> Manifest:
    """ShanghaiTech Campus: 330 training and 107 test videos, 856x480.

    Args:
        root: folder with ``training/videos/*.avi`` (or ``training/frames/<video>/``),
            ``testing/frames/<video>/`` and ``testing/test_frame_mask/<video>.npy``; pixel masks
            ``testing/test_pixel_mask/<video>.npy`` are used where they are there.
        fps: frames per second of folders of frames.
        allow_partial: accept other counts than the published ones.

    Raises:
        OddframeError: something is missing, labels do not fit a video, or the counts differ.
    """
    train = require_folder(root, "training/videos", "training/frames", what="training videos")
    test = require_folder(root, "testing/frames", what="test frames")
    labels = require_folder(root, "testing/test_frame_mask", what="frame labels")
    videos = [
        survey(path, root, video_id=path.stem, split="train", fps=fps)
        for path in with_progress(recordings(train))
    ]
    annotations = []
    for path in with_progress(recordings(test)):
        annotation = labels / f"{path.name}.npy"
        pixels = labels.with_name("test_pixel_mask") / f"{path.name}.npy"
        video = survey(path, root, video_id=path.name, split="test", fps=fps)
        events = events_of_vector(load_frame_mask(annotation), video.frames, str(annotation))
        mask = pixels.relative_to(root).as_posix() if pixels.is_file() else None
        videos.append(annotate(video, events, annotation, mask))
        annotations.append(annotation)
    manifest = Manifest(
        dataset="shanghaitech",
        videos=tuple(videos),
        root=root,
        source="ShanghaiTech Campus, one-class protocol (Liu et al., CVPR 2018)",
        label_rule="test_frame_mask: one 0 or 1 per frame; runs of 1 became [start, end)",
        annotations=hash_annotations(root, annotations),
    )
    return check_counts(manifest, COUNTS, allow_partial)


def load_frame_mask(path: Path) -> np.ndarray:
    """The array of a ``test_frame_mask`` file.

    Raises:
        OddframeError: it is missing or no array.
    """
    return read_array(path, "the video's frame labels", "copy the whole test_frame_mask folder")
