"""Bags pooled to a fixed number of segments, computed once and memory-mapped.

A training step of UCF-Crime's size would otherwise read 64 whole videos of features, hundreds of
megabytes, to use 32 rows of each.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from oddframe.errors import OddframeError
from oddframe.features.feature_folder import FeatureFolder
from oddframe.files.array_files import read_array
from oddframe.files.kept_arrays import kept_writer, read_kept

SEGMENT_CACHE = ".segments"


def average_segments(features: np.ndarray, segments: int) -> np.ndarray:
    """Pool snippets into segments by their mean (Sultani 2018; RTFM, MGFN).

    Segment i is the mean of the snippets from ``floor(i T / S)`` up to ``floor((i + 1) T / S)``;
    where that is empty, because a video has fewer snippets than segments, it is the one snippet
    at the start.

    Args:
        features: ``(T, crops, channels)``.
        segments: S.

    Returns:
        ``(crops, S, channels)``, in the type of the features, averaged in float32.
    """
    count = len(features)
    bounds = np.arange(segments + 1) * count // segments
    starts, ends = bounds[:-1], bounds[1:]
    pooled = np.empty((segments, *features.shape[1:]), features.dtype)
    for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
        part = features[start : max(end, start + 1)]
        pooled[index] = part.mean(axis=0, dtype=np.float32)
    return np.ascontiguousarray(pooled.transpose(1, 0, 2))


def interpolate_segments(features: np.ndarray, segments: int) -> np.ndarray:
    """Sample segments between snippets, linearly, as S3R does.

    Segment i is read at ``(i + 0.5) T / S - 0.5``, clamped to the video: what resizing an image
    along one axis does. It samples; a long video's other snippets are not seen.

    Args and returns as :func:`average_segments`.
    """
    count = len(features)
    places = np.clip((np.arange(segments) + 0.5) * count / segments - 0.5, 0, count - 1)
    below = np.floor(places).astype(int)
    above = np.minimum(below + 1, count - 1)
    share = (places - below).astype(np.float32)[:, None, None]
    mixed = np.asarray(features[below], np.float32) * (1 - share)
    mixed += np.asarray(features[above], np.float32) * share
    return np.ascontiguousarray(mixed.astype(features.dtype).transpose(1, 0, 2))


RESAMPLINGS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "average": average_segments,
    "interpolate": interpolate_segments,
}


@dataclass(frozen=True)
class Segments:
    """Segments of several videos.

    Attributes:
        ids: the videos, one per row.
        values: memory-mapped ``(videos, crops, segments, channels)``.
    """

    ids: tuple[str, ...]
    values: np.ndarray

    def rows(self, ids: Sequence[str]) -> np.ndarray:
        """The rows of these videos, in their order."""
        place = {video_id: row for row, video_id in enumerate(self.ids)}
        return np.array([place[video_id] for video_id in ids], dtype=int)


def pool_segments(
    features: FeatureFolder,
    ids: Sequence[str],
    segments: int,
    resampling: str,
    spare: Path,
    advance: Callable[[int], None] = lambda _: None,
) -> Segments:
    """Pool videos, or map what was pooled before from the very same feature files.

    Args:
        features: where the features are.
        ids: the videos.
        segments: pools per video.
        resampling: ``average`` or ``interpolate``.
        spare: folder for the result where the feature folder cannot be written.
        advance: told how many more videos are done.

    Raises:
        OddframeError: a video without features, features that are broken or of mixed widths, or
            no space.
    """
    _check_distinct(features, ids)
    writable = os.access(features.path, os.W_OK)
    key = _key(features, ids, segments, resampling)
    path = (features.path / SEGMENT_CACHE if writable else spare) / f"{key}.npy"
    ids = tuple(ids)
    row = (features.crops, segments, features.channels)
    values = read_kept(path, None, row)
    if values is None or len(values) != len(ids):
        _write(path, features, ids, row, resampling, advance)
        values = read_array(path, "pooled features", mapped=True)
    return Segments(ids, values)


def _check_distinct(features: FeatureFolder, ids: Sequence[str]) -> None:
    """Two videos must not share a file: ``train/a`` and ``test/a`` both find a flat ``a.npy``."""
    owner: dict[str, str] = {}
    for video_id in ids:
        name = features.resolve(video_id)
        if name is None:
            continue  # reading it says so
        if name in owner:
            raise OddframeError(
                f"{features.path}: the videos '{owner[name]}' and '{video_id}' both find the "
                f"features '{name}'; keep the features in sub folders as the ids have them"
            )
        owner[name] = video_id


def _write(
    path: Path,
    features: FeatureFolder,
    ids: tuple[str, ...],
    row: tuple[int, ...],
    resampling: str,
    advance: Callable[[int], None],
) -> None:
    pool = RESAMPLINGS[resampling]
    with kept_writer(path, row, features.read(ids[0]).dtype) as writer:
        for video_id in ids:
            writer.write(pool(features.read(video_id), row[1]))
            advance(1)


def _key(features: FeatureFolder, ids: Sequence[str], segments: int, resampling: str) -> str:
    """Changes when a file, the choice of videos, or the way of pooling does."""
    digest = hashlib.sha256(f"1 {segments} {resampling}".encode())
    for video_id in ids:
        digest.update(video_id.encode())
        for file in features.files[features.resolve(video_id) or video_id]:
            stat = file.stat()
            digest.update(f"{file.name} {stat.st_size} {stat.st_mtime_ns}".encode())
    return digest.hexdigest()[:20]
