"""Fitting a scene: one pass over the normal footage, then memory, calibration, trust, threshold.

Nothing is judged by itself: a training video (or part of one) is measured against a memory
without it, a validation video against a memory that never saw it.
"""

from __future__ import annotations

import errno
import math
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from io import RawIOBase
from pathlib import Path

import numpy as np

from oddframe.calibration.threshold import (
    SURE,
    Surprise,
    Threshold,
    choose_threshold,
    least_hours,
    most_alarms,
    time_lapse_counts,
    trust,
)
from oddframe.console.words import count
from oddframe.detectors.own_cameras.fixed_camera.memory import NormalMemory
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
from oddframe.detectors.own_cameras.fixed_camera.scene import Scene, Trusts, Whitening, frame_value
from oddframe.detectors.own_cameras.fixed_camera.settings import FixedCameraConfig
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.backbones.patch_features import (
    CHANNELS,
    STRIDE,
    PatchEncoder,
    export_network,
    input_size,
)
from oddframe.media.clock import Clock
from oddframe.media.opening import open_video
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

LEAST_SECONDS = 20.0
"""Less normal footage than this says nothing about what is rare."""
_LEAST_GROUPS = 8
_HELD_OUT = -2
"""Group of validation footage, which the memory never learns."""


@dataclass
class _Recording:
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


def fit_scene(
    manifest: Manifest,
    config: FixedCameraConfig,
    advance: Callable[[str, float], None],
) -> tuple[Scene, bytes, Threshold, dict[str, str]]:
    """Everything that scoring needs: the scene, the network's bytes, the threshold.

    Returns:
        These three, and the videos that failed on the way, each with the reason.

    Raises:
        OddframeError: no normal training footage, or less than 20 seconds of it.
    """
    videos = [v for v in manifest.split("train", "val") if v.label != "anomalous"]
    train = [v for v in videos if v.split == "train"]
    seconds = sum(v.clock.watched for v in videos)
    if not train or seconds < LEAST_SECONDS:
        raise OddframeError(
            f"{manifest.dataset}: expected at least {LEAST_SECONDS:.0f} seconds of normal training "
            f"footage, found {count(len(train), 'video')} and {seconds:.1f} seconds; add footage "
            "of normal life"
        )
    advance("preparing the network", 0.0)
    network = export_network()
    with tempfile.TemporaryDirectory(prefix="oddframe-fit-") as folder:
        scale = _scale_of(train[0], config)
        recording = _record(manifest, videos, network, scale, config, Path(folder), advance)
        looks = recording.looks(scale.grid)
        whitening = _whiten(looks, recording.look_groups)
        memory, distances = _remember(looks, recording.look_groups, whitening, config, advance)
    advance("calibrating", 0.0)
    speeds = np.stack(recording.speeds).astype(np.float32)
    appearance = Surprise.fit(distances)
    motion = Surprise.fit(speeds)
    trusts = Trusts(_trust(appearance, distances), _trust(motion, speeds))
    looked = trusts.appearance * appearance(distances)
    values = _frame_values(looked[recording.latest_looks] + trusts.motion * motion(speeds))
    frame = Surprise.fit(values)
    raw_speeds = _frame_values(speeds)
    scene = Scene(
        scale=scale,
        whitening=whitening,
        memory=memory,
        appearance=appearance,
        motion=motion,
        trusts=trusts,
        frame=frame,
        usual_speed=float(np.quantile(raw_speeds, 0.99)),
        size=(train[0].width, train[0].height),
    )
    scores = frame(values)
    moments = np.array(recording.seconds)
    stretches = [
        (scores[a:b], Clock.of_times(moments[a:b] - moments[a], rate))
        for a, b, rate in recording.stretches
    ]
    # A single look has watched the time of one look; to count more would promise what it cannot.
    watched = sum(max(clock.watched, LOOK_SECONDS) for _, clock in stretches)
    hours = min(watched, seconds) / 3600
    threshold = choose_threshold(stretches, hours, config.false_alarms_per_hour)
    seen = "each part in turn"
    if slow := time_lapse_counts(v.clock for v in videos):
        seen += f"; {slow}"
    a_look = max(LOOK_SECONDS, seconds / sum(v.frames for v in videos))
    if seconds / a_look > config.fit_looks:
        seen += f"; {config.fit_looks} looks of {a_look:.2g} s, "
        seen += f"spread over {seconds / 3600:.2f} h"
    remedy = what_it_takes(config.false_alarms_per_hour, config.fit_looks, seconds, a_look)
    advance("calibrating", 1.0)
    remedy = "" if threshold.is_kept else remedy
    return scene, network, replace(threshold, seen=seen, remedy=remedy), recording.left_out


def what_it_takes(
    wanted: float, looks: int, seconds: float | None = None, a_look: float = LOOK_SECONDS
) -> str:
    """What it takes to promise so many false alarms per hour: footage, looks at it, or both.

    Args:
        wanted: false alarms per hour.
        looks: frames that are looked at at most, ``fit_looks``.
        seconds: length of the normal footage, if that is known.
        a_look: seconds that each look watches; more where frames are fewer than looks could be.
    """
    least = 3600 * most_alarms(0, SURE) / wanted
    # Some seconds at the beginnings of videos are not watched, and single looks may be one fewer.
    needed = math.ceil(1.02 * least / a_look / 100) * 100
    parts = []
    if seconds is None or seconds <= least:
        parts.append(f"give more than {least_hours(wanted)} h of normal footage")
    if looks < needed:
        parts.append(f"look at more of it with --settings.fit_looks {needed}")
    return " and ".join(parts) or "give more normal footage"


def _scale_of(video: Video, config: FixedCameraConfig) -> Scale:
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


def _record(
    manifest: Manifest,
    videos: list[Video],
    network: bytes,
    scale: Scale,
    config: FixedCameraConfig,
    folder: Path,
    advance: Callable[[str, float], None],
) -> _Recording:
    plan = _plan(videos, config.fit_looks)
    # On disk, because 2000 looks take 0.4 GB and a laptop may not have that to spare.
    recording = _Recording(folder / "looks")
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


def _whiten(looks: np.ndarray, groups: list[int]) -> Whitening:
    learnt = np.flatnonzero(np.asarray(groups) >= 0)
    # 150 looks are 100,000 patches, plenty for a covariance of 152 channels.
    chosen = learnt[np.linspace(0, learnt.size - 1, min(learnt.size, 150)).astype(int)]
    return Whitening.fit(looks[chosen].reshape(-1, CHANNELS))


def _remember(
    looks: np.ndarray,
    groups: list[int],
    whitening: Whitening,
    config: FixedCameraConfig,
    advance: Callable[[str, float], None],
) -> tuple[NormalMemory, np.ndarray]:
    """The memory of the training looks, and every look's held-out distances to it."""
    count, grid = len(groups), (looks.shape[1], looks.shape[2])
    memory = NormalMemory(grid, CHANNELS, capacity=config.capacity)
    for index, group in enumerate(groups):
        if group >= 0:
            memory.add(whitening(looks[index]), group)
        advance("remembering normal looks", index / count)
    distances = np.empty((count, *grid), np.float32)
    for index, group in enumerate(groups):
        own = group if group >= 0 else None
        distances[index] = memory.distances(whitening(looks[index]), own)
        advance("holding out each part", index / count)
    known = np.isfinite(distances)
    # Nothing else was ever seen at that place: as far as anything in this footage.
    distances[~known] = distances[known].max()
    return memory, distances


def _trust(cue: Surprise, normal: np.ndarray) -> float:
    """Trust in a cue: the simulated fault doubles its raw values, twice as fast or as strange."""
    return trust(_frame_values(cue(normal)), _frame_values(cue(2 * normal)))


def _frame_values(fields: np.ndarray) -> np.ndarray:
    return np.array([frame_value(one) for one in fields])
