"""From videos to features: one pass of decoding, batches for the network, whole files only.

A thread decodes while the network runs. Only the frames that the backbone looks at are converted
to RGB and resized, once for all crops.

Snippet ``i`` begins at frame ``i * stride``. An incomplete last snippet is not filled up with
copies of one frame, which would look like a standstill: it begins earlier, so that it ends with
the video and repeats the last frames of the snippet before it. A video shorter than one snippet
repeats its last frame. A video thus has ``ceil(frames / stride)`` snippets.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from oddframe.errors import OddframeError
from oddframe.features.backbones import Backbone
from oddframe.features.crops import crop_names, cut, resized
from oddframe.features.feature_writing import begin_folder, finished_videos, write_features
from oddframe.features.snippets import shown_frames
from oddframe.media.clock import Clock
from oddframe.media.fingerprints import Fingerprint, recording_files
from oddframe.media.opening import open_video
from oddframe.videos.manifest import Manifest, Video

_QUEUED_SNIPPETS = 8


@dataclass(frozen=True)
class SnippetPlan:
    """How a video is cut into snippets and frames into crops.

    Attributes:
        snippet_length: frames per snippet.
        stride: frames from the start of one snippet to the start of the next.
        crops: a layout of :mod:`oddframe.features.crops`.
        rate: frames per second to resample to before cutting snippets; None keeps each video's
            own. Of a regular video, resampled frame ``j`` is frame ``floor(j * fps / rate)``.
    """

    snippet_length: int = 16
    stride: int = 16
    crops: str = "1"
    rate: float | None = None

    def __post_init__(self) -> None:
        crop_names(self.crops)
        if self.snippet_length < 2 or self.stride < 1:
            raise OddframeError(
                "a snippet needs at least 2 frames and a stride of at least 1, found "
                f"{self.snippet_length} and {self.stride}"
            )
        if self.rate is not None and not 0.01 <= self.rate <= 1000:
            raise OddframeError(f"--rate: expected 0.01 to 1000 frames per second: {self.rate}")

    def frames(self, clock: Clock, used: int) -> np.ndarray:
        """The frames that a backbone looks at, spread evenly over each snippet.

        Args:
            clock: frame count of the video, and when its frames are shown.
            used: frames per snippet that are looked at.

        Returns:
            int64 ``(snippets, used)``, native frame numbers; rows and their entries ascend.
        """
        table = None if self.rate is None else shown_frames(clock, self.rate)
        count = clock.frames if table is None else table.size
        latest = max(count - self.snippet_length, 0)
        starts = np.minimum(np.arange(0, count, self.stride), latest)
        offsets = np.arange(used) * self.snippet_length // used
        chosen = np.minimum(starts[:, None] + offsets, count - 1)
        return chosen if table is None else table[chosen]

    def read_as(self, video: Video) -> str:
        """What the pictures in a video's snippets depend on, apart from its files."""
        said = [f"range {video.levels}"] if video.levels else []
        if self.rate is not None:
            said.append(f"{video.fps:g} frames per second")
        return ", ".join(said)


@dataclass(frozen=True)
class Extraction:
    """What became of the videos.

    Attributes:
        extracted: ids of the videos whose features were made now.
        kept: ids of the videos whose features were there.
        failed: video id to the reason why it has no features.
    """

    extracted: tuple[str, ...]
    kept: tuple[str, ...]
    failed: dict[str, str]


def extract_features(
    manifest: Manifest,
    videos: Sequence[Video],
    backbone: Backbone,
    plan: SnippetPlan,
    out: Path,
    *,
    batch: int = 32,
    advance: Callable[[str, int, int | None], None] = lambda *_: None,
) -> Extraction:
    """Write the features of videos into a folder; those that are there are kept.

    A video that cannot be decoded, or not to its end, is left out and named in the result.

    Args:
        manifest: says where the videos are.
        videos: those wanted.
        backbone: turns snippets into vectors.
        plan: snippets and crops.
        out: the folder; goes on with one that was made with the same settings.
        batch: crops that the network gets at once; never fewer than one snippet's.
        advance: told the video, its snippets done and their number.

    Raises:
        OddframeError: the folder has features made otherwise, or the disk is full.
    """
    to_do = unfinished(manifest, videos, backbone, plan, out)
    extracted, failed = extract_anew(
        manifest, to_do, backbone, plan, out, batch=batch, advance=advance
    )
    new = {video.id for video in to_do}
    kept = tuple(video.id for video in videos if video.id not in new)
    return Extraction(tuple(extracted), kept, failed)


def unfinished(
    manifest: Manifest, videos: Sequence[Video], backbone: Backbone, plan: SnippetPlan, out: Path
) -> list[Video]:
    """Begin a folder, or go on with one: the videos that it has no features of, as they are now.

    A recording that has changed since is named in a warning.

    Raises:
        OddframeError: the folder has features made otherwise, or cannot be written.
    """
    if backbone.frames_per_snippet > plan.snippet_length:
        raise OddframeError(
            f"{backbone.name} looks at {backbone.frames_per_snippet} frames of a snippet, which "
            f"has {plan.snippet_length}; give --snippet-length {backbone.frames_per_snippet}"
        )
    begin_folder(out, _info(backbone, plan, crop_names(plan.crops)))
    used = backbone.frames_per_snippet
    snippets = {v.id: len(plan.frames(v.clock, used)) for v in videos}
    paths = {video.id: manifest.locate(video) for video in videos if video.path}
    read_as = {video.id: plan.read_as(video) for video in videos}
    kept = finished_videos(
        out,
        snippets,
        lambda name: recording_files(paths[name]) if name in paths else (),
        lambda name: read_as[name],
    )
    return [video for video in videos if video.id not in kept]


def extract_anew(
    manifest: Manifest,
    videos: Sequence[Video],
    backbone: Backbone,
    plan: SnippetPlan,
    out: Path,
    *,
    batch: int = 32,
    advance: Callable[[str, int, int | None], None] = lambda *_: None,
) -> tuple[list[str], dict[str, str]]:
    """Write the features of videos into a folder that :func:`unfinished` has begun.

    Returns:
        Ids of the videos that have features now, and of the others why they have none.

    Raises:
        OddframeError: the backbone gives no usable numbers, or the disk is full.
    """
    names = crop_names(plan.crops)
    used = backbone.frames_per_snippet
    tables = {video.id: plan.frames(video.clock, used) for video in videos}
    extracted: list[str] = []
    failed: dict[str, str] = {}
    group = max(batch // len(names), 1)
    sources: dict[str, Fingerprint | None] = {}

    def decoded() -> Iterator[tuple[Video, np.ndarray | OddframeError | None]]:
        for video in videos:
            try:
                files = recording_files(manifest.locate(video))
                sources[video.id] = Fingerprint.of(files, plan.read_as(video)) if files else None
                for clips in _clips(manifest, video, tables[video.id], plan.crops, backbone):
                    yield video, clips
            except OddframeError as error:
                yield video, error
            else:
                yield video, None

    with _opencv_in_one_thread(), _ahead(decoded(), _QUEUED_SNIPPETS) as items:
        values: np.ndarray | None = None
        done = 0
        waiting: list[np.ndarray] = []
        for video, item in items:
            if isinstance(item, OddframeError):
                failed[video.id] = str(item)
                values, done, waiting = None, 0, []
                continue
            if values is None:
                # Filled as it comes: float32 batches of nine hours, ten crops, would need 15 GB.
                shape = (len(tables[video.id]), len(names), backbone.channels)
                values = np.empty(shape, np.float16)
            if item is not None:
                waiting.append(item)
            if waiting and (item is None or len(waiting) == group):
                values[done : done + len(waiting)] = _halved(video, _encode(backbone, waiting))
                done += len(waiting)
                waiting = []
                advance(video.id, done, len(values))
            if item is None:
                write_features(out, video.id, values, sources.pop(video.id))
                extracted.append(video.id)
                values, done = None, 0
    return extracted, failed


def _info(backbone: Backbone, plan: SnippetPlan, names: Sequence[str]) -> dict[str, Any]:
    policy = "native" if plan.rate is None else f"resampled to {plan.rate:g} per second"
    mapping = "frame // stride"
    if plan.rate is not None:
        mapping = "floor(frame * rate / fps) // stride"
    return {
        "backbone": backbone.describe(),
        "snippet_length": plan.snippet_length,
        "stride": plan.stride,
        "crops": len(names),
        "crop_layout": plan.crops,
        "crop_names": list(names),
        "channels": backbone.channels,
        "input_size": backbone.input_size,
        "rate": plan.rate,
        "frame_rate_policy": policy,
        "snippet_of_frame": f"min({mapping}, snippets - 1)",
        "incomplete_snippet": "begins earlier, so that it ends with the video",
        "dtype": "float16",
    }


def _clips(
    manifest: Manifest, video: Video, table: np.ndarray, layout: str, backbone: Backbone
) -> Iterator[np.ndarray]:
    """The crops of each snippet, uint8 ``(crops, used, side, side, 3)``."""
    side = backbone.input_size
    wanted = set(table.ravel().tolist())
    held: dict[int, np.ndarray] = {}
    row = 0
    seen = 0
    path = manifest.locate(video)
    with open_video(path, video.fps, video.levels) as reader:
        size = resized(layout, reader.info.width, reader.info.height, side)
        for frame in reader:
            seen = frame.index + 1
            if frame.index not in wanted:
                continue
            held[frame.index] = cut(frame.rgb(size), layout, side)
            while row < len(table) and table[row, -1] == frame.index:
                yield np.stack([held[index] for index in table[row].tolist()], axis=1)
                row += 1
                first = table[row, 0] if row < len(table) else seen
                held = {index: crops for index, crops in held.items() if index >= first}
    if seen != video.frames:
        raise OddframeError(
            f"{path}: expected {video.frames} frames, found {seen}; the file was cut short or "
            "changed: copy it again, or run 'oddframe prepare' again"
        )


def _encode(backbone: Backbone, snippets: list[np.ndarray]) -> np.ndarray:
    """Vectors ``(snippets, crops, channels)`` of some snippets."""
    vectors = backbone.encode(np.concatenate(snippets))
    return vectors.reshape(len(snippets), -1, backbone.channels)


def _halved(video: Video, vectors: np.ndarray) -> np.ndarray:
    """float16: its 11 bits are more than the input's 8, and the files are half as large."""
    if not np.isfinite(vectors).all() or np.abs(vectors).max() > np.finfo(np.float16).max:
        raise OddframeError(
            f"video '{video.id}': the backbone gave values that are not finite or exceed 65504; "
            "check its weights and its input scale"
        )
    return vectors.astype(np.float16)


@contextmanager
def _opencv_in_one_thread() -> Generator[None]:
    """OpenCV resizes small images; its threads would take the network's cores."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


@contextmanager
def _ahead(items: Iterable[Any], depth: int) -> Generator[Iterator[Any]]:
    """Iterate in a thread, at most ``depth`` items ahead; the thread ends with the block."""
    waiting: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(depth)
    stopped = threading.Event()
    end = object()

    def put(item: Any, error: BaseException | None = None) -> bool:
        while not stopped.is_set():
            try:
                waiting.put((item, error), timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for item in items:
                if not put(item):
                    return
        except BaseException as error:
            put(end, error)
        else:
            put(end)

    def taken() -> Iterator[Any]:
        while True:
            item, error = waiting.get()
            if error is not None:
                raise error
            if item is end:
                return
            yield item

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield taken()
    finally:
        stopped.set()
        thread.join()
