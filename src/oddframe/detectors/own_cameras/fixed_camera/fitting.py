"""Fitting a scene: one pass over the normal footage, then memory, calibration, trust, threshold.

Nothing is judged by itself: a training video (or part of one) is measured against a memory
without it, a validation video against a memory that never saw it.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from oddframe.calibration.surprise import Surprise, trust
from oddframe.calibration.threshold import (
    SURE,
    Threshold,
    choose_threshold,
    least_hours,
    most_alarms,
    time_lapse_counts,
)
from oddframe.console.words import count
from oddframe.detectors.own_cameras.fixed_camera.memory import NormalMemory
from oddframe.detectors.own_cameras.fixed_camera.observation import LOOK_SECONDS
from oddframe.detectors.own_cameras.fixed_camera.recording import record, scale_of
from oddframe.detectors.own_cameras.fixed_camera.scene import Scene, Trusts, Whitening, frame_value
from oddframe.detectors.own_cameras.fixed_camera.settings import FixedCameraConfig
from oddframe.errors import OddframeError
from oddframe.features.backbones.patch_features import CHANNELS, integer_network
from oddframe.media.clock import Clock
from oddframe.videos.manifest import Manifest

LEAST_SECONDS = 20.0
"""Less normal footage than this says nothing about what is rare."""


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
    network = integer_network()
    with tempfile.TemporaryDirectory(prefix="oddframe-fit-") as folder:
        scale = scale_of(train[0], config)
        recording = record(manifest, videos, network, scale, config, Path(folder), advance)
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
