"""Anomaly scores: one number per frame of each video, higher means more anomalous."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from oddframe.array_files import write_arrays
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.names import checked_id
from oddframe.paths import AnyPath, as_path
from oddframe.score_files import META_KEY, read_scores
from oddframe.videos import Video
from oddframe.words import first_of


@dataclass(frozen=True)
class Scores:
    """Scores of several videos and how they were made.

    Attributes:
        values: video id to an array of shape ``(frames,)``, finite, higher = odder; float32,
            or float64 where it was given in a type that float32 does not hold.
        meta: plain values that travel with the scores: ``detector``, ``run``,
            ``manifest_sha256``, ``causal``, ``smoothing_seconds``, ``normalisation``,
            ``threshold``. Foreign scores have an empty one.
    """

    values: Mapping[str, np.ndarray]
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values: dict[str, np.ndarray] = {}
        for key, array in self.values.items():
            name = checked_id(key)
            if name in values:
                raise OddframeError(f"scores of '{name}': given twice; remove one of them")
            values[name] = _checked(name, array)
        object.__setattr__(self, "values", values)

    def __getitem__(self, video_id: str) -> np.ndarray:
        return self.values[video_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def align(self, videos: Iterable[Video]) -> Scores:
        """The scores of just these videos, in their order, checked for length and presence.

        Raises:
            OddframeError: a video has no scores, scores name an unknown video, or a length
                differs from the video's true frame count.
        """
        wanted = {video.id: video for video in videos}
        unknown = [key for key in self.values if key not in wanted]
        missing = [key for key in wanted if key not in self.values]
        if missing or unknown:
            parts = []
            if missing:
                named = first_of([f"'{key}'" for key in missing])
                parts.append(f"no scores for {named}")
            if unknown:
                named = first_of([f"'{key}'" for key in unknown])
                parts.append(f"scores for unknown videos {named}")
            raise OddframeError(
                f"scores do not fit the manifest's {len(wanted)} videos: {'; '.join(parts)}; "
                "score the same manifest, or rename the ids"
            )
        for key, video in wanted.items():
            if len(self.values[key]) != video.frames:
                raise OddframeError(
                    f"scores of '{key}': expected {video.frames} values, one per frame, found "
                    f"{len(self.values[key])}; scores must cover the true frame count: score this "
                    "manifest (with --features, if they come from features)"
                )
        return Scores({key: self.values[key] for key in wanted}, dict(self.meta))

    def write(self, path: AnyPath) -> Path:
        """Write ``scores.npz`` atomically and return its path."""
        path = as_path(path, "path")
        if path.suffix != ".npz":
            raise OddframeError(f"{path}: scores are written as .npz; give a name that ends so")
        meta = np.array(json.dumps(self.meta, allow_nan=False))
        return write_arrays(path, {META_KEY: meta, **self.values})

    @classmethod
    def read(cls, path: AnyPath) -> Scores:
        """Read ``scores.npz`` or its folder, or anybody's scores.

        Those are any ``{id: array}`` npz, CSV or JSON, or a folder with a file per video; see
        :mod:`oddframe.score_files`.

        Raises:
            OddframeError: nothing there, nothing that could be scores, pickled objects, NaN, wrong
                shape.
        """
        path = as_path(path, "path")
        values, meta = read_scores(path)
        try:
            return cls(values, meta)
        except OddframeError as error:
            raise OddframeError(f"{path}: {error}") from None


def _checked(key: str, array: np.ndarray) -> np.ndarray:
    array = np.asarray(array)
    if array.dtype.kind not in "fiub" or array.ndim != 1 or array.size == 0:
        raise OddframeError(
            f"scores of '{key}': expected one number per frame, found an array of shape "
            f"{array.shape} and type {array.dtype}"
        )
    # What is given is what is ranked: float32 for types that it holds, else float64.
    kind = np.result_type(array.dtype, np.float32)
    kept = np.ascontiguousarray(array, dtype=kind if kind.itemsize <= 8 else np.float64)
    broken = np.flatnonzero(~np.isfinite(kept))
    if broken.size:
        raise OddframeError(
            f"scores of '{key}': {broken.size} of {array.size} values are NaN or infinite, the "
            f"first at frame {broken[0]}; every frame needs a finite score"
        )
    if array.dtype.kind in "iuf" and array.dtype.itemsize >= 8 and array.dtype != np.float64:
        tied = len(np.unique(array)) - len(np.unique(kept))
        if tied:
            warnings.warn(
                f"scores of '{key}': {tied} values of type {array.dtype} are ties as 64-bit "
                "floats, in which scores are ranked; subtract a constant before saving them",
                OddframeWarning,
                stacklevel=4,
            )
    return kept
