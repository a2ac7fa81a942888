"""The one way to read video: files through PyAV, folders of numbered images.

Reading streams: memory does not grow with the length of the video.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from oddframe.errors import OddframeError
from oddframe.files.paths import AnyPath, as_path
from oddframe.media.clock import Clock
from oddframe.media.frames import DEFAULT_FOLDER_FPS, MediaInfo, VideoReader
from oddframe.media.grey_levels import Levels
from oddframe.media.image_folder import FolderReader
from oddframe.media.picture_stack import STACK_SUFFIXES, StackReader, is_stack
from oddframe.media.video_file import FileReader


def open_video(
    path: AnyPath, fps: float | None = None, levels: Levels | None = None
) -> VideoReader:
    """Open a video file, a folder of numbered images, or a file of several pictures.

    Args:
        path: file or folder.
        fps: frame rate, where it is known; by default 25 for images, and for a file what its header
            says.
        levels: what becomes black and white in pictures of more than 8 bits; by default the
            range of this recording.

    Returns:
        The video, to be used in a ``with`` block and gone through once. Each frame has its 0-based
        ``index``, its time in ``seconds``, and on request its picture: ``rgb()``, uint8 ``(height,
        width, 3)``, and ``grey()``, uint8 ``(height, width)``.

    Raises:
        OddframeError: nothing there, no image in the folder, or no video stream in the file.
    """
    path = as_path(path, "path")
    if path.is_dir():
        return FolderReader(path, fps or DEFAULT_FOLDER_FPS, levels)
    if not path.exists():
        dangling = path.is_symlink()
        found = f" (a link to {path.readlink()}, which is not there)" if dangling else ""
        raise OddframeError(f"{path}: no such video file or frame folder{found}")
    if path.suffix.lower() in STACK_SUFFIXES and is_stack(path):
        return StackReader(path, fps or DEFAULT_FOLDER_FPS, levels)
    return FileReader(path, fps, levels)


def probe(path: AnyPath, fps: float | None = None) -> MediaInfo:
    """Frame count, times and size, exact: decodes where the header's count cannot be trusted.

    The header's count is believed only if the container holds as many packets. Their times are
    then those of the frames.

    Args:
        path: file or folder.
        fps: frame rate of an image folder; a file has its own.

    Raises:
        OddframeError: no video, or one whose pixels cannot be converted.
    """
    path = as_path(path, "path")
    images = path.is_dir() or path.suffix.lower() in STACK_SUFFIXES
    times = None
    with open_video(path, fps if images else None) as video:
        info = video.info
        if isinstance(video, FolderReader):
            return info
        if isinstance(video, FileReader):
            video.check_pixels()
            info = replace(info, levels=video.levels)
            times = video.packet_times()
            if not info.frames or times is None or len(times) != info.frames:
                times = None
    if times is None:
        with open_video(path, fps if images else None, info.levels) as video:
            times = np.array([frame.seconds for frame in video])
    clock = Clock.of_times(times, info.fps)
    return replace(info, frames=clock.frames, fps=clock.fps, times=clock.knots)
