"""UCSD Ped1 and Ped2 (Mahadevan et al., CVPR 2010), in two layouts.

The native tree: ``Train/Train001/001.tif``, ``Test/Test001/001.tif``, pixel masks in
``Test/Test001_gt/`` (named ``001.bmp`` or ``frame001.bmp``) and frame intervals in
``Test/UCSDped2.m``. The ano_pred tree: ``training/frames/01/000.jpg``, ``testing/frames/01/``,
intervals in ``ped2.mat``, and pixel masks, if somebody made them, in ``masks/ped2_masks.npz``.
Clip 1 is ``train/01`` or ``test/01`` in both, so scores of one fit the other.
"""

from __future__ import annotations

import warnings
from pathlib import Path

from oddframe.datasets.layouts.counts import PublishedCounts, check_counts
from oddframe.datasets.layouts.mask_archives import clips_of_archive
from oddframe.errors import OddframeWarning
from oddframe.footage.listing import (
    annotate,
    clip_number,
    recordings,
    require_folder,
    survey,
    with_progress,
)
from oddframe.media.image_series import list_images
from oddframe.videos.intervals import labels_of_clip, read_mat_intervals, read_ucsd_intervals
from oddframe.videos.manifest import Manifest, hash_annotations

FPS = 25.0
"""The images carry no frame rate, and the authors state none. In Ped2 walkers of 37 pixels move
0.75 pixels a frame (measured with DIS flow on clip Train001), which is a normal walking pace at 25
to 35 frames per second; the 10 that other UCSD footage has would be 0.35 metres per second."""

PED1_COUNTS = PublishedCounts(frames=7200, anomalous_frames=4045)
PED2_COUNTS = PublishedCounts(frames=2010, anomalous_frames=1648)


def prepare_ped1(root: Path, *, fps: float = FPS, allow_partial: bool = False) -> Manifest:
    """UCSD Ped1: 34 training and 36 test clips of 200 frames, 238x158.

    Args:
        root: ``UCSDped1``, the folder that holds it, or the ano_pred tree.
        fps: frames per second.
        allow_partial: accept other counts than the published ones.

    Raises:
        OddframeError: something is missing, or the counts differ.
    """
    return _prepare("ped1", root, PED1_COUNTS, fps, allow_partial)


def prepare_ped2(root: Path, *, fps: float = FPS, allow_partial: bool = False) -> Manifest:
    """UCSD Ped2: 16 training and 12 test clips, 360x240.

    Args:
        root: ``UCSDped2``, the folder that holds it, or the ano_pred tree.
        fps: frames per second.
        allow_partial: accept other counts than the published ones.

    Raises:
        OddframeError: something is missing, or the counts differ.
    """
    return _prepare("ped2", root, PED2_COUNTS, fps, allow_partial)


def _prepare(
    name: str, root: Path, counts: PublishedCounts, fps: float, allow_partial: bool
) -> Manifest:
    root = root / f"UCSD{name}" if (root / f"UCSD{name}").is_dir() else root
    train = require_folder(root, "Train", "training/frames", what="training clips")
    test = require_folder(root, "Test", "testing/frames", what="test clips")
    if test.name == "Test":
        beside = test / f"UCSD{name}.m"
        annotation = beside if beside.is_file() else root / f"UCSD{name}.m"
        clips = read_ucsd_intervals(annotation)
    else:
        annotation = root / f"{name}.mat"
        clips = read_mat_intervals(annotation)

    videos = [
        survey(path, root, video_id=f"train/{clip_number(path):02d}", split="train", fps=fps)
        for path in with_progress(recordings(train))
    ]
    for path in with_progress(recordings(test)):
        number = clip_number(path)
        video = survey(path, root, video_id=f"test/{number:02d}", split="test", fps=fps)
        events = labels_of_clip(clips, number, str(annotation))
        videos.append(annotate(video, events, annotation, _find_mask(root, name, path)))
    manifest = Manifest(
        dataset=f"ucsd-{name}",
        videos=tuple(videos),
        root=root,
        source="UCSD anomaly detection data set, SVCL (Mahadevan et al., CVPR 2010), "
        + ("native tree" if test.name == "Test" else "ano_pred tree"),
        label_rule=f"{annotation.name}: frames first:last, 1-based and inclusive, became "
        "[first - 1, last)",
        annotations=hash_annotations(root, [annotation]),
    )
    return check_counts(manifest, counts, allow_partial)


def _find_mask(root: Path, name: str, clip: Path) -> str | None:
    """The clip's pixel masks as a manifest names them, or None: not every clip has them."""
    folder = clip.with_name(f"{clip.name}_gt")
    if folder.is_dir():
        masks, frames = len(list_images(folder)), len(list_images(clip))
        if masks == frames:
            return folder.relative_to(root).as_posix()
        warnings.warn(
            f"{folder}: expected {frames} masks, one per frame, found {masks}; the clip is used "
            "without pixel truth",
            OddframeWarning,
            stacklevel=2,
        )
        return None
    archive = root / "masks" / f"{name}_masks.npz"
    if not archive.is_file():
        return None
    known = clip.name in clips_of_archive(archive)
    return f"{archive.relative_to(root).as_posix()}#{clip.name}" if known else None
