"""Training clips: which windows of which videos a step sees."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from oddframe.clips.frame_cache import FrameCache
from oddframe.console.words import count, first_of
from oddframe.errors import OddframeError, OddframeWarning

_SHOWN = 5


@dataclass(frozen=True)
class Windows:
    """All clips of some videos, numbered one after another without naming each.

    No clip reaches over a cut or a gap, as none does in scoring.

    Attributes:
        cache: the frames.
        videos: ids of the videos that are long enough.
        stretches: int ``(stretches, 4)``, the parts of the videos that go on without a break for
            a clip at least: row of the video, first frame, clips in it, and frames from one frame
            of these clips to the next; a part is there for each stride that it is long enough for.
        clip_length: frames in a clip.
    """

    cache: FrameCache
    videos: tuple[str, ...]
    stretches: np.ndarray
    clip_length: int

    @classmethod
    def of(
        cls,
        cache: FrameCache,
        video_ids: Sequence[str],
        clip_length: int,
        frame_step: int,
        strides: int = 1,
    ) -> Windows:
        """The clips of these videos; those that are too short are left out with a warning.

        Arguments are those of :class:`ClipBatches`.

        Raises:
            OddframeError: none of the videos goes on for a clip anywhere, or there is none.
        """
        span = (clip_length - 1) * frame_step + 1
        length_of = {video_id: cache.longest(video_id) for video_id in video_ids}
        short = [video_id for video_id in video_ids if length_of[video_id] < span]
        videos = tuple(video_id for video_id in video_ids if length_of[video_id] >= span)
        unbroken = {name: " without a break" * (name in cache.breaks) for name in short}
        what = f"a clip of {clip_length} frames"
        if frame_step > 1:
            what += f", {frame_step} apart ({span} frames in all)"
        if not videos:
            longest = max(short, key=lambda name: length_of[name], default="")
            has = f"{length_of[longest]}{unbroken[longest]}" if short else "0"
            less = " or a smaller --settings.frame_step" if frame_step > 1 else ""
            raise OddframeError(
                f"none of {count(len(short), 'video')} is long enough for {what}: the longest has "
                f"{has}; give longer videos{less}"
            )
        if short:
            named = first_of(
                [f"'{name}' has {length_of[name]}{unbroken[name]}" for name in short], _SHOWN
            )
            more = " are too short" * (len(short) > _SHOWN)
            warnings.warn(
                f"{len(short)} of {count(len(video_ids), 'video')} left out as too short for "
                f"{what}: {named}{more}",
                OddframeWarning,
                stacklevel=3,
            )
        steps = [frame_step * stride for stride in range(1, strides + 1)]
        stretches = [
            (row, first, end - first - (clip_length - 1) * step, step)
            for row, video_id in enumerate(videos)
            for step in steps
            for first, end in cache.stretches(video_id)
            if end - first > (clip_length - 1) * step
        ]
        return cls(cache, videos, np.array(stretches, np.int64), clip_length)

    @property
    def counts(self) -> np.ndarray:
        """Clips in each video, int ``(videos,)``."""
        counts = np.zeros(len(self.videos), np.int64)
        np.add.at(counts, self.stretches[:, 0], self.stretches[:, 2])
        return counts

    def __len__(self) -> int:
        return int(self.stretches[:, 2].sum())

    def places(self, numbers: np.ndarray) -> np.ndarray:
        """Row of the video, first frame and step to the next of clips by number: ``(clips, 3)``."""
        rows, firsts, counts, steps = self.stretches.T
        ends = np.cumsum(counts)
        at = np.searchsorted(ends, numbers, side="right")
        starts = firsts[at] + numbers - (ends - counts)[at]
        return np.stack([rows[at], starts, steps[at]], axis=1)

    def read(self, place: np.ndarray) -> np.ndarray:
        """The clip at a place: uint8 ``(frames, height, width, channels)``."""
        row, start, step = (int(part) for part in place)
        end = start + (self.clip_length - 1) * step + 1
        return np.array(self.cache.frames(self.videos[row])[start:end:step])


class ClipBatches:
    """Clips in a seeded order, epoch after epoch; what a step serves follows from seed and step.

    An epoch is every clip of every video once, or a number of random clips of each video, drawn
    anew for every epoch. Epochs follow one another without a gap: no clip is dropped at the end of
    one, and a batch that is larger than an epoch serves some clips twice.

    Args:
        cache: the frames.
        video_ids: the videos to serve.
        clip_length: frames in a clip.
        frame_step: frames from one frame of a clip to the next.
        batch_size: clips in a training step.
        clips_per_video: random clips of each video in an epoch; 0 takes every clip there is.
        seed: fixes the order and the random clips.
        strides: clips whose frames lie 1, 2 and so on to so many times ``frame_step`` apart are
            clips alike; a video that is too short for the longer ones has the others.

    Raises:
        OddframeError: no video is long enough.
    """

    def __init__(
        self,
        cache: FrameCache,
        video_ids: Sequence[str],
        clip_length: int,
        frame_step: int,
        batch_size: int,
        clips_per_video: int,
        seed: int,
        strides: int = 1,
    ) -> None:
        self.windows = Windows.of(cache, video_ids, clip_length, frame_step, strides)
        self.batch_size = batch_size
        self._clips_per_video = clips_per_video
        self._seed = seed
        videos = len(self.windows.videos)
        self._epoch_size = clips_per_video * videos if clips_per_video else len(self.windows)
        self._epochs: dict[int, np.ndarray] = {}

    @property
    def steps_per_epoch(self) -> int:
        """Steps until an epoch was served."""
        return -(-self._epoch_size // self.batch_size)

    def batch(self, step: int, part: int = 0, parts: int = 1) -> dict[str, Tensor]:
        """``clip``: uint8 ``(clips, frames, height, width, channels)``, RGB or grey."""
        if parts > self.batch_size:
            raise OddframeError(
                f"{parts} processes for batches of {self.batch_size} clips; use fewer --processes "
                "or a larger --settings.batch_size"
            )
        clips = [self.windows.read(place) for place in self.served(step)[part::parts]]
        return {"clip": torch.from_numpy(np.stack(clips))}

    def served(self, step: int) -> np.ndarray:
        """Where the clips of a step are, as of :meth:`Windows.places`; int ``(clips, 3)``."""
        turns = np.arange(step * self.batch_size, (step + 1) * self.batch_size)
        epochs = turns // self._epoch_size
        needed = range(epochs[0], epochs[-1] + 1)
        # An order may be long and serves many steps: those of the last batch are kept.
        self._epochs = {e: self._epochs[e] if e in self._epochs else self._order(e) for e in needed}
        numbers = [self._epochs[e][turns[epochs == e] - e * self._epoch_size] for e in needed]
        return self.windows.places(np.concatenate(numbers))

    def _order(self, epoch: int) -> np.ndarray:
        """The numbers of an epoch's clips in the order in which they are served."""
        random = np.random.default_rng(np.random.SeedSequence((self._seed, epoch)))
        counts = self.windows.counts
        if not self._clips_per_video:
            return random.permutation(self._epoch_size)
        drawn = random.integers(0, counts, (self._clips_per_video, len(counts)))
        return random.permutation((drawn + np.cumsum(counts) - counts).ravel())


def even_clips(
    cache: FrameCache, video_ids: Sequence[str], clip_length: int, frame_step: int, count: int
) -> np.ndarray:
    """Clips spaced evenly over the videos, the same ones whenever asked: for validation.

    Args:
        cache, video_ids, clip_length, frame_step: as in :class:`ClipBatches`.
        count: how many; all there are, if there are fewer.

    Returns:
        What is seen of their frames ``(clips, frames, ...)``, in the order of the videos.

    Raises:
        OddframeError: no video is long enough.
    """
    windows = Windows.of(cache, video_ids, clip_length, frame_step)
    count = min(count, len(windows))
    # In the middle of equal shares, so that first and last windows weigh no more than others.
    numbers = (2 * np.arange(count) + 1) * len(windows) // (2 * count)
    return np.stack([windows.read(place) for place in windows.places(numbers)])
