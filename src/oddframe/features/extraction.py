"""From videos to features: one pass of decoding, batches for the network, whole files only.

A thread decodes while the network runs. Only the frames that the backbone looks at are converted
to RGB and resized, once for all crops.

Snippet ``i`` begins at frame ``i * stride``. An incomplete last snippet is not filled up with
copies of one frame, which would look like a standstill: it begins earlier, so that it ends with
the video and repeats the last frames of the snippet before it. A video shorter than one snippet
repeats its last frame. A video thus has ``ceil(frames / stride)`` snippets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.features.backbones import Backbone, BackboneOptions, load_backbone
from oddframe.features.crops import crop_names
from oddframe.features.decoding import ahead, opencv_in_one_thread, snippet_clips
from oddframe.features.feature_writing import begin_folder, finished_videos, write_features
from oddframe.features.snippet_plan import SnippetPlan
from oddframe.media.fingerprints import Fingerprint, recording_files
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

_QUEUED_SNIPPETS = 8


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


@dataclass(frozen=True)
class Extracting:
    """How videos become features; what another process needs to extract one of them.

    Attributes:
        manifest: says where the videos are; all machines see them there.
        backbone: name of the network; each worker loads one.
        options: what it is loaded with.
        plan: snippets and crops.
        out: the folder; goes on with one that was made with the same settings.
        batch: crops that a network gets at once; never fewer than one snippet's.
    """

    manifest: Manifest
    backbone: str
    options: BackboneOptions
    plan: SnippetPlan
    out: Path
    batch: int = 32

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise OddframeError(f"--batch: expected at least 1, found {self.batch}")

    def network(self) -> Backbone:
        """The backbone, ready to run.

        Raises:
            OddframeError: weights that are missing or do not fit, or a GPU is wanted for nothing.
        """
        network = load_backbone(self.backbone, self.options)
        if self.options.device == "cuda" and network.device != "cuda":
            raise OddframeError(f"{self.backbone} runs on the CPU; leave out --device")
        return network

    def absolute(self) -> Extracting:
        """This extraction with absolute paths, for a process that works in another folder."""
        weights = self.options.weights
        return replace(
            self,
            manifest=replace(self.manifest, root=self.manifest.root.absolute()),
            options=replace(self.options, weights=weights.absolute() if weights else None),
            out=self.out.absolute(),
        )


def unfinished(how: Extracting, backbone: Backbone, videos: Sequence[Video]) -> list[Video]:
    """Begin a folder, or go on with one: the videos that it has no features of, as they are now.

    A recording that has changed since is named in a warning.

    Raises:
        OddframeError: the folder has features made otherwise, or cannot be written.
    """
    manifest, plan, out = how.manifest, how.plan, how.out
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
    how: Extracting,
    backbone: Backbone,
    videos: Sequence[Video],
    advance: Callable[[str, int, int | None], None] = lambda *_: None,
) -> tuple[list[str], dict[str, str]]:
    """Write the features of videos into a folder that :func:`unfinished` has begun.

    A video that cannot be decoded, or not to its end, is left out.

    Args:
        how: snippets and folder.
        backbone: turns snippets into vectors.
        videos: those wanted.
        advance: told the video, its snippets done and their number.

    Returns:
        Ids of the videos that have features now, and of the others why they have none.

    Raises:
        OddframeError: the backbone gives no usable numbers, or the disk is full.
    """
    manifest, plan, out = how.manifest, how.plan, how.out
    names = crop_names(plan.crops)
    used = backbone.frames_per_snippet
    tables = {video.id: plan.frames(video.clock, used) for video in videos}
    extracted: list[str] = []
    failed: dict[str, str] = {}
    group = max(how.batch // len(names), 1)
    sources: dict[str, Fingerprint | None] = {}

    def decoded() -> Iterator[tuple[Video, np.ndarray | OddframeError | None]]:
        for video in videos:
            try:
                files = recording_files(manifest.locate(video))
                sources[video.id] = Fingerprint.of(files, plan.read_as(video)) if files else None
                for clips in snippet_clips(manifest, video, tables[video.id], plan.crops, backbone):
                    yield video, clips
            except OddframeError as error:
                yield video, error
            else:
                yield video, None

    with opencv_in_one_thread(), ahead(decoded(), _QUEUED_SNIPPETS) as items:
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
