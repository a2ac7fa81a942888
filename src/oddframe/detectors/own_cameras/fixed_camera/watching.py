"""Watching normal footage: which parts of it, and what is seen there, in order."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from oddframe.detectors.own_cameras.fixed_camera.kept_rows import KeptRows
from oddframe.detectors.own_cameras.fixed_camera.observation import (
    LOOK_SECONDS,
    Observation,
    Scale,
    Window,
    observe,
    single_looks,
    steps,
    whole,
)
from oddframe.detectors.own_cameras.fixed_camera.settings import FixedCameraConfig
from oddframe.detectors.own_cameras.fixed_camera.stillness import Stillness
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.backbones.patch_features import STRIDE, PatchEncoder, input_size
from oddframe.videos.manifest import Manifest
from oddframe.videos.opening import open_footage
from oddframe.videos.video import Video

HELD_OUT = -2
"""Group of validation footage, which the memory never learns."""
_LEAST_GROUPS = 8
_STRETCH_SECONDS = 1200.0
_LEAST_STRETCHES = 8

RawMotion = tuple[np.ndarray, float | None]
"""A small grey picture, and the seconds since the one before, None where motion begins anew."""
Plan = list[list[Window]]
"""Windows of each video."""


@dataclass(frozen=True)
class Seen:
    """What was seen at a moment of normal footage.

    Attributes:
        video: index of the video.
        group: part of the footage that is held out together.
        stretch: number of the stretch without a gap.
        rate: how many moments come in a second.
        judged: whether it counts, and does not only lead to what counts.
        observation: the grey picture, and a look as raw patches, where they were due.
    """

    video: int
    group: int
    stretch: int
    rate: float
    judged: bool
    observation: Observation[RawMotion, np.ndarray]


@dataclass(frozen=True)
class _Reached:
    """How far a pass has come.

    Attributes:
        video, window: index of what is to be watched next.
        stretch: number of the last stretch.
        left_out: videos that failed, with the reason.
    """

    video: int = 0
    window: int = 0
    stretch: int = -1
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Footage:
    """Normal footage and how it is seen.

    Attributes:
        manifest, videos: the footage, in order.
        scale: sizes at which the scene is seen.
        encoder: turns looks into raw patches.
    """

    manifest: Manifest
    videos: list[Video]
    scale: Scale
    encoder: PatchEncoder

    def watch(
        self,
        plan: Plan,
        kept: KeptRows,
        left_out: dict[str, str],
        advance: Callable[[float], None],
        *,
        as_scored: bool = False,
    ) -> Iterator[Seen]:
        """What is seen in the windows of the plan that are not done yet.

        Whoever is given this has written what became of all before, when it asks for the next: a
        window is done then, and kept.

        Args:
            plan: windows of each video.
            kept: where that is written; says which windows are done.
            left_out: is given the reason where a video fails, if there are others.
            advance: told the share done.
            as_scored: where nothing has changed, the last look is given again, the same array;
                else every look is made, so that noise is learnt as it is.

        Raises:
            OddframeError: the only video fails.
        """
        reached = _Reached(**kept.note)
        left_out |= reached.left_out
        total, done, stretch = sum(v.frames for v in self.videos), 0, reached.stretch
        parts = _parts(self.videos)
        for number, (video, windows, (first, length, most)) in enumerate(
            zip(self.videos, plan, parts, strict=True)
        ):
            before, done = done, done + video.frames
            # Some are so short that nothing of them is in the plan.
            if not windows or number < reached.video:
                continue
            window = -1
            for rate, observation in self._observations(
                video,
                windows,
                reached.window if number == reached.video else 0,
                left_out,
                Stillness() if as_scored else None,
            ):
                advance((before + observation.frame) / total)
                if observation.window != window:
                    window = observation.window
                    kept.keep(_note(number, window, stretch, left_out))
                    stretch += 1
                group = HELD_OUT
                if video.split == "train":
                    group = first + min(int(observation.seconds / length), most)
                judged = observation.frame >= windows[window].first_look
                if observation.motion is not None or observation.look is not None:
                    yield Seen(number, group, stretch, rate, judged, observation)
        kept.keep(_note(len(self.videos), 0, stretch, left_out), at_once=True)

    def _observations(
        self,
        video: Video,
        windows: list[Window],
        first: int,
        left_out: dict[str, str],
        stillness: Stillness | None,
    ) -> Iterator[tuple[float, Observation[RawMotion, np.ndarray]]]:
        """What is seen of a video from its window ``first`` on, as far as it can be read.

        With the rate of moments.
        """
        try:
            with open_footage(self.manifest, video) as reader:
                rate = reader.info.fps / steps(reader.info.fps)[0]
                keep = lambda grey, elapsed: (grey, elapsed)  # noqa: E731
                for observation in observe(
                    reader, self.scale, keep, self.encoder.encode, windows, stillness, first
                ):
                    yield rate, observation
        except OddframeError as error:
            # If there is no other video to go on with, there is nothing to be left out.
            if len(self.videos) == 1:
                raise
            left_out[video.id] = str(error)
            warnings.warn(
                f"{video.id}: left out from there on ({error})", OddframeWarning, stacklevel=3
            )


def _note(video: int, window: int, stretch: int, left_out: dict[str, str]) -> dict[str, Any]:
    return asdict(_Reached(video, window, stretch, left_out))


def scale_of(video: Video, config: FixedCameraConfig) -> Scale:
    """The sizes at which the scene of a video is seen."""
    look = input_size(video.width, video.height, config.long_side)
    shrink = config.motion_side / max(video.width, video.height)
    # OpenCV's flow crashes on images lower than 32 pixels, which a very wide video would give.
    motion = (max(32, round(video.width * shrink)), max(32, round(video.height * shrink)))
    return Scale((look[1] // STRIDE, look[0] // STRIDE), look, motion)


def plan_looks(videos: list[Video], most: int) -> Plan | None:
    """Evenly spaced looks; None if all of the footage is no more looks than that."""
    lengths = [v.clock.length for v in videos]
    if sum(lengths) / LOOK_SECONDS <= most:
        return None
    spacing = sum(lengths) / most
    return [
        single_looks(np.unique(video.clock.filmed_by(moments)).tolist(), video.fps)
        for video, moments in zip(videos, _spread(lengths, spacing), strict=True)
    ]


def stretch_seconds(hours: float) -> float:
    """Length of a stretch that is watched without a gap, if so many hours of more are."""
    return min(_STRETCH_SECONDS, 3600 * hours / _LEAST_STRETCHES)


def plan_stretches(videos: list[Video], hours: float) -> Plan:
    """Stretches without a gap, spread evenly over all of the footage; all of it if it is short."""
    lengths = [v.clock.length for v in videos]
    if sum(lengths) <= 3600 * hours:
        return plan_whole(videos)
    stretch = stretch_seconds(hours)
    spacing = sum(lengths) * stretch / (3600 * hours)
    plan = []
    for video, moments in zip(videos, _spread(lengths, spacing), strict=True):
        length = video.clock.length
        starts = np.clip(moments - stretch / 2, 0, max(0, length - stretch))
        firsts = video.clock.filmed_by(starts).tolist()
        lasts = video.clock.filmed_by(np.minimum(starts + stretch, length)).tolist()
        windows: list[Window] = []
        for first, last in zip(firsts, lasts, strict=True):
            first = max(first, windows[-1].stop if windows else 0)
            if first < last:
                windows.append(Window(first, last + 1, first))
        plan.append(windows)
    return plan


def plan_whole(videos: list[Video]) -> Plan:
    """All of the footage."""
    return [whole(v.frames) for v in videos]


def _spread(lengths: list[float], spacing: float) -> Iterator[np.ndarray]:
    """For each video, moments in seconds that lie so far apart, over the borders of videos."""
    start = 0.5 * spacing
    for length in lengths:
        moments = np.arange(start, length, spacing)
        yield moments
        # The next video goes on where this one's last interval was cut.
        start = (moments[-1] if moments.size else start - spacing) + spacing - length


def _parts(videos: list[Video]) -> list[tuple[int, float, int]]:
    """For each video its first group, the seconds of a group, and how many more it has.

    With few videos, parts of a video are held out in turn instead of whole ones.
    """
    train = [v for v in videos if v.split == "train"]
    whole_ones = len(train) >= _LEAST_GROUPS
    part = np.inf if whole_ones else sum(v.clock.length for v in train) / _LEAST_GROUPS
    parts, first = [], 0
    for video in videos:
        more = 0 if whole_ones or not part else int(np.ceil(video.clock.length / part - 1e-9)) - 1
        parts.append((first, part or np.inf, max(more, 0)))
        if video.split == "train":
            first += max(more, 0) + 1
    return parts
