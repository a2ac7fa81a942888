"""The detector: scoring, reasons, state. Fitting is in ``fitting.py``."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from oddframe.calibration.places import odd_boxes, where
from oddframe.calibration.threshold import Threshold
from oddframe.detectors.contract import FrameScore
from oddframe.detectors.own_cameras.fixed_camera.fitting import fit_scene, what_it_takes
from oddframe.detectors.own_cameras.fixed_camera.memory import one_thread_each
from oddframe.detectors.own_cameras.fixed_camera.observation import observe
from oddframe.detectors.own_cameras.fixed_camera.scene import Scene, frame_value, top_cells
from oddframe.detectors.own_cameras.fixed_camera.settings import FixedCameraConfig
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeWarning
from oddframe.features.patch_features import PatchEncoder
from oddframe.files.saved_state import SavedState
from oddframe.media.frames import VideoReader
from oddframe.videos.manifest import Manifest

_CLEARLY_FASTER = 1.15
"""Times the usual speed from which it is worth a number."""


class FixedCameraDetector:
    """Scores footage of the camera that it was fitted on.

    Attributes:
        left_out: just after fitting, the recordings that failed on the way, each with the reason.
    """

    name: ClassVar[str] = "fixed-camera"
    traits: ClassVar[Traits] = Traits("frames", "at once", places=True)
    normalisation: ClassVar[str] = "none (surprise against held-out normal footage)"

    def __init__(
        self, scene: Scene, network: bytes, threshold: Threshold, config: FixedCameraConfig
    ) -> None:
        self.scene = scene
        self.config = config
        self.calibrated = threshold
        self.left_out: dict[str, str] = {}
        self._network = network
        self._encoder = PatchEncoder(network)

    @property
    def threshold(self) -> float:
        """Frames with a higher score are odd."""
        return self.calibrated.value

    @property
    def smoothing_seconds(self) -> float:
        """Standard deviation of the Gaussian for offline scores, in seconds."""
        return self.config.smoothing_seconds

    @property
    def notes(self) -> dict[str, Any]:
        """What was learnt from the normal footage."""
        return {
            "threshold": self.calibrated.sentence,
            "trust_appearance": round(self.scene.trusts.appearance, 3),
            "trust_motion": round(self.scene.trusts.motion, 3),
        }

    @classmethod
    def fit(
        cls,
        manifest: Manifest,
        config: FixedCameraConfig,
        seed: int,  # noqa: ARG003 - nothing here is drawn at random
        advance: Callable[[str, float], None],
    ) -> FixedCameraDetector:
        """Fit to a manifest's normal footage; see :class:`oddframe.detectors.contract.Detector`.

        Raises:
            OddframeError: no normal training footage, or too little of it.
        """
        with one_thread_each():
            scene, network, threshold, left_out = fit_scene(manifest, config, advance)
        fitted = cls(scene, network, threshold, config)
        fitted.left_out = left_out
        return fitted

    def score_frames(self, video: VideoReader) -> Iterator[FrameScore]:
        """Scores of every frame in order, causal; frames between two sights hold the last one."""
        self._warn_of_other_shape(video)
        last = FrameScore(-1, 0.0)
        appearance = motion = speed = np.zeros(self.scene.scale.grid, np.float32)
        with one_thread_each():
            for sight in observe(video, self.scene.scale, self._look):
                if sight.look is not None:
                    appearance = sight.look
                if sight.speed is not None:
                    speed, motion = sight.speed, self.scene.motion_part(sight.speed)
                if sight.look is None and sight.speed is None:
                    last = replace(last, frame=sight.frame)
                else:
                    last = self._judge(sight.frame, appearance, motion, speed, video)
                yield last

    def _look(self, image: np.ndarray) -> np.ndarray:
        return self.scene.appearance_part(self._encoder.encode(image))

    def _judge(
        self,
        frame: int,
        appearance: np.ndarray,
        motion: np.ndarray,
        speed: np.ndarray,
        video: VideoReader,
    ) -> FrameScore:
        field = appearance + motion
        value = float(self.scene.frame(np.array(frame_value(field))))
        # The same monotone map for cells, so that map and score share one scale.
        score_map = self.scene.frame(field)
        if value <= self.threshold:
            return FrameScore(frame, value, score_map)
        top = top_cells(field)
        seen, moved = appearance.ravel()[top].mean(), motion.ravel()[top].mean()
        boxes = odd_boxes(field, video.info.width, video.info.height)
        place = where(boxes[0], video.info.width, video.info.height)
        if moved > seen:
            ratio = float(speed.ravel()[top].mean()) / max(self.scene.usual_speed, 1e-6)
            how = f"{ratio:.1f} times as fast as" if ratio >= _CLEARLY_FASTER else "faster than"
            reason = f"moves {how} is usual here ({place})"
            return FrameScore(frame, value, score_map, "motion", reason, boxes)
        reason = f"looks unlike anything in the normal footage ({place})"
        return FrameScore(frame, value, score_map, "appearance", reason, boxes)

    def _warn_of_other_shape(self, video: VideoReader) -> None:
        (width, height), size = self.scene.scale.motion_size, self.scene.size
        other = video.info.width / video.info.height
        if abs(other / (width / height) - 1) > 0.05:
            learnt = "of another shape" if size is None else f"{size[0]}x{size[1]}"
            warnings.warn(
                f"{video.path}: {video.info.width}x{video.info.height} pixels, and the footage "
                f"that the run learnt from is {learnt}; fixed-camera knows one camera only, so "
                "train another run for this one",
                OddframeWarning,
                stacklevel=3,
            )

    def state(self) -> dict[str, Any]:
        """Arrays and plain values from which :meth:`from_state` rebuilds the detector."""
        return {
            "scene": self.scene.state(),
            "network": np.frombuffer(self._network, dtype=np.uint8),
            "threshold": vars(self.calibrated),
            "config": vars(self.config),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> FixedCameraDetector:
        """The detector that gave :meth:`state`."""
        saved = SavedState(state)
        threshold = Threshold.saved(saved)
        config = FixedCameraConfig(**state["config"])
        if not threshold.is_kept and not threshold.remedy:  # a run of an older oddframe
            remedy = what_it_takes(config.false_alarms_per_hour, config.fit_looks)
            threshold = replace(threshold, remedy=remedy)
        return cls(
            Scene.from_state(saved.part("scene")),
            saved.array("network", np.uint8, (None,)).tobytes(),
            threshold,
            config,
        )
