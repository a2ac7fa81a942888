"""Fitting a scene: memory and habits from looks, then calibration on stretches held out in turn.

Nothing is judged by itself: a training video (or part of one) is measured against a memory
without it, a validation video against a memory that never saw it.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from oddframe.calibration.block_maxima import BlockSurprise, block_maxima
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
from oddframe.detectors.own_cameras.fixed_camera.background import Background
from oddframe.detectors.own_cameras.fixed_camera.measuring import (
    LearntHabits,
    Measurements,
    measure,
)
from oddframe.detectors.own_cameras.fixed_camera.memory import NormalMemory
from oddframe.detectors.own_cameras.fixed_camera.observation import Scale
from oddframe.detectors.own_cameras.fixed_camera.recording import Recording
from oddframe.detectors.own_cameras.fixed_camera.scene import (
    Scene,
    Trusts,
    Whitening,
    frame_value,
    stay_value,
)
from oddframe.detectors.own_cameras.fixed_camera.settings import FixedCameraConfig
from oddframe.detectors.own_cameras.fixed_camera.staying import LongestStays
from oddframe.detectors.own_cameras.fixed_camera.watching import (
    HELD_OUT,
    Footage,
    plan_looks,
    plan_stretches,
    plan_whole,
    scale_of,
    stretch_seconds,
)
from oddframe.errors import OddframeError
from oddframe.features.backbones.patch_features import CHANNELS, PatchEncoder, integer_network
from oddframe.media.clock import Clock
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

LEAST_SECONDS = 20.0
"""Less normal footage than this says nothing about what is rare."""
_BACKGROUND_PICTURES = 1600
_LEAST_RARITY_SPREAD = 0.3
_LEAST_STAY_SPREAD = 0.35


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
    scale = scale_of(train[0], config)
    footage = Footage(manifest, videos, scale, PatchEncoder(network))
    left_out: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="oddframe-fit-") as folder:
        looks = plan_looks(videos, config.fit_looks)
        watching = footage.watch(
            looks or plan_whole(videos), left_out, partial(advance, "watching normal footage")
        )
        recording = Recording.of(watching, Path(folder), scale)
        if len({group for group in recording.look_groups if group != HELD_OUT}) < 2:
            raise OddframeError(
                f"{manifest.dataset}: the normal training footage gives fewer than two parts that "
                "can be decoded; add footage of normal life"
            )
        whitening = _whiten(recording.looks(), recording.look_groups)
        memory = _remember(recording, whitening, config, advance)
        advance("learning how things move", 0.0)
        greys = recording.greys()
        spread = np.linspace(0, len(greys) - 1, min(len(greys), _BACKGROUND_PICTURES)).astype(int)
        background = Background.fit(greys[spread], seconds)
        habits = LearntHabits.learn(recording.replay(), background, scale.motion_size)
        if looks is None:
            moments = recording.replay()
        else:
            plan = plan_stretches(videos, config.fit_hours)
            moments = footage.watch(plan, left_out, partial(advance, "holding out each part"))
        found = measure(moments, memory, whitening, habits, scale)
    advance("calibrating", 0.0)
    scene, values = _calibrated(found, memory, whitening, habits, scale, train[0])
    threshold = _threshold(scene, values, found, videos, config, seconds)
    advance("calibrating", 1.0)
    return scene, network, threshold, left_out


def _calibrated(
    found: Measurements,
    memory: NormalMemory,
    whitening: Whitening,
    habits: LearntHabits,
    scale: Scale,
    video: Video,
) -> tuple[Scene, np.ndarray]:
    """The scene, and the raw value of cells at every moment of normal footage."""
    distances = np.stack(found.distances).astype(np.float32)
    known = np.isfinite(distances)
    # Nothing else was ever seen at that place: as far as anything in this footage.
    distances[~known] = distances[known].max()
    paces = np.stack(found.paces).astype(np.float32)
    appearance, pace = Surprise.fit(distances), Surprise.fit(paces)
    trusts = Trusts(_trust(appearance, distances), _trust(pace, paces))
    looked = trusts.appearance * appearance(distances)
    values = np.array(
        [
            frame_value(looked[look] + trusts.pace * pace(moment))
            for look, moment in zip(found.latest_looks, paces, strict=True)
        ]
    )
    stays = np.array([stay_value(stay) for stay in found.stays])
    scene = Scene(
        scale=scale,
        whitening=whitening,
        memory=memory,
        habits=habits.without(None),
        stays=LongestStays.of(found.stays, scale.motion_size),
        appearance=appearance,
        pace=pace,
        trusts=trusts,
        frame=Surprise.fit(values),
        direction=_of_blocks(found, np.array(found.rarities), _LEAST_RARITY_SPREAD),
        staying=_of_blocks(found, stays, _LEAST_STAY_SPREAD),
        size=(video.width, video.height),
    )
    return scene, values


def _of_blocks(found: Measurements, values: np.ndarray, least_spread: float) -> BlockSurprise:
    maxima = [
        highest
        for start, stop, rate in found.stretches
        for highest in block_maxima(values[start:stop], (stop - start) / rate)
    ]
    return BlockSurprise.fit(maxima, least_spread)


def _threshold(
    scene: Scene,
    values: np.ndarray,
    found: Measurements,
    videos: list[Video],
    config: FixedCameraConfig,
    seconds: float,
) -> Threshold:
    scores = scene.frame(values) + np.array(
        [
            scene.direction_part(rarity) + scene.staying_part(stay)
            for rarity, stay in zip(found.rarities, found.stays, strict=True)
        ]
    )
    moments = np.array(found.seconds)
    stretches = [
        (scores[a:b], Clock.of_times(moments[a:b] - moments[a], rate))
        for a, b, rate in found.stretches
    ]
    hours = min(sum(clock.watched for _, clock in stretches), seconds) / 3600
    threshold = choose_threshold(stretches, hours, config.false_alarms_per_hour)
    seen = "each part in turn"
    if slow := time_lapse_counts(v.clock for v in videos):
        seen += f"; {slow}"
    if seconds > 3600 * config.fit_hours:
        seen += f"; stretches of {stretch_seconds(config.fit_hours):.3g} s, spread over "
        seen += f"{seconds / 3600:.2f} h"
    remedy = what_it_takes(config.false_alarms_per_hour, config.fit_hours, seconds)
    return replace(threshold, seen=seen, remedy="" if threshold.is_kept else remedy)


def what_it_takes(wanted: float, fit_hours: float, seconds: float | None = None) -> str:
    """What it takes to promise so many false alarms per hour: footage, or watching more of it.

    Args:
        wanted: false alarms per hour.
        fit_hours: hours of footage that are watched at most.
        seconds: length of the normal footage, if that is known.
    """
    least = most_alarms(0, SURE) / wanted
    parts = []
    if seconds is None or seconds / 3600 <= least:
        parts.append(f"give more than {least_hours(wanted)} h of normal footage")
    if fit_hours <= least:
        # Some seconds at the beginnings of videos are not watched.
        parts.append(f"watch more of it with --settings.fit_hours {_rounded_up(1.05 * least)}")
    return " and ".join(parts) or "give more normal footage"


def _rounded_up(hours: float) -> str:
    """To two digits, never down."""
    digits = 1 - math.floor(math.log10(hours))
    return f"{math.ceil(hours * 10**digits) / 10**digits:g}"


def _whiten(looks: np.ndarray, groups: list[int]) -> Whitening:
    learnt = np.flatnonzero(np.asarray(groups) >= 0)
    # 150 looks are 100,000 patches, plenty for a covariance of 152 channels.
    chosen = learnt[np.linspace(0, learnt.size - 1, min(learnt.size, 150)).astype(int)]
    return Whitening.fit(looks[chosen].reshape(-1, CHANNELS))


def _remember(
    recording: Recording,
    whitening: Whitening,
    config: FixedCameraConfig,
    advance: Callable[[str, float], None],
) -> NormalMemory:
    """The memory of the training looks."""
    memory = NormalMemory(recording.scale.grid, CHANNELS, capacity=config.capacity)
    looks, groups = recording.looks(), recording.look_groups
    for index, group in enumerate(groups):
        if group != HELD_OUT:
            memory.add(whitening(looks[index]), group)
        advance("remembering normal looks", index / len(groups))
    return memory


def _trust(cue: Surprise, normal: np.ndarray) -> float:
    """Trust in a cue: the simulated fault doubles its raw values, twice as fast or as strange."""
    return trust(_frame_values(cue(normal)), _frame_values(cue(2 * normal)))


def _frame_values(fields: np.ndarray) -> np.ndarray:
    return np.array([frame_value(one) for one in fields])
