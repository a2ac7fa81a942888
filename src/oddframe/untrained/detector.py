"""What detectors that are never trained share: settings and a seed are all of them.

They compare a video with itself: normality is what repeats *in this video*.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from oddframe.calibration.threshold import Threshold, calibrate
from oddframe.calibration.video_scales import within_video
from oddframe.console.words import HELD_OUT
from oddframe.detectors.frame_score import FrameScore
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeWarning
from oddframe.files.saved_state import SavedState
from oddframe.media.clock import Clock
from oddframe.scores.standing_out import StandsOut
from oddframe.settings.checked import CheckedSettings
from oddframe.settings.ranges import setting

NO_VERDICT = 0.5
"""Score of frames that nothing was found out about: as likely new as not."""
NEWNESS = "newness"
"""The one term of the score, so that papers' scaling within each video can be had on request."""
MOVING_CUBES = "moving cubes"
"""The simple rule that these detectors are compared with: how much moves."""


@dataclass(frozen=True)
class UntrainedConfig(CheckedSettings):
    """Settings that every detector has that is never trained.

    Attributes:
        false_alarms_per_hour: the most false alarms per hour of normal footage that the threshold
            promises, where there is such footage.
    """

    false_alarms_per_hour: float = setting(1.0, above=0)


class UntrainedDetector:
    """A detector that takes what it knows of a video from that video.

    A subclass defines ``name``, ``config_type``, ``normalisation``, ``assumes``,
    ``smoothing_seconds`` and ``stream``.

    Args:
        config: an instance of the subclass's configuration.
        seed: fixes, with the name of a video, every random choice there.
    """

    name: ClassVar[str]
    traits: ClassVar[Traits] = Traits("frames", "never", places=True, per_video=True)
    weights: ClassVar[Mapping[str, float]] = {NEWNESS: 1.0}
    per_video_scale: ClassVar[str] = "scores from 0 to 1 within each video"
    config_type: ClassVar[type[UntrainedConfig]]
    assumes: ClassVar[str]
    """What has to be so for its scores to mean anything, a sentence."""

    def __init__(self, config: Any, seed: int = 0) -> None:
        self.config, self.seed = config, seed
        self.calibrated: Threshold | None = None

    @classmethod
    def untrained(cls, config: Any, seed: int) -> Self:
        """The detector; see :class:`oddframe.detectors.contract.Untrained`."""
        return cls(config, seed)

    def calibrate(self, normal: Iterable[tuple[np.ndarray, Clock]]) -> None:
        """Choose the threshold from scores of normal videos."""
        self.calibrated = calibrate(normal, self.config.false_alarms_per_hour, footage=HELD_OUT)

    def reason(self, term: str) -> str:  # noqa: ARG002 - there is one
        """Why a frame is odd; each says where as well."""
        return "it is unlike the rest of the video"

    def scaled_terms(
        self, terms: Mapping[str, np.ndarray], *, per_video: bool = False
    ) -> dict[str, np.ndarray]:
        """The score as it is; within each video from 0 to 1 only on request."""
        values = np.asarray(terms[NEWNESS], np.float64)
        scaled = within_video(values) if per_video else values
        return {NEWNESS: scaled.astype(np.float32)}

    def combine(self, terms: Mapping[str, np.ndarray], *, per_video: bool = False) -> np.ndarray:
        """The score, float32 ``(frames,)``; see :meth:`scaled_terms`."""
        return self.scaled_terms(terms, per_video=per_video)[NEWNESS]

    @property
    def stands_out(self) -> StandsOut:
        """How much higher than most of a video a score must be to be more than one of many."""
        return StandsOut()

    @property
    def threshold(self) -> float:
        """Frames with a higher score are odd; infinite without normal footage."""
        return self.calibrated.value if self.calibrated else float("inf")

    @property
    def notes(self) -> dict[str, Any]:
        """Plain values for a report."""
        notes: dict[str, Any] = {"assumes": self.assumes}
        if self.calibrated:
            notes["threshold"] = self.calibrated.sentence
        return notes

    def state(self) -> dict[str, Any]:
        """Plain values from which :meth:`from_state` rebuilds the detector."""
        return {
            "config": asdict(self.config),
            "seed": self.seed,
            "threshold": vars(self.calibrated) if self.calibrated else {},
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The detector that gave :meth:`state`."""
        saved = SavedState(state)
        detector = cls(cls.config_type(**state["config"]), saved.whole("seed", 0, 2**64))
        if state["threshold"]:
            detector.calibrated = Threshold.saved(saved)
        return detector

    def random(self, video: str) -> np.random.Generator:
        """Random numbers of a video, the same whichever videos are scored beside it.

        Args:
            video: its name.
        """
        digest = hashlib.sha256(video.encode("utf-8", "surrogatepass")).digest()
        return np.random.default_rng([self.seed, *digest])


def untested(frame: int, cells: tuple[int, int], baselines: Mapping[str, float]) -> FrameScore:
    """What is said of a frame that nothing was found out about.

    Args:
        frame: its number.
        cells: rows and columns of the detector's score maps.
        baselines: what simple rules say all the same.
    """
    return FrameScore(
        frame,
        NO_VERDICT,
        np.full(cells, NO_VERDICT, np.float32),
        terms={NEWNESS: NO_VERDICT},
        tested=False,
        baselines=baselines,
    )


def warn_of_untested(source: str, why: str) -> None:
    """Say that nothing in a video could be compared.

    Args:
        source: the video, for the message.
        why: such as ``nothing moves``.
    """
    warnings.warn(
        f"{source}: {why}, so nothing in it could be compared; all its scores are {NO_VERDICT:g}, "
        "which says nothing",
        OddframeWarning,
        stacklevel=3,
    )
