"""DeepAppearance: a one-class SVM on the features of an image network, frame by frame.

Source: Smeureanu, Ionescu, Popescu and Alexe, "Deep Appearance Features for Abnormal Behavior
Detection in Video", ICIAP 2017. Normal frames are described by a convolution of a network that was
trained on ImageNet; a plane keeps them from the origin, and a frame on the wrong side of it is odd.
There is no motion in it at all.

There is no authors' code. Deviations from the paper, and what it leaves unsaid:

* It takes the fifth convolution of VGG-f, 13x13x256. Here it is block 10 of EfficientNet-Lite0,
  14x14x112 after a ReLU, or any network that is given.
* Which training frames are used is unsaid: here so many, evenly spaced.
* Its ``nu`` is not certain; 0.2 is recalled.
* The width of the smoothing over time is unsaid: here the 13 frames, at 25 a second, of the same
  authors' unmasking.
* How a place is scored is unsaid: here a cell counts with how much of its feature does not point
  where the plane's normal points at that cell.

Beside the SVM stands what it is worth: the mean cosine to the training frames, without any SVM.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Literal

import numpy as np

from oddframe.calibration.score_of_terms import FrameTerms, ScoreOfTerms
from oddframe.console.words import HELD_OUT, LEARNT_FROM
from oddframe.detectors.frame_score import FrameScore
from oddframe.detectors.one_class.deep_appearance.normal_frames import feature, normal_features
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeError
from oddframe.features.backbones.feature_maps import FeatureMaps, MapSettings
from oddframe.features.frame_rows import FrameRows
from oddframe.files.saved_state import SavedState
from oddframe.media.frames import Frame, MediaInfo
from oddframe.networks.one_class_svm import Hyperplane, require_scikit_learn
from oddframe.settings.ranges import setting
from oddframe.videos.manifest import Manifest
from oddframe.videos.video import Video

_BLOCK = 10


@dataclass(frozen=True)
class DeepAppearanceConfig(MapSettings):
    """Settings of DeepAppearance.

    Attributes:
        nu: the largest share of the training frames that may lie on the odd side of the plane.
        fit_frames: frames to learn from at most, evenly spaced over the normal training videos.
        score: ``svm``, or ``cosine``: 1 less the mean cosine to the training frames, the baseline.
        false_alarms_per_hour: the most false alarms per hour of normal footage that the threshold
            promises.
        smoothing_seconds: anomaly scores are smoothed over time, where later frames may be
            used, by a Gaussian with this standard deviation in seconds; 0 does not smooth.
    """

    nu: float = setting(0.2, above=0, below=1)
    fit_frames: int = setting(1000, at_least=2, at_most=20_000)
    score: Literal["svm", "cosine"] = "svm"
    false_alarms_per_hour: float = setting(1.0, above=0)
    smoothing_seconds: float = setting(0.5, at_least=0, at_most=3600)


class DeepAppearance(ScoreOfTerms):
    """How far the features of a frame lie from those of normal frames.

    The terms are ``svm``, the distance to the plane, positive on the odd side, and ``cosine``, 1
    less the mean cosine to the training frames; ``score`` says which of them counts.

    Args:
        config: settings.
        maps: the network.
        plane: what the SVM learnt, of features ``rows * columns * channels`` long.
        mean: mean of the training features, as long.
        frames: how many there were.

    Attributes:
        left_out: just after fitting, the recordings that failed on the way, each with the reason.
    """

    name: ClassVar[str] = "deep-appearance"
    simple_rules: ClassVar[Mapping[str, str]] = {"cosine": "mean cosine"}
    traits: ClassVar[Traits] = Traits(
        "frames", "at once", places=True, per_video=True, leaves_out=True, resumes=True
    )

    def __init__(
        self,
        config: DeepAppearanceConfig,
        maps: FeatureMaps,
        plane: Hyperplane,
        mean: np.ndarray,
        frames: int,
    ) -> None:
        self.config, self.maps = config, maps
        self.plane, self.mean, self.frames = plane, mean, frames
        self.scales = {}
        self.calibrated = None
        self.left_out: dict[str, str] = {}
        usual = plane.normal.reshape(maps.shape)
        lengths = np.linalg.norm(usual, axis=2, keepdims=True)
        self._directions = usual / np.where(lengths > 0, lengths, 1)

    @property
    def weights(self) -> dict[str, float]:
        """The one term that counts."""
        return {self.config.score: 1.0}

    def reason(self, term: str) -> str:
        """Why a frame is odd."""
        return {
            "svm": "this looks unlike the normal footage",
            "cosine": "this looks unlike the mean of the normal footage",
        }[term]

    def measure(self, frame: Frame, number: int) -> FrameTerms:
        """The terms of a frame.

        Args:
            frame: the frame.
            number: its number in the stream.
        """
        row = feature(frame, self.maps)
        cells = row.reshape(self.maps.shape)
        usual = (cells * self._directions).sum(axis=2)
        # Rounding may take a cell that points the usual way below 0.
        unusual = np.maximum(np.linalg.norm(cells, axis=2) - usual, 0)
        terms = {"svm": self.plane.outside(row), "cosine": 1 - float(self.mean @ row)}
        return FrameTerms(number, terms, unusual)

    def stream(
        self,
        info: MediaInfo,
        *,
        source: str = "",  # noqa: ARG002 - nothing is said of a video here
        live: bool = False,  # noqa: ARG002 - every score comes at once
    ) -> AppearanceStream:
        """Begin a stream."""
        return AppearanceStream(self, info)

    @property
    def notes(self) -> dict[str, Any]:
        """Plain values for a report."""
        notes: dict[str, Any] = {
            "score": self.config.score,
            "network": self.maps.source,
            "learnt": f"{self.frames} frames, {self.plane.support} support vectors",
        }
        if self.calibrated:
            notes["threshold"] = self.calibrated.sentence
        return notes

    @classmethod
    def fit(
        cls,
        manifest: Manifest,
        config: DeepAppearanceConfig,
        seed: int,  # noqa: ARG003 - nothing here is drawn at random
        advance: Callable[[str, float], None],
        *,
        kept: Path | None = None,
    ) -> DeepAppearance:
        """Fit to the normal videos; see :class:`oddframe.detectors.fitted.Resuming`.

        Raises:
            OddframeError: no normal training video that can be decoded, no such network, or no
                scikit-learn.
        """
        require_scikit_learn()
        videos, held_out = manifest.normal("train"), manifest.normal("val")
        if not videos:
            raise OddframeError(f"{manifest.dataset}: no normal videos in the split 'train'")
        with ExitStack() as until_done:
            if kept is None:
                temporary = TemporaryDirectory(prefix="oddframe-fit-")
                kept = Path(until_done.enter_context(temporary))
            advance("preparing the network", 0.0)
            maps = config.maps(_BLOCK)
            rows = FrameRows(manifest, kept)
            together = normal_features(
                rows, videos, maps, config.fit_frames, partial(advance, "learning what is normal")
            )
            if together is None:
                raise OddframeError(
                    f"{manifest.dataset}: no video in the split 'train' can be decoded"
                )
            plane = Hyperplane.fit(together, config.nu)
            fitted = cls(config, maps, plane, together.mean(axis=0), len(together))
            del together
            fitted._calibrate(rows, held_out, videos, partial(advance, "calibrating"))
        fitted.left_out = rows.left_out
        return fitted

    def _calibrate(
        self,
        rows: FrameRows,
        held_out: Sequence[Video],
        learnt: Sequence[Video],
        advance: Callable[[float], None],
    ) -> None:
        """Scale and threshold from held-out videos; without one from those learnt from."""

        def row(_: Video, frame: Frame) -> np.ndarray:
            found = self.measure(frame, frame.index)
            return np.array([*found.terms.values(), found.map.max()], np.float32)

        footage, videos = HELD_OUT, held_out
        measured = rows.of(held_out, "held-out", 3, row, advance)
        if not measured:
            footage, videos = LEARNT_FROM, learnt
            measured = rows.of(learnt, "again", 3, row, advance)
        self.learn_scales(
            (
                (
                    video.id,
                    {"svm": measured[video.id][:, 0], "cosine": measured[video.id][:, 1]},
                    measured[video.id][:, 2],
                    # As many as decode, which a damaged file may promise more of.
                    replace(video.clock, frames=len(measured[video.id])),
                )
                for video in videos
                if video.id in measured
            ),
            footage,
        )

    def state(self) -> dict[str, Any]:
        """Arrays and plain values from which :meth:`from_state` rebuilds the detector."""
        return {
            "config": asdict(self.config),
            **self.learnt_scales(),
            "maps": self.maps.state(),
            "normal": self.plane.normal,
            "offset": self.plane.offset,
            "support": self.plane.support,
            "mean": self.mean,
            "frames": self.frames,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> DeepAppearance:
        """The detector that gave :meth:`state`."""
        saved = SavedState(state)
        maps = FeatureMaps.from_state(saved.part("maps"))
        size = (math.prod(maps.shape),)
        plane = Hyperplane(
            saved.array("normal", np.floating, size),
            saved.number("offset"),
            saved.whole("support", 0, 2**31),
        )
        mean, frames = saved.array("mean", np.floating, size), saved.whole("frames", 0, 2**31)
        detector = cls(DeepAppearanceConfig(**state["config"]), maps, plane, mean, frames)
        detector.take_scales(saved)
        return detector


class AppearanceStream:
    """Frames of one video in, the score of each out at once.

    Args:
        detector: what scores them.
        info: what is known of the video.
    """

    def __init__(self, detector: DeepAppearance, info: MediaInfo) -> None:
        self._detector = detector
        self._size = info.width, info.height
        self._frames = 0

    def push(self, frame: Frame) -> list[FrameScore]:
        """Take the next frame; see :class:`oddframe.detectors.contract.Stream`."""
        found = self._detector.measure(frame, self._frames)
        self._frames += 1
        return self._detector.scored([found], self._size)

    def finish(self) -> list[FrameScore]:
        """Nothing is left."""
        return []
