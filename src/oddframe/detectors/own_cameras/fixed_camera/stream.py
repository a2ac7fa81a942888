"""Scoring: what was seen at a frame becomes its score, a map, and why it is odd."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace

import numpy as np

from oddframe.calibration.places import odd_boxes, where
from oddframe.detectors.contract import FrameScore
from oddframe.detectors.own_cameras.fixed_camera.observation import Observation, Observer
from oddframe.detectors.own_cameras.fixed_camera.scene import Scene, frame_value, top_cells
from oddframe.detectors.own_cameras.fixed_camera.stillness import Stillness
from oddframe.detectors.own_cameras.fixed_camera.threads import one_thread_each
from oddframe.features.backbones.patch_features import PatchEncoder
from oddframe.media.frames import Frame, MediaInfo

_CLEARLY_FASTER = 1.15
"""Times the usual speed from which it is worth a number."""


class FixedCameraStream:
    """A stream of the fixed-camera detector; frames between two observations hold the last score.

    Args:
        scene: what was learnt.
        encoder: turns looks into patches.
        threshold: frames above it have a reason.
        info: what is known of the video.
        live: each score comes out with its frame.
    """

    def __init__(
        self,
        scene: Scene,
        encoder: PatchEncoder,
        threshold: float,
        info: MediaInfo,
        *,
        live: bool,
    ) -> None:
        self._scene, self._threshold = scene, threshold
        self._size = info.width, info.height

        def look(image: np.ndarray) -> np.ndarray:
            return scene.appearance_part(encoder.encode(image))

        # In training every look is made, so that noise is learnt as it is.
        self._observer = Observer(info.fps, scene.scale, look, live=live, stillness=Stillness())
        self._appearance = self._motion = self._speed = np.zeros(scene.scale.grid, np.float32)
        self._last = FrameScore(-1, 0.0)
        limits = ExitStack()
        limits.enter_context(one_thread_each())
        # Also where a stream is dropped on its way.
        self._ended = weakref.finalize(self, limits.close)

    def push(self, frame: Frame) -> list[FrameScore]:
        """Take the next frame; see :class:`oddframe.detectors.contract.Stream`."""
        return self._judged(self._observer.push(frame, anew=frame.anew))

    def finish(self) -> list[FrameScore]:
        """The scores that are left."""
        found = self._judged(self._observer.finish())
        self._ended()
        return found

    def _judged(self, observations: Iterable[Observation[np.ndarray]]) -> list[FrameScore]:
        found = []
        for observation in observations:
            if observation.look is not None:
                self._appearance = observation.look
            if observation.speed is not None:
                self._speed, self._motion = (
                    observation.speed,
                    self._scene.motion_part(observation.speed),
                )
            number = self._last.frame + 1
            if observation.look is None and observation.speed is None:
                self._last = replace(self._last, frame=number)
            else:
                self._last = self._judge(number)
            found.append(self._last)
        return found

    def _judge(self, frame: int) -> FrameScore:
        field = self._appearance + self._motion
        value = float(self._scene.frame(np.array(frame_value(field))))
        # The same monotone map for cells, so that map and score share one scale.
        score_map = self._scene.frame(field)
        if value <= self._threshold:
            return FrameScore(frame, value, score_map)
        top = top_cells(field)
        seen, moved = self._appearance.ravel()[top].mean(), self._motion.ravel()[top].mean()
        boxes = odd_boxes(field, *self._size)
        place = where(boxes[0], *self._size)
        if moved > seen:
            speed = float(self._speed.ravel()[top].mean())
            ratio = speed / max(self._scene.usual_speed, 1e-6)
            how = f"{ratio:.1f} times as fast as" if ratio >= _CLEARLY_FASTER else "faster than"
            reason = f"moves {how} is usual here ({place})"
            return FrameScore(frame, value, score_map, "motion", reason, boxes)
        reason = f"looks unlike anything in the normal footage ({place})"
        return FrameScore(frame, value, score_map, "appearance", reason, boxes)
