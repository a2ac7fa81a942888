"""The feature folder: one video's features by its id, whoever made them.

Our own form is ``<id>.npy`` ``(snippets, crops, channels)`` and ``features.json``. Published
folders are read as they are: one array per video (UCF-Crime and ShanghaiTech ten-crop,
``<id>_i3d.npy``), one file per crop (``<id>__0.npy`` to ``__9`` of UCF-Crime, ``__4`` of
XD-Violence), or single-crop arrays ``(snippets, channels)``. Sub folders such as ``train/`` and
``test/`` are searched too. Nothing is ever unpickled.
"""

from __future__ import annotations

import math
import os
import re
import warnings
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.array_files import read_array
from oddframe.files.text_files import read_json, shown
from oddframe.media.clock import Clock
from oddframe.videos.names import checked_id

FORMAT = "oddframe-features/1"
INFO_FILE = "features.json"
PUBLISHED_SNIPPET = 16
"""Frames per snippet, without overlap, of every published folder."""
MOST_CROPS = 10

_CROP_FILE = re.compile(r"(.+)__(\d{1,2})", re.DOTALL)
_BACKBONE_SUFFIX = "_i3d"
_CHECKED_VALUES = 1 << 22
_ROUNDING = 1e-6
"""Seconds, or frames: what sums of seconds may be wrong by."""


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
            return _open_own(cls, path, found)
        return _open_published(cls, path, found)

    def resolve(self, video_id: str) -> str | None:
        """The folder's id of a manifest's video, or None.

        ``Abuse001_x264`` finds ``Abuse001_x264_i3d.npy``; ``train/a`` finds ``a`` and the other
        way round, but never ``test/a``.
        """
        for name in (video_id, video_id.removesuffix(_BACKBONE_SUFFIX)):
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
            _check_finite(file, array)
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
        index = np.arange(clock.frames) if self.rate is None else _frames_at(clock, self.rate)
        return np.minimum(index // self.stride, snippets - 1)

    def check_frames(self, video_id: str, clock: Clock) -> int:
        """The number of snippets, once it is known to agree with the frame count.

        Raises:
            OddframeError: naming both counts.
        """
        frames = clock.frames if self.rate is None else shown_frames(clock, self.rate).size
        snippets = self.snippets(video_id)
        # Published one-file-per-crop folders were cut to the length of optical flow, which has
        # one frame less: a video of 160 frames has 9 snippets there.
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
        arrays = [_open_array(file) for file in files]
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


def shown_frames(clock: Clock, rate: float) -> np.ndarray:
    """The native frame that each frame of a video shows once it is resampled in time.

    Time that was not filmed is left out. Of a regular video, frame ``j`` shows
    ``floor(j * fps / rate)``.

    Args:
        clock: when the frames are shown.
        rate: frames per second to resample to.

    Returns:
        int64 ``(resampled frames,)``, ascending.
    """
    if clock.is_regular:
        step = _step(clock, rate)
        count = -(-clock.frames * step.denominator // step.numerator)
        return np.arange(count) * step.numerator // step.denominator
    moments = np.arange(math.ceil(clock.length * rate - _ROUNDING)) / rate
    return clock.filmed_by(moments + _ROUNDING)


def _frames_at(clock: Clock, rate: float) -> np.ndarray:
    """The resampled frame that is on at the time of each native one; int64 ``(frames,)``."""
    if clock.is_regular:
        step = _step(clock, rate)
        return np.arange(clock.frames) * step.denominator // step.numerator
    return np.floor(clock.filmed * rate + _ROUNDING).astype(np.int64)


def _step(clock: Clock, rate: float) -> Fraction:
    """Native frames per resampled frame, exact: a float would drift over hours."""
    return Fraction(clock.fps).limit_denominator(1001) / Fraction(rate).limit_denominator(1001)


def expected_snippets(frames: int, stride: int = PUBLISHED_SNIPPET) -> tuple[int, int]:
    """The two accepted snippet counts: incomplete last snippet dropped, or padded."""
    return max(frames // stride, 1), -(-frames // stride)


def check_snippets(
    video_id: str,
    snippets: int,
    frames: int,
    stride: int = PUBLISHED_SNIPPET,
    *,
    drops_a_frame: bool = False,
) -> None:
    """Check a snippet count against the true frame count.

    Args:
        video_id: named in the error.
        snippets, frames: the two counts.
        stride: frames from snippet to snippet.
        drops_a_frame: the features may describe one frame less than the video has.

    Raises:
        OddframeError: the count is neither the floor nor the ceiling of ``frames / stride``.
    """
    low, high = expected_snippets(frames, stride)
    if drops_a_frame:
        low = expected_snippets(frames - 1, stride)[0]
    if not low <= snippets <= high:
        wanted = str(high) if low == high else f"{low} to {high}"
        raise OddframeError(
            f"video '{video_id}': its features have {snippets} snippets but its {frames} frames "
            f"make {wanted} snippets of {stride} frames; the features belong to another version "
            "of the video, or the frame count is wrong"
        )


def read_info(folder: str | Path) -> dict[str, Any]:
    """Read and check ``features.json``.

    Raises:
        OddframeError: no such file, not our format, or a number missing.
    """
    path = Path(folder) / INFO_FILE
    info = read_json(path, "the features' description", advice="extract again")
    if not isinstance(info, dict) or info.get("format") != FORMAT:
        found = info.get("format") if isinstance(info, dict) else info
        raise OddframeError(
            f"{path}: expected the format '{FORMAT}', found {shown(found)}; extract again"
        )
    for name in ("snippet_length", "stride", "crops", "channels"):
        if type(info.get(name)) is not int or not 1 <= info[name] < 1 << 40:
            raise OddframeError(
                f"{path}: expected '{name}' to be a positive integer, found "
                f"{shown(info.get(name))}; extract again"
            )
    if not isinstance(info.get("backbone", {}), dict):
        raise OddframeError(
            f"{path}: expected 'backbone' to be an object with a name, found "
            f"{shown(info['backbone'])}"
        )
    rate = info.get("rate")
    if rate is not None and not (isinstance(rate, int | float) and rate > 0):
        raise OddframeError(f"{path}: expected 'rate' to be null or positive, found {shown(rate)}")
    return info


def array_files(path: Path) -> list[Path]:
    """All ``.npy`` files below a folder, sorted; hidden ones are unfinished and left out."""
    found = []
    for folder, subfolders, files in os.walk(path, followlinks=True):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        found += [
            Path(folder, name)
            for name in files
            if name.endswith(".npy") and not name.startswith(".")
        ]
    return sorted(found)


def _open_own(kind: type[FeatureFolder], path: Path, found: list[Path]) -> FeatureFolder:
    info = read_info(path)
    files = _by_id({file: file.relative_to(path).as_posix().removesuffix(".npy") for file in found})
    return kind(
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


def _open_published(kind: type[FeatureFolder], path: Path, found: list[Path]) -> FeatureFolder:
    first = _open_array(found[0])
    if first.ndim == 3:
        layout, crops = "crops-in-one-file", first.shape[1]
        if crops > MOST_CROPS:
            raise OddframeError(
                f"{found[0]}: expected (snippets, crops, channels) with at most {MOST_CROPS} "
                f"crops, found shape {first.shape}; transpose arrays that are crop-first, and "
                "give the unsegmented features instead of MGFN's 32 segments"
            )
        files = _by_name(found)
    else:
        files = _by_crop(path, found)
        layout = "single-crop" if files is None else "file-per-crop"
        files = _by_name(found) if files is None else files
        crops = len(next(iter(files.values())))
    info = {
        "layout": layout,
        "crops": crops,
        "channels": first.shape[-1],
        "snippet_length": PUBLISHED_SNIPPET,
        "stride": PUBLISHED_SNIPPET,
        "drops_a_frame": layout == "file-per-crop",
    }
    return kind(
        path=path,
        ids=tuple(sorted(files)),
        crops=crops,
        channels=first.shape[-1],
        snippet_length=PUBLISHED_SNIPPET,
        stride=PUBLISHED_SNIPPET,
        info=info,
        files=files,
    )


def _by_name(found: list[Path]) -> dict[str, tuple[Path, ...]]:
    return _by_id({file: _bare(file.name.removesuffix(".npy")) for file in found})


def _by_id(names: Mapping[Path, str]) -> dict[str, tuple[Path, ...]]:
    files: dict[str, tuple[Path, ...]] = {}
    for file, video_id in _ids_of(names).items():
        if video_id in files:
            raise _twice(video_id, files[video_id][0], file)
        files[video_id] = (file,)
    return files


def _ids_of(names: Mapping[Path, str]) -> dict[Path, str]:
    """Names as ids; a file whose name cannot be one is left out, and said.

    Raises:
        OddframeError: there is no other.
    """
    ids: dict[Path, str] = {}
    for file, name in names.items():
        try:
            ids[file] = checked_id(name)
        except OddframeError as error:
            warnings.warn(f"{file}: left out: {error}", OddframeWarning, stacklevel=2)
    if not ids:
        raise OddframeError(f"{next(iter(names))}: not a name of a video; rename the files")
    return ids


def _by_crop(path: Path, found: list[Path]) -> dict[str, tuple[Path, ...]] | None:
    """Video to its crop files, or None if the names say that each file is a whole video.

    Only a number after the last ``__`` of the whole name counts: names hold ``__`` themselves.
    """
    crops: dict[str, dict[int, Path]] = defaultdict(dict)
    whole: Path | None = None
    for file, stem in _ids_of({file: file.name.removesuffix(".npy") for file in found}).items():
        match = _CROP_FILE.fullmatch(stem)
        if match is None:
            whole = file
            continue
        name, crop = _bare(match[1]), int(match[2])
        if crop in crops[name]:
            raise _twice(name, crops[name][crop], file)
        crops[name][crop] = file
    if whole is not None:
        if any({0, 1} <= set(numbers) for numbers in crops.values()):
            raise OddframeError(
                f"{path}: some videos have one file per crop (such as {found[0].name}), "
                f"'{whole.name}' has not; keep one layout per folder"
            )
        return None
    count = 1 + max(max(numbers) for numbers in crops.values())
    for name, numbers in crops.items():
        missing = sorted(set(range(count)) - set(numbers))
        if missing:
            raise OddframeError(
                f"{path}: video '{name}' has no crop file '{name}__{missing[0]}.npy' while the "
                f"folder has crops 0 to {count - 1}; copy or extract the video again"
            )
    return {name: tuple(numbers[i] for i in range(count)) for name, numbers in crops.items()}


def _bare(name: str) -> str:
    shorter = name.removesuffix(_BACKBONE_SUFFIX)
    return shorter or name


def _twice(name: str, first: Path, second: Path) -> OddframeError:
    return OddframeError(
        f"{second}: video '{name}' was already found as {first}; remove one of them"
    )


def _open_array(file: Path) -> np.ndarray:
    """Map a float array of two or three axes; its values are not read."""
    array = read_array(file, "features", mapped=True)
    kind, shape = array.dtype, array.shape
    if kind not in (np.dtype(np.float16), np.dtype(np.float32)):
        raise OddframeError(
            f"{file}: expected float16 or float32 numbers, found {kind}; save it again with "
            "array.astype(numpy.float32)"
        )
    if len(shape) not in (2, 3) or 0 in shape:
        raise OddframeError(
            f"{file}: expected (snippets, crops, channels) or (snippets, channels), found shape "
            f"{shape}; extract it again"
        )
    return array


def _check_finite(file: Path, array: np.ndarray) -> None:
    rows = max(_CHECKED_VALUES // int(np.prod(array.shape[1:])), 1)
    for start in range(0, len(array), rows):
        finite = np.isfinite(array[start : start + rows])
        if not finite.all():
            row = start + int(np.argwhere(~finite)[0, 0])
            raise OddframeError(
                f"{file}: NaN or infinity in snippet {row}; extract the video again"
            )
