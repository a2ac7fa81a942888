"""The feature folder: one video's features by its id, whoever made them.

Our own form is ``<id>.npy`` ``(snippets, crops, channels)`` and ``features.json``. Published
folders are read as they are: one array per video (UCF-Crime and ShanghaiTech ten-crop,
``<id>_i3d.npy``), one file per crop (``<id>__0.npy`` to ``__9`` of UCF-Crime, ``__4`` of
XD-Violence), or single-crop arrays ``(snippets, channels)``. Sub folders such as ``train/`` and
``test/`` are searched too. Nothing is ever unpickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.errors import OddframeError
from oddframe.features.feature_arrays import check_finite, open_features
from oddframe.features.feature_info import INFO_FILE, read_info
from oddframe.features.folder_layouts import (
    BACKBONE_SUFFIX,
    array_files,
    own_files,
    published_layout,
)
from oddframe.features.snippets import check_snippets, frames_at, shown_frames
from oddframe.media.clock import Clock


@dataclass(frozen=True)
class FeatureFolder:
    """Features of many videos on disk. Make one with :meth:`open`.

    Every method that takes a video id also takes a manifest's id of it (see :meth:`resolve`).

    Attributes:
        path: the folder.
        ids: the videos, sorted.
        crops: crops per snippet.
        channels: width of a feature vector.
        snippet_length: frames that one snippet covers.
        stride: frames from the start of one snippet to the start of the next.
        info: contents of ``features.json``, or what was inferred: ``layout``, ``crops``...
        rate: frames per second that the video was resampled to first; None for its own rate.
            ``snippet_length`` and ``stride`` then count resampled frames.
        files: video id to its file, or its files in the order of the crops.
    """

    path: Path
    ids: tuple[str, ...]
    crops: int
    channels: int
    snippet_length: int
    stride: int
    info: dict[str, Any]
    rate: float | None = None
    files: Mapping[str, tuple[Path, ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, path: str | Path) -> FeatureFolder:
        """List a folder's videos; reads names and one file's header only.

        Raises:
            OddframeError: no features there, crops missing, layouts mixed, or a file that is no
                float array.
        """
        path = Path(path)
        if not path.is_dir():
            raise OddframeError(f"{path}: expected a folder of features, found no folder")
        found = array_files(path)
        if not found:
            raise OddframeError(
                f"{path}: the folder holds no .npy files; run 'oddframe extract', or give the "
                "folder of published features"
            )
        if (path / INFO_FILE).exists():
            info, files = read_info(path), own_files(path, found)
        else:
            info, files = published_layout(path, found)
        return cls(
            path=path,
            ids=tuple(sorted(files)),
            crops=info["crops"],
            channels=info["channels"],
            snippet_length=info["snippet_length"],
            stride=info["stride"],
            info=info,
            rate=info.get("rate"),
            files=files,
        )

    def resolve(self, video_id: str) -> str | None:
        """The folder's id of a manifest's video, or None.

        ``Abuse001_x264`` finds ``Abuse001_x264_i3d.npy``; ``train/a`` finds ``a`` and the other
        way round, but never ``test/a``.
        """
        for name in (video_id, video_id.removesuffix(BACKBONE_SUFFIX)):
            if name in self.files:
                return name
        bare = video_id.rpartition("/")[2]
        if bare != video_id:
            return bare if bare in self.files else None
        same = [name for name in self.ids if name.rpartition("/")[2] == bare]
        return same[0] if len(same) == 1 else None

    def snippets(self, video_id: str) -> int:
        """Number of snippets, from the file's header.

        Raises:
            OddframeError: no such video, or a file whose form differs from the folder's.
        """
        return len(self._arrays(video_id)[0])

    def read(self, video_id: str) -> np.ndarray:
        """Features of a video, checked: one width, finite.

        Returns:
            float16 or float32 ``(snippets, crops, channels)``, read only; memory-mapped where
            one file holds all crops.

        Raises:
            OddframeError: no such video; another width, crop count or type than the folder's;
                crops of differing length; NaN or infinity.
        """
        files = self.files[self._known(video_id)]
        arrays = self._arrays(video_id)
        for file, array in zip(files, arrays, strict=True):
            check_finite(file, array)
        if len(arrays) > 1:
            return np.stack(arrays, axis=1)
        return arrays[0] if arrays[0].ndim == 3 else arrays[0][:, None]

    def frame_snippets(self, video_id: str, clock: Clock) -> np.ndarray:
        """The snippet that each frame's score comes from; the last covers the tail.

        Args:
            video_id: the video.
            clock: its true frame count, and when its frames are shown.

        Returns:
            int64 ``(frames,)``.

        Raises:
            OddframeError: the snippet count disagrees with the frame count.
        """
        snippets = self.check_frames(video_id, clock)
        index = np.arange(clock.frames) if self.rate is None else frames_at(clock, self.rate)
        return np.minimum(index // self.stride, snippets - 1)

    def check_frames(self, video_id: str, clock: Clock) -> int:
        """The number of snippets, once it is known to agree with the frame count.

        Raises:
            OddframeError: naming both counts.
        """
        frames = clock.frames if self.rate is None else shown_frames(clock, self.rate).size
        snippets = self.snippets(video_id)
        drops = bool(self.info.get("drops_a_frame"))
        check_snippets(video_id, snippets, frames, self.stride, drops_a_frame=drops)
        return snippets

    def _known(self, video_id: str) -> str:
        name = self.resolve(video_id)
        if name is None:
            raise OddframeError(
                f"{self.path}: no features of video '{video_id}' among {len(self.ids)} videos "
                f"(such as '{self.ids[0]}'); extract them, or check that the names agree"
            )
        return name

    def _arrays(self, video_id: str) -> list[np.ndarray]:
        files = self.files[self._known(video_id)]
        arrays = [open_features(file) for file in files]
        for file, array in zip(files, arrays, strict=True):
            crops = 1 if array.ndim == 2 else array.shape[1]
            crops *= len(files)
            if (crops, array.shape[-1]) != (self.crops, self.channels) or (
                array.ndim == 3 and len(files) > 1
            ):
                wanted = "1 crop" if self.crops == 1 else f"{self.crops} crops"
                source, remedy = "like the rest of the folder", ""
                if "format" in self.info:  # read from features.json, which may be what is wrong
                    source = f"as {self.path / INFO_FILE} says"
                    remedy = f", and {INFO_FILE} must be theirs: extract again, or remove it"
                raise OddframeError(
                    f"{file}: expected {wanted} of {self.channels} channels {source}, found shape "
                    f"{array.shape}; features of one folder must come from one backbone{remedy}"
                )
            if len(array) != len(arrays[0]):
                raise OddframeError(
                    f"{file}: expected {len(arrays[0])} snippets like {files[0].name}, found "
                    f"{len(array)}; all crops of a video must be equally long, extract it again"
                )
        return arrays
