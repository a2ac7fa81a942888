"""Fitting a scene: memory and habits from looks, then calibration on stretches held out in turn.

Nothing is judged by itself: a training video (or part of one) is measured against a memory
without it, a validation video against a memory that never saw it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from oddframe.calibration.surprise import Surprise, trust
from oddframe.calibration.threshold import Threshold
from oddframe.console.words import count
from oddframe.detectors.own_cameras.fixed_camera.background import Background
from oddframe.detectors.own_cameras.fixed_camera.evidence import Evidence, Lasting
from oddframe.detectors.own_cameras.fixed_camera.followed import Followed, lasting_values
from oddframe.detectors.own_cameras.fixed_camera.frame_values import frame_value
from oddframe.detectors.own_cameras.fixed_camera.learnt_looks import LearntLooks
from oddframe.detectors.own_cameras.fixed_camera.measuring import (
    LearntHabits,
    Measurements,
)
from oddframe.detectors.own_cameras.fixed_camera.memory import NormalMemory
from oddframe.detectors.own_cameras.fixed_camera.observation import Scale
from oddframe.detectors.own_cameras.fixed_camera.promise import promised
from oddframe.detectors.own_cameras.fixed_camera.recording import Recording
from oddframe.detectors.own_cameras.fixed_camera.scene import (
    Scene,
    Trusts,
    Whitening,
)
from oddframe.detectors.own_cameras.fixed_camera.settings import FixedCameraConfig
from oddframe.detectors.own_cameras.fixed_camera.standpoints import standpoints_line
from oddframe.detectors.own_cameras.fixed_camera.staying import LongestStays
from oddframe.detectors.own_cameras.fixed_camera.watching import (
    HELD_OUT,
    Footage,
    plan_looks,
    plan_stretches,
    plan_whole,
    scale_of,
)
from oddframe.errors import OddframeError, OddframeWarning
from oddframe.features.backbones.patch_features import CHANNELS, PatchEncoder, integer_network
from oddframe.scores.sights import Sight
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

LEAST_SECONDS = 4.0
"""Less normal footage than this says nothing about what is rare."""
_BACKGROUND_PICTURES = 1600
_MOST_FIELDS = 20_000


@dataclass(frozen=True)
class FittedScene:
    """Everything that scoring needs, and what else there is to say.

    Attributes:
        scene: what was learnt.
        network: bytes of the network.
        threshold: what decides.
        left_out: the videos that failed on the way, each with the reason.
        sights: of every moment that the memory is made of, a small JPEG.
    """

    scene: Scene
    network: bytes
    threshold: Threshold
    left_out: dict[str, str]
    sights: dict[Sight, bytes]


def fit_scene(
    manifest: Manifest,
    config: FixedCameraConfig,
    advance: Callable[[str, float], None],
    folder: Path,
) -> FittedScene:
    """Fit to normal footage.

    Args:
        manifest: the footage.
        config: settings.
        advance: told what is being done and the share done, 0 to 1.
        folder: what is seen and measured goes there. A fit of the same footage and settings that
            was killed goes on with what is there, to the same result.

    Raises:
        OddframeError: no normal training footage, or less than four seconds of it.
    """
    videos = list(manifest.normal("train", "val"))
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
    looks = plan_looks(videos, config.fit_looks)
    recording, found = (
        Recording(folder / "seen", scale),
        Measurements(folder / "held-out", scale.grid),
    )
    with recording.kept, found.kept:
        watching = partial(advance, "watching normal footage")
        plan = looks or plan_whole(videos)
        recording.add(footage.watch(plan, recording.kept, left_out, watching))
        if len({group for group in recording.look_groups if group != HELD_OUT}) < 2:
            raise OddframeError(
                f"{manifest.dataset}: the normal training footage gives fewer than two parts that "
                "can be decoded; add footage of normal life"
            )
        _warn_of_places(recording, videos)
        whitening = _whiten(recording.looks(), recording.look_groups)
        memory = _remember(recording, whitening, config, advance)
        advance("learning how things move", 0.0)
        greys = recording.greys()
        spread = np.linspace(0, len(greys) - 1, min(len(greys), _BACKGROUND_PICTURES)).astype(int)
        background = Background.fit(greys[spread], seconds)
        habits = LearntHabits.learn(recording.replay(), background, scale.motion_size)

        def distances(look: np.ndarray, own: int | None) -> np.ndarray:
            return memory.distances(whitening(look), own)

        if looks is None:  # all has been seen: looks are measured beside what moves
            owners = [None if group == HELD_OUT else group for group in recording.look_groups]
            with ThreadPoolExecutor(max_workers=1) as other:
                measured = other.map(distances, recording.looks(), owners)
                found.add(recording.replay(), lambda *_: next(measured), habits, scale)
        else:
            plan = plan_stretches(videos, config.fit_hours)
            holding = partial(advance, "holding out each part")
            moments = footage.watch(plan, found.kept, left_out, holding, as_scored=True)
            found.add(moments, distances, habits, scale)
        looks_of, sights = _sights(recording, memory, videos)
    advance("calibrating", 0.0)
    scene, values, evidence = _calibrated(
        found, memory, looks_of, whitening, habits, scale, train[0]
    )
    scene, threshold = promised(scene, values, evidence, found, videos, config)
    advance("calibrating", 1.0)
    return FittedScene(scene, network, threshold, left_out, sights)


def _sights(
    recording: Recording, memory: NormalMemory, videos: list[Video]
) -> tuple[LearntLooks, dict[Sight, bytes]]:
    """When the looks were, and a picture of each that the memory is made of."""
    learnt = LearntLooks(tuple(video.id for video in videos), *recording.moments_of_looks())
    numbers = memory.sources()
    moments = [learnt.sight(number) for number in numbers.tolist()]
    pairs = zip(moments, recording.thumbnails(numbers), strict=True)
    return learnt, {sight: jpeg for sight, jpeg in pairs if sight is not None}


def _warn_of_places(recording: Recording, videos: list[Video]) -> None:
    pictures = recording.typical_pictures()
    line = standpoints_line({videos[at].id: picture for at, picture in pictures.items()})
    if line:
        warnings.warn(line, OddframeWarning, stacklevel=3)


def _calibrated(
    found: Measurements,
    memory: NormalMemory,
    looks: LearntLooks,
    whitening: Whitening,
    habits: LearntHabits,
    scale: Scale,
    video: Video,
) -> tuple[Scene, np.ndarray, np.ndarray]:
    """The scene; the raw value of cells, and the evidence, at every moment of normal footage."""
    distances, paces, followed = _some(found.distances), _some(found.paces), found.followed
    seconds, anew = found.seconds, found.anew
    known = np.isfinite(distances)
    # Nothing else was ever seen at that place: as far as anything in this footage.
    farthest = distances[known].max()
    distances[~known] = farthest
    appearance, pace = Surprise.fit(distances), Surprise.fit(paces)
    trusts = Trusts(_trust(appearance, distances), _trust(pace, paces))
    lasting, values, evidence = Evidence(scale.grid), [], []
    looked, begun = found.distances, {start for start, *_ in found.stretches}
    for at, (look, moment) in enumerate(zip(found.latest_looks, found.paces, strict=True)):
        distance = np.minimum(looked[look], farthest).astype(np.float32)
        cells = trusts.appearance * appearance(distance)
        cells = cells + trusts.pace * pace(moment.astype(np.float32))
        values.append(frame_value(cells))
        if at in begun:
            lasting = Evidence(scale.grid)
        elif anew[at]:
            lasting.interrupt()
        over = lasting.add(cells, seconds[at])
        evidence.append([*over, *lasting_values(followed[at])])
    usual = habits.without(None)
    scene = Scene(
        scale=scale,
        whitening=whitening,
        memory=memory,
        looks=looks,
        habits=usual,
        stays=LongestStays.of(found.stays, scale.motion_size),
        appearance=appearance,
        pace=pace,
        trusts=trusts,
        frame=Surprise.fit(np.array(values)),
        followed=Followed.fit(
            (
                (followed[start:stop], (stop - start) / rate)
                for start, stop, rate, _ in found.stretches
            ),
            usual.directions.trust(),
        ),
        lasting=Lasting(),
        health=found.health,
        size=(video.width, video.height),
    )
    return scene, np.array(values), np.array(evidence)


def _some(fields: np.ndarray) -> np.ndarray:
    """So many fields, evenly spaced, as say what is usual of cells, float32."""
    step = -(-len(fields) // _MOST_FIELDS)
    return fields[::step].astype(np.float32)


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

    def learnt() -> Iterator[tuple[np.ndarray, int, int]]:
        for index, group in enumerate(groups):
            if group != HELD_OUT:
                yield whitening(looks[index]), group, index
            advance("remembering normal looks", index / len(groups))

    memory.add_all(learnt())
    return memory


def _trust(cue: Surprise, normal: np.ndarray) -> float:
    """Trust in a cue: the simulated fault doubles its raw values, twice as fast or as strange."""
    return trust(_frame_values(cue(normal)), _frame_values(cue(2 * normal)))


def _frame_values(fields: np.ndarray) -> np.ndarray:
    return np.array([frame_value(one) for one in fields])
