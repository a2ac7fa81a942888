"""CUHK Avenue (Lu et al., ICCV 2013), the official files or the ano_pred tree.

There are two annotations, which differ in 15 of the 21 test clips. ``masks``: a frame is
anomalous where the official pixel masks (``testing_label_mask/N_label.mat``) are not empty, 3712
frames. ``intervals``: the frame intervals of Hasan et al. (CVPR 2016), distributed as
``avenue.mat`` with ano_pred, 3867 frames, which most published numbers use. The manifest's
``label_rule`` records which one it holds.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from oddframe.datasets.layouts.counts import PublishedCounts, check_counts
from oddframe.datasets.layouts.mask_archives import clips_of_archive, frames_with_mask
from oddframe.errors import OddframeError
from oddframe.files.matlab_files import read_mat, read_mat_cells
from oddframe.footage.listing import (
    annotate,
    clip_number,
    recordings,
    require_folder,
    survey,
    with_progress,
)
from oddframe.videos.intervals import events_of_vector, labels_of_clip, read_mat_intervals
from oddframe.videos.manifest import Manifest, hash_annotations

FPS = 25.0
"""Frames per second of extracted frames: that of the official files."""

COUNTS = {
    "intervals": PublishedCounts(frames=15324, anomalous_frames=3867),
    "masks": PublishedCounts(frames=15324, anomalous_frames=3712),
}
"""Published counts of each label set."""


def prepare_avenue(
    root: Path, *, labels: str | None = None, fps: float = FPS, allow_partial: bool = False
) -> Manifest:
    """CUHK Avenue: 16 training and 21 test clips, 640x360.

    Args:
        root: folder with ``training_videos/``, ``testing_videos/`` and ``testing_label_mask/``
            (also inside ``ground_truth_demo/``), or the ano_pred tree ``training/frames/``,
            ``testing/frames/``, ``avenue.mat``; masks packed into ``avenue_masks.npz`` (or
            ``masks/avenue_masks.npz``) are used as well.
        labels: ``intervals`` or ``masks``; by default the intervals if ``avenue.mat`` is there
            with them, else the masks.
        fps: frames per second of folders of frames.
        allow_partial: accept other counts than the published ones.

    Raises:
        OddframeError: something is missing, labels do not fit a clip, or the counts differ.
    """
    if labels not in (None, *COUNTS):
        raise OddframeError(f"labels of avenue: expected intervals or masks, found '{labels}'")
    train = require_folder(root, "training_videos", "training/frames", what="training clips")
    test = require_folder(root, "testing_videos", "testing/frames", what="test clips")
    mat = root / "avenue.mat"
    vectors = _read_vectors(mat) if mat.is_file() else {}
    if labels is None:
        labels = "intervals" if mat.is_file() and not vectors else "masks"
    masks = _find_masks(root)
    intervals = read_mat_intervals(mat) if labels == "intervals" else []

    videos = [
        survey(path, root, video_id=f"train/{clip_number(path):02d}", split="train", fps=fps)
        for path in with_progress(recordings(train))
    ]
    used = set()
    for path in with_progress(recordings(test)):
        number = clip_number(path)
        video = survey(path, root, video_id=f"test/{number:02d}", split="test", fps=fps)
        mask = masks.get(number)
        if labels == "intervals":
            source, events = mat, labels_of_clip(intervals, number, str(mat))
        else:
            source, vector = _mask_labels(root, number, mask, vectors)
            events = events_of_vector(vector, video.frames, f"{source} clip {number}")
        used.add(source)
        videos.append(annotate(video, events, source, mask))
    manifest = Manifest(
        dataset="avenue",
        videos=tuple(videos),
        root=root,
        source="CUHK Avenue (Lu et al., ICCV 2013)",
        label_rule=_RULES[labels],
        annotations=hash_annotations(root, sorted(used)),
    )
    return check_counts(manifest, COUNTS[labels], allow_partial)


_RULES = {
    "intervals": "intervals: avenue.mat, frames first and last, 1-based and inclusive, became "
    "[first - 1, last)",
    "masks": "masks: a frame is anomalous where the official pixel mask is not empty; runs became "
    "[start, end)",
}


def _find_masks(root: Path) -> dict[int, str]:
    """Clip number to its pixel masks as a manifest names them.

    The official file of a clip comes before the packed archive, which fills in the others.
    """
    found: dict[int, str] = {}
    for name in ("masks/avenue_masks.npz", "avenue_masks.npz"):
        if (root / name).is_file():
            clips = clips_of_archive(root / name)
            found |= {int(clip): f"{name}#{clip}" for clip in clips if clip.isdecimal()}
    for folder in ("ground_truth_demo/testing_label_mask", "testing_label_mask"):
        for path in sorted((root / folder).glob("*.mat")):
            if match := re.fullmatch(r"(\d+)_label", path.stem):
                found[int(match[1])] = path.relative_to(root).as_posix()
    return found


def _mask_labels(
    root: Path, number: int, mask: str | None, vectors: dict[int, np.ndarray]
) -> tuple[Path, np.ndarray]:
    """The file and one 0 or 1 per frame: 1 where the clip's pixel mask is not empty."""
    if mask is None and number in vectors:
        return root / "avenue.mat", vectors[number]
    if mask is None:
        raise OddframeError(
            f"{root / 'testing_label_mask' / f'{number}_label.mat'}: no pixel masks of test clip "
            f"{number}; copy the official testing_label_mask folder, or use --labels intervals "
            "with ano_pred's avenue.mat"
        )
    name, _, key = mask.partition("#")
    if key:
        return root / name, frames_with_mask(root / name, key)
    cells = read_mat_cells(root / name, "volLabel")
    return root / name, np.array([cell.any() for cell in cells])


def _read_vectors(mat: Path) -> dict[int, np.ndarray]:
    """Frame labels from an ``avenue.mat`` of another origin: one variable per clip, no ``gt``.

    Such a file goes round as well; it holds the labels of the masks, 3712 frames.
    """
    content = read_mat(mat)
    if "gt" in content:
        return {}
    return {
        int(name): np.asarray(value)
        for name, value in content.items()
        if re.fullmatch(r"[0-9]{1,4}", name)
    }
