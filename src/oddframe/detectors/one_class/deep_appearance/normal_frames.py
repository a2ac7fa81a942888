"""The frames that the one-class SVM learns from, and what the network says of a frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from oddframe.features.backbones.feature_maps import FeatureMaps
from oddframe.features.frame_rows import FrameRows
from oddframe.media.frames import Frame
from oddframe.videos.video import Video


def feature(frame: Frame, maps: FeatureMaps) -> np.ndarray:
    """The map of a frame after a ReLU, of unit length: float32 ``(rows * columns * channels,)``.

    All 0 where the network says nothing.
    """
    row = np.maximum(maps.of(frame), 0).ravel()
    return row / max(float(np.linalg.norm(row)), 1e-12)


def evenly(lengths: Sequence[int], most: int) -> list[list[int]]:
    """For each video the numbers of frames that lie evenly over all of them, ``most`` in all.

    Args:
        lengths: frames of each video.
        most: how many; all there are, if there are fewer.
    """
    total = sum(lengths)
    count = min(most, total)
    # In the middle of equal shares, so that beginning and end weigh no more than the rest.
    numbers = (2 * np.arange(count) + 1) * total // (2 * count)
    ends = np.cumsum(lengths)
    return [
        (numbers[(numbers >= end - length) & (numbers < end)] - (end - length)).tolist()
        for length, end in zip(lengths, ends.tolist(), strict=True)
    ]


def normal_features(
    rows: FrameRows,
    videos: Sequence[Video],
    maps: FeatureMaps,
    most: int,
    advance: Callable[[float], None],
) -> np.ndarray | None:
    """Features of frames that lie evenly over normal videos, float32 ``(frames, features)``.

    Args:
        rows: keeps those of each video, so that a stopped fit goes on.
        videos: the normal videos.
        maps: the network.
        most: how many frames, at most.
        advance: told the share done, 0 to 1.

    Returns:
        None if no video can be decoded.
    """
    chosen = evenly([video.frames for video in videos], most)
    wanted = {video.id: set(own) for video, own in zip(videos, chosen, strict=True)}

    def row(video: Video, frame: Frame) -> np.ndarray | None:
        return feature(frame, maps) if frame.index in wanted[video.id] else None

    found = rows.of(videos, "learnt", math.prod(maps.shape), row, advance)
    return np.concatenate(list(found.values())) if found else None
