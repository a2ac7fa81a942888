"""The detector: state and what it says of itself. Fitting and scoring are in files of their own."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np

from oddframe.calibration.threshold import Threshold
from oddframe.cluster.threads import one_thread_each
from oddframe.detectors.own_cameras.fixed_camera.attention import AttentiveStream
from oddframe.detectors.own_cameras.fixed_camera.fitting import fit_scene
from oddframe.detectors.own_cameras.fixed_camera.followed import CUES
from oddframe.detectors.own_cameras.fixed_camera.lesson import Lesson
from oddframe.detectors.own_cameras.fixed_camera.scene import Scene
from oddframe.detectors.own_cameras.fixed_camera.search import NearestSearch
from oddframe.detectors.own_cameras.fixed_camera.settings import FixedCameraConfig
from oddframe.detectors.own_cameras.fixed_camera.stream import FixedCameraStream
from oddframe.detectors.own_cameras.fixed_camera.teaching import Said, taught
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeWarning
from oddframe.features.backbones.patch_features import PatchEncoder
from oddframe.files.saved_state import SavedState
from oddframe.media.frames import MediaInfo
from oddframe.scores.sights import Sight
from oddframe.videos.manifest import Manifest


class FixedCameraDetector:
    """Scores footage of the camera that it was fitted on.

    Attributes:
        left_out: just after fitting, the recordings that failed on the way, each with the reason.
        sights: just after fitting, a small JPEG of each moment that is remembered.
    """

    name: ClassVar[str] = "fixed-camera"
    traits: ClassVar[Traits] = Traits(
        "frames",
        "at once",
        places=True,
        forks=True,
        counts_alarms=True,
        leaves_out=True,
        resumes=True,
        shows_sights=True,
        teachable=True,
    )
    normalisation: ClassVar[str] = "none (surprise against held-out normal footage)"

    def __init__(
        self, scene: Scene, network: bytes, threshold: Threshold, config: FixedCameraConfig
    ) -> None:
        self.scene = scene
        self.config = config
        self.calibrated = threshold
        self.left_out: dict[str, str] = {}
        self.sights: dict[Sight, bytes] = {}
        self._network = network
        self._encoder = PatchEncoder(network)

    @cached_property
    def _search(self) -> NearestSearch:
        """Made with the first stream: who only reads a run does without."""
        return NearestSearch(self.scene.whitening, self.scene.memory)

    @property
    def threshold(self) -> float:
        """Frames with a higher score are odd."""
        return self.calibrated.value

    @property
    def merge_seconds(self) -> float:
        """Gap of alarms that are one, as the promise counts them."""
        return self.calibrated.merge_seconds

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
            "trust_pace": round(self.scene.trusts.pace, 3),
            **{
                f"trust_{cue}": round(self.scene.followed.trusts[CUES.index(cue)], 3)
                for cue in ("direction", "staying")
            },
        }

    @classmethod
    def fit(
        cls,
        manifest: Manifest,
        config: FixedCameraConfig,
        seed: int,  # noqa: ARG003 - nothing here is drawn at random
        advance: Callable[[str, float], None],
        *,
        kept: Path | None = None,
    ) -> FixedCameraDetector:
        """Fit to a manifest's normal footage; see :class:`oddframe.detectors.fitted.Resuming`.

        Raises:
            OddframeError: no normal training footage, or too little of it.
        """
        with ExitStack() as until_done:
            until_done.enter_context(one_thread_each())
            if kept is None:
                temporary = TemporaryDirectory(prefix="oddframe-fit-")
                kept = Path(until_done.enter_context(temporary))
            found = fit_scene(manifest, config, advance, kept)
        fitted = cls(found.scene, found.network, found.threshold, config)
        fitted.left_out, fitted.sights = found.left_out, found.sights
        return fitted

    def stream(self, info: MediaInfo, *, source: str = "", live: bool = False) -> FixedCameraStream:
        """Begin a stream; frames wait for three looks, 0.6 seconds, unless it is live."""
        self._warn_of_other_shape(info, source)
        return FixedCameraStream(
            self.scene, self._encoder, self._search, self.threshold, info, live=live
        )

    def attentive(
        self, info: MediaInfo, *, source: str = "", threshold: float | None = None
    ) -> AttentiveStream:
        """Begin a stream that learns; see :class:`oddframe.detectors.teachable.Teachable`."""
        self._warn_of_other_shape(info, source)
        limit = self.threshold if threshold is None else threshold
        return AttentiveStream(self.scene, self._encoder, self._search, limit, info)

    def taught(
        self, normal: Sequence[dict[str, Any]], odd: Sequence[dict[str, Any]]
    ) -> tuple[FixedCameraDetector, int]:
        """The detector with lessons; see :class:`oddframe.detectors.teachable.Teachable`."""
        grid = self.scene.scale.grid
        said = [Said(Lesson.from_state(one, grid), normal=True) for one in normal]
        said += [Said(Lesson.from_state(one, grid), normal=False) for one in odd]
        found = taught(self.scene, said)
        detector = FixedCameraDetector(found.scene, self._network, self.calibrated, self.config)
        return detector, found.withheld

    def _warn_of_other_shape(self, info: MediaInfo, source: str) -> None:
        width, height = self.scene.size
        if abs(info.width / info.height / (width / height) - 1) > 0.05:
            warnings.warn(
                f"{source or 'the video'}: {info.width}x{info.height} pixels, and the footage "
                f"that the run learnt from is {width}x{height}; fixed-camera knows one camera "
                "only, so train another run for this one",
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
        return cls(
            Scene.from_state(saved.part("scene")),
            saved.array("network", np.uint8, (None,)).tobytes(),
            Threshold.saved(saved),
            FixedCameraConfig(**state["config"]),
        )
