"""Which videos have truth for their frames, so that something can be measured on them."""

from __future__ import annotations

from oddframe.errors import OddframeError
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video


def labelled_videos(manifest: Manifest, split: str) -> tuple[Video, ...]:
    """The videos of a split, each with truth for its frames.

    Raises:
        OddframeError: no such videos, a video without a label, or an anomalous one without
            events.
    """
    videos = manifest.split(split)
    if not videos:
        there = ", ".join(f"'{name}'" for name in manifest.counts())
        raise OddframeError(
            f"manifest of {manifest.dataset}: no videos in split '{split}'; it has {there}"
        )
    for video in videos:
        if video.label is None:
            raise OddframeError(
                f"manifest of {manifest.dataset}: video '{video.id}' of split '{split}' has no "
                "label, so nothing can be measured on it; label it normal or anomalous (with "
                "events) in the manifest, or take it out of the split"
            )
        if video.label == "anomalous" and not video.events:
            raise OddframeError(
                f"manifest of {manifest.dataset}: video '{video.id}' of split '{split}' is "
                "labelled anomalous but has no events, so its frames have no truth; add its "
                "events to the manifest, or take it out of the split"
            )
    return videos
