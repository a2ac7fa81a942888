"""Anomaly scores: one number per frame of each video, higher means more anomalous."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from oddframe.console.words import count, first_of
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.files.array_files import write_arrays
from oddframe.files.paths import AnyPath, as_path
from oddframe.scores import in_notebooks
from oddframe.scores.detections import EventRule
from oddframe.scores.judged_part import JudgedPart
from oddframe.scores.score_files import META_KEY, read_scores
from oddframe.scores.standing_out import stated_rule
from oddframe.scores.untested import silenced, untested_spans, were_tested
from oddframe.videos.manifest import Manifest
from oddframe.videos.names import checked_id
from oddframe.videos.video import Video

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

NO_THRESHOLD = "no threshold: "
"""How ``threshold_source`` in ``meta`` begins where there is none; what to do follows."""
LARGEST = np.float64(1e300)
"""The largest score, above or below zero: differences of larger ones leave what a float holds."""


@dataclass(frozen=True)
class Scores:
    """Scores of several videos and how they were made.

    Attributes:
        values: video id to an array of shape ``(frames,)``, finite, higher = odder; float32,
            or float64 where it was given in a type that float32 does not hold.
        meta: plain values that travel with the scores: ``detector``, ``run``,
            ``manifest_sha256``, ``causal``, ``smoothing_seconds``, ``normalisation``,
            ``threshold``, ``untested``, ``part``, ``stands_out_above_the_middle``. Foreign scores
            have an empty one.
        file: the file or folder that they were read from, for messages.
        ties: video id to a warning, where what was given has fewer ties than what is ranked.

    Raises:
        OddframeError: scores that are not one finite number for each frame, or an id that no video
            can have.
    """

    values: Mapping[str, np.ndarray]
    meta: dict[str, Any] = field(default_factory=dict)
    file: Path | None = None
    ties: Mapping[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        values: dict[str, np.ndarray] = {}
        ties: dict[str, str] = {}
        try:
            for key, array in self.values.items():
                name = checked_id(key)
                if name in values:
                    raise OddframeError(f"scores of '{name}': given twice; remove one of them")
                values[name] = _checked(name, array)
                if tied := _new_ties(name, array, values[name]):
                    ties[name] = tied
            EventRule.of(self.meta)  # whether one travels with them, and what it says
            untested_spans(self.meta)
            stated_rule(self.meta)
            JudgedPart.of(self.meta)
        except OddframeError as error:
            raise OddframeError(f"{self._where}{error}") from None
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "ties", ties)

    @property
    def _where(self) -> str:
        """How a message begins."""
        return f"{self.file}: " if self.file else ""

    def __getitem__(self, video_id: str) -> np.ndarray:
        return self.values[video_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        frames = sum(map(len, self.values.values()))
        by = f" by {self.meta['detector']}" if "detector" in self.meta else ""
        above = "" if self.threshold is None else f", threshold {self.threshold:.4g}"
        return f"<Scores of {count(len(self), 'video')}, {count(frames, 'frame')}{by}{above}>"

    def to_dataframe(self) -> DataFrame:
        """A row for each frame, in pandas: ``video``, ``frame``, ``score``.

        Returns:
            The table, videos one after the other, frames from 0.

        Raises:
            OddframeError: pandas is not installed.
        """
        return in_notebooks.score_table(self.values)

    def plot(self, video: str | None = None, axes: Axes | None = None) -> Axes:
        """The scores of one video over its frames, with the threshold.

        Args:
            video: its id; not needed where there is one alone.
            axes: matplotlib's axes to draw into, instead of new ones.

        Returns:
            The axes.

        Raises:
            OddframeError: no such video, several to choose from, or matplotlib is not installed.
        """
        return in_notebooks.curve(self.values, self.threshold, video, axes)

    def align(self, videos: Iterable[Video], besides: Collection[str] = ()) -> Scores:
        """The scores of just these videos, in their order, checked for length and presence.

        Args:
            videos: those wanted.
            besides: ids of others that may have scores as well, which are left out.

        Returns:
            Their scores.

        Raises:
            OddframeError: a video has no scores, scores name an unknown video, or a length
                differs from the video's true frame count.
        """
        wanted = {video.id: video for video in videos}
        unknown = [key for key in self.values if key not in wanted and key not in besides]
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
                f"{self._where}scores do not fit the manifest's {count(len(wanted), 'video')}: "
                f"{'; '.join(parts)}; score the same manifest, or rename the ids"
            )
        for key, video in wanted.items():
            if len(self.values[key]) != video.frames:
                raise OddframeError(
                    f"{self._where}scores of '{key}': expected {count(video.frames, 'value')}, one "
                    f"per frame, found {len(self.values[key])}; scores must cover the true frame "
                    "count: score this manifest (with --features, if they come from features)"
                )
            if key in self.ties:
                warnings.warn(f"{self._where}{self.ties[key]}", OddframeWarning, stacklevel=2)
        return Scores({key: self.values[key] for key in wanted}, dict(self.meta), self.file)

    def of_split(self, manifest: Manifest, split: str) -> Scores:
        """The scores of one split's videos, checked; those of other splits are left out.

        Args:
            manifest: says which videos are of which split, and how many frames they have.
            split: ``train``, ``val`` or ``test``.

        Returns:
            Their scores, in the manifest's order.

        Raises:
            OddframeError: missing or unknown videos, a wrong length, or only a part of each video
                was judged.
        """
        if part := JudgedPart.of(self.meta):
            raise OddframeError(
                f"{self._where}only {part.words} of each video was judged, and the truth is of "
                "whole videos; score them without --start and --end"
            )
        others = {video.id for video in manifest if video.split != split}
        return self.align(manifest.split(split), others)

    @property
    def alarming(self) -> Scores:
        """The scores that thresholds are held against: untested frames are above none."""
        spans = untested_spans(self.meta)
        if not spans:
            return self
        tested = (were_tested(spans.get(name, ()), len(self[name])) for name in self)
        parts = list(zip(self.values.values(), tested, strict=True))
        threshold = math.inf if self.threshold is None else self.threshold
        quiet = dict(zip(self, silenced(parts, threshold), strict=True))
        return Scores(quiet, dict(self.meta), self.file)

    @property
    def threshold(self) -> float | None:
        """The threshold that travels with the scores, None if there is none."""
        rule = EventRule.of(self.meta)
        return None if rule is None else float(rule.threshold)

    def write(self, path: AnyPath) -> Path:
        """Write ``scores.npz``, whole or not at all.

        Args:
            path: the file, whose name ends in ``.npz``.

        Returns:
            Its path.

        Raises:
            OddframeError: another ending, or a folder that cannot be written.
        """
        path = as_path(path, "path")
        if path.suffix != ".npz":
            raise OddframeError(f"{path}: scores are written as .npz; give a name that ends so")
        meta = np.array(json.dumps(self.meta, allow_nan=False))
        return write_arrays(path, {META_KEY: meta, **self.values})

    @classmethod
    def read(cls, path: AnyPath) -> Scores:
        """Read ``scores.npz`` or its folder, or anybody's scores.

        Those are any ``{id: array}`` npz, CSV or JSON, or a folder with a file per video; see
        :mod:`oddframe.scores.score_files`.

        Args:
            path: the file or folder.

        Returns:
            The scores, with the meta data that travel with them.

        Raises:
            OddframeError: nothing there, nothing that could be scores, pickled objects, NaN, wrong
                shape.
        """
        path = as_path(path, "path")
        return cls(*read_scores(path), path)


def is_per_video(meta: Mapping[str, Any]) -> bool:
    """Whether scores with this ``meta`` were normalised within each video."""
    stated = str(meta.get("normalisation", "")).lower()
    return "per-video" in stated.replace("_", "-").replace(" ", "-")


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
    broken = np.flatnonzero(~(np.abs(kept) <= LARGEST))  # NaN is not below anything
    if broken.size:
        raise OddframeError(
            f"scores of '{key}': {broken.size} of {count(array.size, 'value')} are NaN, infinite "
            f"or beyond {LARGEST:g}, the first at frame {broken[0]}; every frame needs a finite "
            "score"
        )
    return kept


def _new_ties(key: str, array: np.ndarray, kept: np.ndarray) -> str:
    """A warning where values of a wide type differ and are equal as they are kept, else nothing."""
    given = np.asarray(array)
    if given.dtype.kind not in "iuf" or given.dtype.itemsize < 8 or given.dtype == np.float64:
        return ""
    tied = len(np.unique(given)) - len(np.unique(kept))
    if not tied:
        return ""
    return (
        f"scores of '{key}': {count(tied, 'value')} of type {given.dtype} are ties as 64-bit "
        "floats, in which scores are ranked; subtract a constant before saving them"
    )
