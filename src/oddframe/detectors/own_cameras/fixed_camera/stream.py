"""Scoring: what was seen at a frame becomes its score, a map, and why it is odd."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from contextlib import ExitStack
from copy import copy, deepcopy
from dataclasses import dataclass, replace

import cv2
import numpy as np

from oddframe.calibration.places import odd_boxes, where
from oddframe.cluster.threads import one_thread_each
from oddframe.detectors.frame_score import FrameScore, Since
from oddframe.detectors.own_cameras.fixed_camera.boxes import (
    Box,
    places_under,
)
from oddframe.detectors.own_cameras.fixed_camera.directions import Wanderer
from oddframe.detectors.own_cameras.fixed_camera.evidence import SCALES, Evidence
from oddframe.detectors.own_cameras.fixed_camera.followed import (
    CUES,
    LASTING_CUES,
    followed_values,
    lasting_values,
)
from oddframe.detectors.own_cameras.fixed_camera.frame_values import frame_value, top_cells
from oddframe.detectors.own_cameras.fixed_camera.health import HealthStream, alarm_sentence
from oddframe.detectors.own_cameras.fixed_camera.motion import Motion, MotionStream
from oddframe.detectors.own_cameras.fixed_camera.observation import Observation, Observer
from oddframe.detectors.own_cameras.fixed_camera.scene import Scene
from oddframe.detectors.own_cameras.fixed_camera.search import NearestSearch
from oddframe.detectors.own_cameras.fixed_camera.staying import Stay
from oddframe.detectors.own_cameras.fixed_camera.stillness import Stillness
from oddframe.detectors.own_cameras.fixed_camera.traces import Traced
from oddframe.features.backbones.patch_features import PatchEncoder
from oddframe.media.frames import Frame, MediaInfo

VideoBoxes = tuple[tuple[int, int, int, int], ...]
"""Left, top, right, bottom each, in pixels of the video, the oddest first."""
_MAP_SPREAD = 0.7
"""Standard deviation of the Gaussian over the map, in cells: a thing is odd in cells beside each
other, chance is in single ones."""
_LONG_SECONDS = 10
"""Less is a moment to a person."""
_TOLD_PACE = 1.5
"""Times the usual pace from which on the number is a reason."""


@dataclass(frozen=True)
class _Looked:
    """What a look said.

    Attributes:
        part: trusted surprise of each cell's appearance.
        patches: raw patches ``(rows, columns, channels)``.
    """

    part: np.ndarray
    patches: np.ndarray


@dataclass(frozen=True)
class _Moved:
    """What a small grey picture said.

    Attributes:
        motion: what moves.
        camera: the camera's trouble, or ``""``.
        sees_look: whether it is in a light in which it is known how things look.
    """

    motion: Motion
    camera: str
    sees_look: bool


class _Move:
    """Measures small grey pictures, one after the other.

    Args:
        scene: what was learnt.

    Attributes:
        nothing: what is said where nothing moves.
    """

    def __init__(self, scene: Scene) -> None:
        scale = scene.scale
        still = np.zeros(scale.grid, np.float32)
        self.nothing = Motion(still, Traced(), Wanderer(), Traced(), Stay())
        self._habits = scene.habits
        self._motion = MotionStream(scene.habits, scale.grid, scale.motion_size)
        self._health = HealthStream(scene.health, scene.habits.background)

    def __call__(self, grey: np.ndarray, elapsed: float | None) -> _Moved:
        """Take the next picture, so many seconds after the one before."""
        health = self._health
        trouble, moved = health.update(grey, elapsed), self._motion.update(grey, elapsed)
        if not health.sees_motion:
            moved = self.nothing
        if not health.sees_look:  # nor is it known what belongs to the scene
            moved = replace(moved, stay=Stay())
        return _Moved(moved, trouble, health.sees_look)

    def fork(self) -> _Move:
        """Another that has seen the same."""
        shared = (self._habits, self._habits.background)
        return deepcopy(self, {id(one): one for one in shared})


class FixedCameraStream:
    """A stream of the fixed-camera detector; frames between two observations hold the last score.

    Args:
        scene: what was learnt.
        encoder: turns looks into patches.
        search: how far they are from the nearest in the scene's memory.
        threshold: frames above it have a reason.
        info: what is known of the video.
        live: each score comes out with its frame.
    """

    def __init__(
        self,
        scene: Scene,
        encoder: PatchEncoder,
        search: NearestSearch,
        threshold: float,
        info: MediaInfo,
        *,
        live: bool,
    ) -> None:
        self._scene, self._threshold = scene, threshold
        self._size = info.width, info.height

        def look(image: np.ndarray) -> _Looked:
            patches = encoder.encode(image)
            return _Looked(scene.appearance_part(search.distances(patches)), patches)

        self._appearance = self._pace = np.zeros(scene.scale.grid, np.float32)
        self._move = _Move(scene)
        self._motion = self._move.nothing
        self._observer = Observer(
            info.fps, scene.scale, self._move, look, live=live, stillness=Stillness()
        )
        self._patches: np.ndarray | None = None
        self._camera, self._sees_look = "", True
        self._evidence = Evidence(scene.scale.grid, scene.lasting.known)
        self._last = FrameScore(-1, 0.0)
        self._limit_threads()

    def _limit_threads(self) -> None:
        limits = ExitStack()
        limits.enter_context(one_thread_each())
        # Also where a stream is dropped on its way.
        self._ended = weakref.finalize(self, limits.close)

    def fork(self) -> FixedCameraStream:
        """Another that has seen the same; see :class:`oddframe.detectors.contract.ForkingStream`.

        It remembers a few megabytes of its own; what was learnt is shared.
        """
        self._observer.settle()
        forked = copy(self)
        forked._move = self._move.fork()
        forked._observer = self._observer.fork(forked._move)
        forked._evidence = deepcopy(self._evidence)
        forked._limit_threads()
        return forked

    def push(self, frame: Frame) -> list[FrameScore]:
        """Take the next frame; see :class:`oddframe.detectors.contract.Stream`."""
        return self._judged(self._observer.push(frame, anew=frame.anew))

    def finish(self) -> list[FrameScore]:
        """The scores that are left."""
        found = self._judged(self._observer.finish())
        self._ended()
        return found

    def _judged(self, observations: Iterable[Observation[_Moved, _Looked]]) -> list[FrameScore]:
        found = []
        for observation in observations:
            if observation.look is not None:
                self._appearance = observation.look.part
                self._patches = observation.look.patches
            if observation.motion is not None:
                moved = observation.motion
                self._motion, self._camera = moved.motion, moved.camera
                self._sees_look = moved.sees_look
                self._pace = self._scene.pace_part(self._motion.pace)
            if observation.anew:
                self._evidence.interrupt()
            number = self._last.frame + 1
            if observation.look is None and observation.motion is None:
                self._last = replace(self._last, frame=number)
            else:
                self._last = self._judge(number, observation.seconds)
            found.append(self._last)
        return found

    def _judge(self, frame: int, seconds: float) -> FrameScore:
        scene, motion = self._scene, self._motion
        looks = self._appearance if self._sees_look else np.zeros_like(self._pace)
        field = looks + self._pace
        cells = float(scene.frame(np.array(frame_value(field))))
        values = followed_values(motion)
        parts = scene.followed.parts(values)
        evidence = [*self._evidence.add(field, seconds), *lasting_values(values)]
        lasting = scene.lasting.surprises(np.array(evidence))
        seen = float(scene.lasting.seen(np.array(cells + parts.sum())))
        # The same monotone map for cells, so that map and score share one scale.
        score_map = scene.frame(field)
        odd = [
            (part, thing) for part, thing in zip(parts.tolist(), motion.things, strict=True) if part
        ]
        for part, thing in odd:
            score_map[places_under(thing.box, scene.scale.motion_size, scene.scale.grid)] += part
        # What has lasted raises the score alone: the map shows what is odd now.
        score_map = cv2.GaussianBlur(scene.lasting.seen(score_map), (0, 0), _MAP_SPREAD)
        trouble = alarm_sentence(self._camera)
        began = []
        if not trouble:
            # What rings, rings from when it is known; before, it is odd as a sight is.
            began = [
                Since(max(0.0, seconds - thing.seconds), float(scene.lasting.seen(np.array(part))))
                for part, thing in odd
            ]
        value = max(seen, float(lasting.max()))
        score = FrameScore(frame, value, score_map, began=tuple(began), camera=self._camera)
        if value <= self._threshold:
            return score
        if trouble:
            return replace(score, cue="camera", reason=trouble)
        if lasting.max() > 0:
            cells = float(lasting[: len(SCALES)].max())
            parts = np.append(np.zeros(len(CUES) - len(LASTING_CUES)), lasting[len(SCALES) :])
        most, oddest = int(parts.argmax()), odd_boxes(score_map, *self._size)
        if parts[most] < cells:
            place = f"({where(oddest[0], *self._size)}){_over(lasting)}"
            return self._of_cells(score, looks, top_cells(field), place, oddest)
        first = self._in_video(motion.things[most].box)
        reason = f"{self._sentence(CUES[most], motion)} ({where(first, *self._size)})"
        return replace(score, cue=CUES[most], reason=reason, boxes=(first, *oddest)[:3])

    def _sentence(self, cue: str, motion: Motion) -> str:
        """What is odd about a thing, for a person."""
        if cue == "staying":
            return self._scene.stays.sentence(motion.stay)
        if cue == "direction":
            return self._scene.habits.directions.sentence(motion.wanderer)
        if cue == "presence":
            return self._scene.habits.traffic.sentence(motion.stray, self._scene.scale.motion_size)
        return f"{motion.fastest.moves} {_fast(motion.fastest.value)}"

    def _of_cells(
        self, score: FrameScore, looks: np.ndarray, top: np.ndarray, place: str, boxes: VideoBoxes
    ) -> FrameScore:
        """A score that the oddest cells have, by the cue that weighs most in them."""
        if self._pace.ravel()[top].mean() >= looks.ravel()[top].mean():
            times = float(self._motion.pace.ravel()[top].mean())
            reason = f"moves {_fast(times)} {place}"
            return replace(score, cue="pace", reason=reason, boxes=boxes)
        reason = f"looks unlike anything in the normal footage {place}"
        nearest = None
        if self._patches is not None:
            cell = top[looks.ravel()[top].argmax()]
            row, column = np.unravel_index(cell, looks.shape)
            nearest = self._scene.nearest_sight(self._patches, int(row), int(column))
        return replace(score, cue="appearance", reason=reason, boxes=boxes, nearest=nearest)

    def _in_video(self, box: Box) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in pixels of the video."""
        (width, height), (small_width, small_height) = self._size, self._scene.scale.motion_size
        across, down = width / small_width, height / small_height
        x, y, wide, high = box
        return (
            max(0, round(x * across)),
            max(0, round(y * down)),
            min(width, round((x + wide) * across)),
            min(height, round((y + high) * down)),
        )


def _fast(times: float) -> str:
    """How fast, for a person, to whom 1.1 times the usual pace is no reason."""
    if times < _TOLD_PACE:
        return "faster than nearly anything does here"
    return f"{times:.1f} times the usual pace here"


def _over(lasting: np.ndarray) -> str:
    """Over what time something was odd, if it took long to decide."""
    rarest = SCALES[int(lasting[: len(SCALES)].argmax())]
    long = lasting.max() > 0 and rarest.seconds >= _LONG_SECONDS
    return f", over {rarest.seconds:g} s" if long else ""
