"""One range of values for all deep pictures of a data set, and for what a run scores later."""

from __future__ import annotations

import warnings
from dataclasses import replace

from oddframe.console.words import count
from oddframe.errors import OddframeWarning
from oddframe.media.grey_levels import Levels
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video


def at_one_range(manifest: Manifest) -> Manifest:
    """A manifest's videos, the deep ones all at the range of the normal footage to learn from."""
    return _at(manifest, normal_range(manifest))


def normal_range(manifest: Manifest) -> Levels | None:
    """The range that holds those of the normal training and validation videos.

    Of all videos where none of those is deep; None where no video is.
    """
    known = [v.levels for v in manifest.normal("train", "val") if v.levels]
    return Levels.union(known or [v.levels for v in manifest if v.levels])


def at_range_of_run(manifest: Manifest, learnt: Levels | None) -> Manifest:
    """A manifest's videos, the deep ones at the range that a run learnt.

    A range means nothing to footage of another depth: that is said.

    Args:
        manifest: the footage to score.
        learnt: the run's range; None if it learnt from 8 bits, or was imported.
    """
    deep = [video for video in manifest if video.levels and video.path]
    flat = [video for video in manifest if not video.levels and video.path]
    if learnt is None and deep:
        own = Levels.union(video.levels for video in deep if video.levels)
        _warn(
            deep,
            f"pictures of more than 8 bits, and the run learnt from 8 bits: values {own} became "
            "grey levels, and all may look odd; convert as the run's footage was, or train on "
            "pictures of this kind",
        )
        return manifest
    if learnt is not None and flat:
        _warn(
            flat,
            f"pictures of 8 bits, and the run learnt from values {learnt} of deeper ones: their "
            "grey levels need not mean the same; give the originals",
        )
    outside = [v for v in deep if v.levels and learnt and not v.levels.shares(learnt)]
    if outside:
        own = Levels.union(video.levels for video in outside if video.levels)
        _warn(
            outside,
            f"values {own}, outside those of the run ({learnt}), so that they become black or "
            "white; train on footage of this camera, or convert to its units",
        )
    return _at(manifest, learnt)


def _at(manifest: Manifest, levels: Levels | None) -> Manifest:
    videos = tuple(replace(v, levels=levels) if v.levels else v for v in manifest)
    return replace(manifest, videos=videos)


def _warn(videos: list[Video], what: str) -> None:
    have = "has" if len(videos) == 1 else "have"
    warnings.warn(
        f"{count(len(videos), 'video')} (such as '{videos[0].id}') {have} {what}",
        OddframeWarning,
        stacklevel=4,
    )
