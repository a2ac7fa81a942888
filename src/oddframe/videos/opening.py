"""The one way to open a video of a manifest: at its rate and range, without what is ignored."""

from __future__ import annotations

from oddframe.errors import OddframeError
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
        OddframeError: nothing there, no video, or pictures of another size than the manifest says:
            zones, true places and what was learnt of this video are of that size.
    """
    path = manifest.locate(video)
    reader = open_video(path, video.fps, video.levels)
    found = reader.info.width, reader.info.height
    if found != (video.width, video.height):
        reader.__exit__(None, None, None)
        raise OddframeError(
            f"{path}: expected pictures of {video.width}x{video.height}, as the manifest has them, "
            f"found {found[0]}x{found[1]}; make the manifest anew with 'oddframe prepare'"
        )
    return painted(reader, video.zones)
