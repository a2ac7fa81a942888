"""The one way to open a video of a manifest: at its rate and range, without what is ignored."""

from __future__ import annotations

from oddframe.media.frames import VideoReader
from oddframe.media.opening import open_video
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video
from oddframe.zones.painting import painted


def open_footage(manifest: Manifest, video: Video) -> VideoReader:
    """Open a video as every detector sees it.

    Args:
        manifest: says where it is.
        video: one of its videos.

    Raises:
        OddframeError: nothing there, or no video.
    """
    return painted(open_video(manifest.locate(video), video.fps, video.levels), video.zones)
