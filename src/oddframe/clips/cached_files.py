"""Frames decoded and looked at once, memory-mapped: an epoch of clips then costs no decoding.

One file per video, ``<kind>/<key>.npy``, by the kind of the looks: of pictures ``<size>-rgb`` or
``<size>-grey``, and ``<size>-rgb-bilinear`` where they are resized otherwise than by area. The key
follows from what was decoded, so footage that changed is decoded anew and a data set that moved is
not. Each file is whole or absent, and damage is noticed (:mod:`oddframe.files.kept_arrays`): a
cache that was killed goes on at the video that it was at, and two processes that fill one cache
write the same files, of which the later takes the earlier's place.

Beside each lies ``<key>.breaks1.npy``: the frames at which the footage does not go on, found as
scoring finds them, in the pictures that were decoded.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from oddframe.clips.frame_cache import FrameCache
from oddframe.clips.looks import Looks
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.array_files import read_array
from oddframe.files.atomic import CannotWriteError
from oddframe.files.kept_arrays import kept_writer, read_kept
from oddframe.media.continuity import RULE
from oddframe.media.image_series import list_images
from oddframe.media.watched_video import watched
from oddframe.videos.manifest import Manifest
from oddframe.videos.opening import open_footage
from oddframe.videos.video import Video

FRAME_CACHE = ".frames"
_VERSION = 1
"""To be raised when the same footage would give other pixels."""


class _Mapped(Mapping[str, np.ndarray]):
    """Arrays kept in files, each mapped anew when it is asked for.

    Keeping thousands of videos mapped would exceed the files that a process may have open.
    """

    def __init__(self, files: dict[str, Path]) -> None:
        self._files = files

    def __getitem__(self, name: str) -> np.ndarray:
        return read_array(self._files[name], "cached frames", mapped=True)

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def cache_bytes(videos: Sequence[Video], looks: Looks) -> int:
    """How large a cache of these videos is, by the manifest's frame counts."""
    return sum(video.frames for video in videos) * looks.frame_bytes


def writable_folder(folder: Path, spare: Path) -> Path:
    """Where a cache is written: the folder, or the spare one where the folder is read-only."""
    there = next((path for path in (folder, *folder.absolute().parents) if path.exists()), folder)
    return folder if os.access(there, os.W_OK | os.X_OK) else spare


def cache_frames(
    manifest: Manifest,
    videos: Sequence[Video],
    looks: Looks,
    folder: Path,
    spare: Path,
    advance: Callable[[int], None] = lambda _: None,
) -> FrameCache:
    """Decode and look at videos, or map what was made before from the very same footage.

    Memory does not grow with the length of a video.

    Args:
        manifest: knows where the footage is.
        videos: videos of the manifest, in the order wanted.
        looks: what is made of a frame, as in scoring.
        folder: where the cache lives (``.frames`` beside the manifest).
        spare: folder in which a ``.frames`` takes new files if the other cannot be written.
        advance: told how many more frames are done.

    Returns:
        The frames of those videos that can be decoded; the others are warned of, and named in it.

    Raises:
        OddframeError: footage that is missing, the only video cannot be decoded, or no space on the
            disk.
    """
    places = (folder / looks.kind, spare / FRAME_CACHE / looks.kind)
    target = writable_folder(*places)
    names = {video.id: f"{_key(manifest, video, looks.kind)}.npy" for video in videos}
    files = {
        video_id: next((p / name for p in places if _is_whole(p / name, looks)), target / name)
        for video_id, name in names.items()
    }
    missing = [video for video in videos if not _is_whole(files[video.id], looks)]
    _check_space(target, cache_bytes(missing, looks), len(missing))
    left_out = {}
    for video in videos:
        # Asked once more: another process may have made it in the meantime.
        if _is_whole(files[video.id], looks):
            advance(video.frames)
        else:
            try:
                _write(files[video.id], manifest, video, looks, advance)
            except CannotWriteError:
                raise
            except OddframeError as error:
                if len(videos) == 1:
                    raise
                warnings.warn(f"{video.id}: left out ({error})", OddframeWarning, stacklevel=2)
                left_out[video.id] = str(error)
                del files[video.id]
    breaks = {video_id: _breaks(path) for video_id, path in files.items()}
    cache = FrameCache(
        _Mapped(files),
        breaks={name: those for name, those in breaks.items() if those},
        left_out=left_out,
    )
    for video in videos:
        length = len(cache.frames(video.id)) if video.id in files else video.frames
        if length != video.frames:
            warnings.warn(
                f"video '{video.id}': the manifest says {video.frames} frames, {length} can be "
                "decoded and are used; prepare the data set again if the footage has changed",
                OddframeWarning,
                stacklevel=2,
            )
    return cache


def _write(
    path: Path,
    manifest: Manifest,
    video: Video,
    looks: Looks,
    advance: Callable[[int], None],
) -> None:
    with kept_writer(path, looks.shape, looks.dtype) as writer:
        with watched(open_footage(manifest, video)) as frames:
            for frame in frames:
                writer.write(looks.of(frame))
                advance(1)
        if not writer.length:
            raise OddframeError(
                f"video '{video.id}': no frame of {manifest.locate(video)} can be decoded"
            )
        # Before the frames: where they are, so are these.
        with kept_writer(_breaks_path(path), (), np.dtype(np.int64)) as beside:
            for found in sorted(frames.breaks):
                beside.write(np.array(found))


def _breaks_path(path: Path) -> Path:
    return path.with_suffix(f".breaks{RULE}.npy")


def _breaks(path: Path) -> tuple[int, ...]:
    """Where footage begins anew in the video with this file; :func:`_is_whole` has seen it."""
    return tuple(read_array(_breaks_path(path), "breaks in footage").tolist())


def _is_whole(path: Path, looks: Looks) -> bool:
    """Whether the file holds frames of this kind, and that of its breaks is there, undamaged."""
    frames = read_kept(path, looks.dtype, looks.shape)
    return frames is not None and read_kept(_breaks_path(path), np.dtype(np.int64), ()) is not None


def _check_space(target: Path, needed: int, videos: int) -> None:
    if not needed:
        return
    there = next(path for path in (target, *target.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    if needed > free:
        raise OddframeError(
            f"{target}: caching the frames of {videos} videos needs {needed / 1e6:,.1f} MB, "
            f"{free / 1e6:,.1f} MB are free; free some space, move the manifest to a larger disk, "
            "or choose a smaller --settings.size"
        )


def _key(manifest: Manifest, video: Video, kind: str) -> str:
    """Changes when the footage, its place in the data set, or what is made of it does."""
    path = manifest.locate(video)
    digest = hashlib.sha256(f"{_VERSION} {kind}\n{video.id}\n{video.path}\n".encode())
    if video.levels is not None:
        digest.update(f"{video.levels}\n".encode())
    if video.zones.ignored:
        digest.update(f"ignored {video.zones.ignored_mark}\n".encode())
    try:
        for file in list_images(path) if path.is_dir() else [path]:
            stat = file.stat()
            digest.update(f"{file.name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    except OSError as error:
        raise OddframeError(
            f"video '{video.id}': {path} cannot be read ({error.strerror}); give the folder that "
            "holds the data with --root"
        ) from None
    return digest.hexdigest()[:20]
