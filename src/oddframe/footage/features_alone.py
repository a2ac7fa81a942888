"""A folder of features that comes without a manifest: the videos that they are of."""

from __future__ import annotations

import warnings
from pathlib import Path

from oddframe.errors import OddframeWarning
from oddframe.features.feature_folder import FeatureFolder
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

_FRAME_RATE = 25.0
"""Assumed where a folder of features says nothing; it only turns frames into seconds."""


def videos_of_features(folder: Path) -> Manifest:
    """The videos of a feature folder that comes without a manifest.

    Their length is that of their snippets, since nothing says where in the last one they end.
    """
    features = FeatureFolder.open(folder)
    rate = features.rate or _FRAME_RATE
    warnings.warn(
        f"{folder}: features alone tell neither a video's true length nor its frame rate: lengths "
        f"are multiples of {features.stride} frames, times are at {rate:g} frames per second; for "
        "scores that can be evaluated, score a manifest and give --features",
        OddframeWarning,
        stacklevel=2,
    )
    videos = tuple(
        Video(
            id=video_id,
            path="",
            split="test",
            label=None,
            frames=features.snippets(video_id) * features.stride,
            fps=rate,
            width=0,
            height=0,
        )
        for video_id in features.ids
    )
    return Manifest(dataset=folder.name, videos=videos, root=folder)
