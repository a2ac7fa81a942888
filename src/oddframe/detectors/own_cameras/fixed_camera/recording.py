"""The pass over normal footage: looks at it, spread over all of it, with the motion at them.

Looks go to disk as they come, since thousands of them take more memory than a laptop has to spare.
"""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import RawIOBase
from pathlib import Path

import numpy as np

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
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.backbones.patch_features import CHANNELS, STRIDE, PatchEncoder, input_size
from oddframe.media.opening import open_video
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

_LEAST_GROUPS = 8
_HELD_OUT = -2
"""Group of validation footage, which the memory never learns."""


@dataclass
class Recording:
    """What one pass over the normal footage measured, in order.

    Attributes:
        file: raw patches of all looks, float16 ``(rows, columns, channels)`` each.
        look_groups: for each look, the part of the footage that it shows.
        speeds: for each observation, float16 ``(rows, columns)``.
        seconds: for each observation, its time.
        latest_looks: for each observation, the index of the latest look.
        stretches: first observation, the one after the last, and how many come in a second.
        left_out: videos, and why.
    """

    file: Path
    look_groups: list[int] = field(default_factory=list)
    speeds: list[np.ndarray] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    latest_looks: list[int] = field(default_factory=list)
    stretches: list[tuple[int, int, float]] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def add_look(self, stream: RawIOBase, look: np.ndarray, group: int) -> None:
        """Append a look to the file."""
        data = look.astype(np.float16).tobytes()
        try:
            if stream.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise OddframeError(
                f"{self.file}: cannot write the looks at normal footage "
                f"({error.strerror or error}); free some space, or set TMPDIR to another folder"
            ) from error
        self.look_groups.append(group)

    def looks(self, grid: tuple[int, int]) -> np.ndarray:
        """The looks in the file, memory-mapped, ``(looks, rows, columns, channels)``."""
        shape = (len(self.look_groups), *grid, CHANNELS)
        return np.memmap(self.file, dtype=np.float16, mode="r", shape=shape)


def scale_of(video: Video, config: FixedCameraConfig) -> Scale:
    """The sizes at which the scene of a video is seen."""
    look = input_size(video.width, video.height, config.long_side)
    shrink = config.motion_side / max(video.width, video.height)
    # OpenCV's flow crashes on images lower than 32 pixels, which a very wide video would give.
    motion = (max(32, round(video.width * shrink)), max(32, round(video.height * shrink)))
    return Scale((look[1] // STRIDE, look[0] // STRIDE), look, motion)


def _plan(videos: list[Video], most: int) -> list[list[Window]]:
    """Windows per video: everything if that is few enough looks, else evenly spaced looks."""
    lengths = [v.clock.length for v in videos]
    if sum(lengths) / LOOK_SECONDS <= most:
        return [whole(v.frames) for v in videos]
    spacing = sum(lengths) / most
    plan = []
    start = 0.5 * spacing
    for video, length in zip(videos, lengths, strict=True):
        moments = np.arange(start, length, spacing)
        # The next video goes on where this one's last interval was cut.
        start = (moments[-1] if moments.size else start - spacing) + spacing - length
        frames = np.unique(video.clock.filmed_by(moments))
        plan.append(single_looks(frames.tolist(), video.fps))
    return plan


def record(
    manifest: Manifest,
    videos: list[Video],
    network: bytes,
    scale: Scale,
    config: FixedCameraConfig,
    folder: Path,
    advance: Callable[[str, float], None],
) -> Recording:
    """Watch normal footage once: everything if that is few enough looks, else evenly spaced looks.

    Args:
        manifest, videos: the footage.
        network: the bytes of the network.
        scale: sizes at which the scene is seen.
        config: how many looks there are at most.
        folder: gets the file of looks.
        advance: told what is being done and the share done.

    Raises:
        OddframeError: footage that gives fewer than two parts to hold out in turn.
    """
    plan = _plan(videos, config.fit_looks)
    # On disk, because 2000 looks take 0.4 GB and a laptop may not have that to spare.
    recording = Recording(folder / "looks")
    train_seconds = sum(v.clock.length for v in videos if v.split == "train")
    train_count = sum(v.split == "train" for v in videos)
    # With few videos, parts of a video are held out in turn instead of whole ones.
    part = np.inf if train_count >= _LEAST_GROUPS else train_seconds / _LEAST_GROUPS
    encoder = PatchEncoder(network)
    total = sum(v.frames for v in videos)
    done = 0
    group = -1
    for video, windows in zip(videos, plan, strict=True):
        before, done = done, done + video.frames
        if not windows:  # so short that no look fell on it
            continue
        edge = -np.inf
        window = -1
        speed = np.zeros(scale.grid, np.float32)
        # If there is no other video to go on with, there is nothing to be left out.
        left_out = recording.left_out if len(videos) > 1 else None
        observations = _observations(manifest, video, scale, encoder, windows, left_out)
        with recording.file.open("ab", buffering=0) as stream:
            for rate, observation in observations:
                advance("watching normal footage", (before + observation.frame) / total)
                if video.split == "train" and observation.seconds >= edge:
                    group += 1
                    edge = observation.seconds + part
                if observation.look is not None:
                    owner = group if video.split == "train" else _HELD_OUT
                    recording.add_look(stream, observation.look, owner)
                if observation.speed is not None:
                    speed = observation.speed
                early = observation.frame < windows[observation.window].first_look
                if early or (observation.speed is None and observation.look is None):
                    continue
                if observation.window != window:
                    window = observation.window
                    recording.stretches.append((len(recording.speeds), len(recording.speeds), rate))
                recording.speeds.append(speed.astype(np.float16))
                recording.seconds.append(observation.seconds)
                recording.latest_looks.append(len(recording.look_groups) - 1)
                start, _, rate = recording.stretches[-1]
                recording.stretches[-1] = (start, len(recording.speeds), rate)
    if len({group for group in recording.look_groups if group >= 0}) < 2:
        raise OddframeError(
            f"{manifest.dataset}: the normal training footage gives fewer than two parts that can "
            "be decoded; add footage of normal life"
        )
    return recording


def _observations(
    manifest: Manifest,
    video: Video,
    scale: Scale,
    encoder: PatchEncoder,
    windows: list[Window],
    left_out: dict[str, str] | None,
) -> Iterator[tuple[float, Observation[np.ndarray]]]:
    """What is seen of a video, with the rate of its observations, as far as it can be read.

    Args:
        manifest, video, scale, encoder, windows: what to see, and how.
        left_out: is given the reason where the video fails.

    Raises:
        OddframeError: it fails, and there is no ``left_out``.
    """
    try:
        with open_video(manifest.locate(video), video.fps, video.levels) as reader:
            rate = reader.info.fps / steps(reader.info.fps)[0]
            for observation in observe(reader, scale, encoder.encode, windows):
                yield rate, observation
    except OddframeError as error:
        if left_out is None:
            raise
        left_out[video.id] = str(error)
        warnings.warn(
            f"{video.id}: left out from there on ({error})", OddframeWarning, stacklevel=3
        )
