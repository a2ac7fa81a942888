"""The frames of several videos, as a training asks for them: whole, in parts, by stretches."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from oddframe.media.clock import Clock
from oddframe.videos.video import Video


class _Cut(Mapping[str, np.ndarray]):
    """A stretch of each array."""

    def __init__(self, arrays: Mapping[str, np.ndarray], stretches: dict[str, slice]) -> None:
        self._arrays = arrays
        self._stretches = stretches

    def __getitem__(self, name: str) -> np.ndarray:
        return self._arrays[name][self._stretches[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stretches)

    def __len__(self) -> int:
        return len(self._stretches)


@dataclass(frozen=True)
class FrameCache:
    """The frames of several videos, all of one size.

    Attributes:
        arrays: id of a video to its frames.
        firsts: id of a video to the number that its first frame here has in it, where not 0.
        breaks: id of a video to the frames here, in order, at which its footage begins anew (see
            :mod:`oddframe.media.continuity`), where there are any.
        left_out: id of a video that could not be decoded to the reason.
    """

    arrays: Mapping[str, np.ndarray]
    firsts: Mapping[str, int] = field(default_factory=dict)
    breaks: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def videos(self) -> tuple[str, ...]:
        """Ids of the videos."""
        return tuple(self.arrays)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Frames that each of them has."""
        return tuple(len(self.arrays[video_id]) for video_id in self.arrays)

    def frames(self, video_id: str) -> np.ndarray:
        """Memory-mapped uint8 ``(frames, size, size, channels)``; RGB, or one channel of grey."""
        return self.arrays[video_id]

    def stretches(self, video_id: str) -> np.ndarray:
        """First frame and end of each part that goes on without a break; int ``(parts, 2)``."""
        edges = (0, *self.breaks.get(video_id, ()), len(self.frames(video_id)))
        return np.array(list(itertools.pairwise(edges)))

    def longest(self, video_id: str) -> int:
        """Frames of the longest part of a video that goes on without a break."""
        return int(np.diff(self.stretches(video_id)).max())

    def clock(self, video: Video) -> Clock:
        """When the frames of a video that are here are shown."""
        first = self.firsts.get(video.id, 0)
        # As many as decode, which a damaged file may promise more of.
        return replace(video.clock, frames=first + len(self.frames(video.id))).later(first)

    def divide(self, share: float) -> tuple[FrameCache, FrameCache]:
        """All but the last ``share`` of each video's frames, and these."""
        lengths = dict(zip(self.videos, self.lengths, strict=True))
        at = {name: round(length * (1 - share)) for name, length in lengths.items()}
        breaks = self.breaks.items()
        return (
            FrameCache(
                _Cut(self.arrays, {name: slice(0, end) for name, end in at.items()}),
                breaks={v: tuple(b for b in those if b < at[v]) for v, those in breaks},
            ),
            FrameCache(
                _Cut(self.arrays, {name: slice(end, None) for name, end in at.items()}),
                at,
                {v: tuple(b - at[v] for b in those if b > at[v]) for v, those in breaks},
            ),
        )
