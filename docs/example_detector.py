"""A detector to copy: how far each part of the picture is from its usual brightness.

    oddframe train folder/of/normal/videos --detector example_detector.py --out run
    oddframe score run new.mp4 --detector example_detector.py --report
    oddframe train --detector example_detector.py --help        # its settings

What each part is for: own-detectors.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from oddframe.calibration.threshold import Threshold, calibrate
from oddframe.console.words import HELD_OUT, LEARNT_FROM
from oddframe.detectors.frame_score import FrameScore
from oddframe.detectors.stepping import scores_of
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeError
from oddframe.media.frames import Frame, MediaInfo
from oddframe.media.opening import open_video
from oddframe.settings.checked import CheckedSettings
from oddframe.settings.ranges import setting
from oddframe.videos.manifest import Manifest


@dataclass(frozen=True)
class BrightnessConfig(CheckedSettings):
    """Settings: each has a type, a default, a range, and a line here that ``--help`` shows.

    Attributes:
        columns: parts of the picture from left to right.
        rows: parts of the picture from top to bottom.
        false_alarms_per_hour: false alarms per hour that the threshold promises at most.
    """

    columns: int = setting(16, at_least=1)
    rows: int = setting(12, at_least=1)
    false_alarms_per_hour: float = setting(1.0, above=0)


class BrightnessDetector:
    """The score of a frame: the largest difference of a part from its mean, in deviations."""

    name: ClassVar[str] = "brightness"
    traits: ClassVar[Traits] = Traits("frames", "at once", places=True)
    normalisation: ClassVar[str] = "standard deviations of each part's brightness"
    smoothing_seconds: ClassVar[float] = 0.2

    def __init__(self, config: BrightnessConfig, mean: np.ndarray, deviation: np.ndarray) -> None:
        self.config, self.mean, self.deviation = config, mean, deviation
        self.calibrated: Threshold | None = None

    @classmethod
    def fit(
        cls,
        manifest: Manifest,
        config: BrightnessConfig,
        seed: int,  # noqa: ARG003 - nothing here is drawn at random
        advance: Callable[[str, float], None],
    ) -> BrightnessDetector:
        """Learn from the normal videos in ``train``, choose the threshold on those in ``val``."""
        normal = [video for video in manifest.split("train", "val") if video.label != "anomalous"]
        learnt = [video for video in normal if video.split == "train"]
        if not learnt:
            raise OddframeError(f"{manifest.dataset}: no normal videos in the split 'train'")
        pictures = []
        for done, video in enumerate(learnt):
            advance("looking at normal footage", done / len(learnt))
            with open_video(manifest.locate(video), video.fps, video.levels) as reader:
                pictures += [_parts(frame, config) for frame in reader]
        fitted = cls(config, np.mean(pictures, axis=0), np.std(pictures, axis=0) + 1.0)
        held_out = [video for video in normal if video.split == "val"]
        scored = []
        for video in held_out or learnt:
            with open_video(manifest.locate(video), video.fps, video.levels) as reader:
                scores = np.array([frame.value for frame in scores_of(fitted, reader)])
            scored.append((scores, video.clock))
        fitted.calibrated = calibrate(
            scored, config.false_alarms_per_hour, footage=HELD_OUT if held_out else LEARNT_FROM
        )
        return fitted

    def stream(
        self,
        info: MediaInfo,  # noqa: ARG002 - the size of the pictures, their typical rate
        *,
        source: str = "",  # noqa: ARG002 - what a warning would call the video
        live: bool = False,  # noqa: ARG002 - every score comes at once here
    ) -> BrightnessStream:
        """Begin a video or a camera; many may be on their way at once."""
        return BrightnessStream(self)

    @property
    def threshold(self) -> float:
        """Frames with a higher score are odd."""
        return self.calibrated.value if self.calibrated else float("inf")

    @property
    def notes(self) -> dict[str, Any]:
        """What ``train`` prints and a report shows."""
        return {"threshold": self.calibrated.sentence} if self.calibrated else {}

    def state(self) -> dict[str, Any]:
        """Arrays, tensors, numbers, text, and lists and dicts of them; nothing else is saved."""
        return {
            "config": asdict(self.config),
            "mean": self.mean,
            "deviation": self.deviation,
            "threshold": vars(self.calibrated) if self.calibrated else None,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> BrightnessDetector:
        """The detector that gave :meth:`state`."""
        fitted = cls(BrightnessConfig(**state["config"]), state["mean"], state["deviation"])
        if state["threshold"]:
            fitted.calibrated = Threshold(**state["threshold"])
        return fitted


class BrightnessStream:
    """One video on its way: what is remembered from frame to frame is kept here."""

    def __init__(self, detector: BrightnessDetector) -> None:
        self._detector = detector
        self._frames = 0

    def push(self, frame: Frame) -> list[FrameScore]:
        """Take the next frame; the scores that are known by now, from it and earlier ones only."""
        detector = self._detector
        odd = np.abs(_parts(frame, detector.config) - detector.mean) / detector.deviation
        row, column = np.unravel_index(odd.argmax(), odd.shape)
        reason = f"row {row + 1}, column {column + 1} is not as bright as usual"
        number, self._frames = self._frames, self._frames + 1
        return [FrameScore(number, float(odd.max()), odd.astype(np.float32), "brightness", reason)]

    def finish(self) -> list[FrameScore]:
        """There are no more frames: the scores that are left."""
        return []


def _parts(frame: Frame, config: BrightnessConfig) -> np.ndarray:
    """Mean brightness of each part, ``(rows, columns)``, 0 to 255."""
    return frame.grey((config.columns, config.rows)).astype(np.float64)


DETECTOR = BrightnessDetector
CONFIG = BrightnessConfig
