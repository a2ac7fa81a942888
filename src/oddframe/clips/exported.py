"""A detector of clips that was exported: its networks are ONNX, and all else of it is numbers.

What :mod:`oddframe.exporting` writes. It scores as the detector that it was made of does, and needs
neither PyTorch nor the module of the method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from oddframe.calibration.score_of_terms import ScoreOfTerms
from oddframe.calibration.video_scales import VideoScale
from oddframe.clips.looks import Looks, saved_looks
from oddframe.clips.stream import ClipStream
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeError
from oddframe.features.backbones.onnx_networks import open_session, run_session
from oddframe.files.saved_state import SavedState
from oddframe.media.frames import MediaInfo
from oddframe.settings.checked import CheckedSettings
from oddframe.settings.ranges import setting

CLIPS, MAP, CARRIED, CARRIED_ON = "clips", "map", "carried_{}", "carried_on_{}"
"""Names of the network's inputs and outputs beside the terms, which are called as themselves."""
_MOST = 1 << 20


@dataclass(frozen=True)
class ExportedSettings(CheckedSettings):
    """What of the settings scoring and calibrating ask for.

    Attributes:
        false_alarms_per_hour: the most false alarms per hour of normal footage that the threshold
            promises.
        smoothing_seconds: anomaly scores are smoothed over time, where later frames may be
            used, by a Gaussian with this standard deviation in seconds; 0 does not smooth.
    """

    false_alarms_per_hour: float = setting(1.0, above=0)
    smoothing_seconds: float = setting(0.2, at_least=0, at_most=3600)


@dataclass(frozen=True)
class ClipPlan:
    """How a network of clips is asked, and how its answers are called.

    Attributes:
        name: of the detector.
        clip_length: frames in a clip.
        frame_step: frames from one frame of a clip to the next.
        judged: frames at the end of a clip that it judges.
        scoring_batch: clips measured at once.
        carries_over_breaks: whether what a stream carries goes on where footage begins anew.
        places: whether its maps say where something is odd.
        terms: names of what the network measures, in its order.
        weights: of the terms that score.
        reasons: of these, why a frame is odd if that one weighs most.
        simple_rules: terms that it has to beat, to what trivial baselines they are called.
        video_scale: how terms are scaled within each video.
        notes: plain values for a report.
    """

    name: str
    clip_length: int
    frame_step: int
    judged: int
    scoring_batch: int
    carries_over_breaks: bool
    places: bool
    terms: tuple[str, ...]
    weights: dict[str, float]
    reasons: dict[str, str]
    simple_rules: dict[str, str]
    video_scale: VideoScale
    notes: dict[str, Any]

    def state(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "terms": list(self.terms)}

    @classmethod
    def from_state(cls, saved: SavedState) -> Self:
        """What gave :meth:`state`.

        Raises:
            OddframeError: a value that is missing or not as expected.
        """
        weights, scale = saved.part("weights"), saved.part("video_scale")
        reasons, rules = saved.part("reasons"), saved.part("simple_rules")
        plan = cls(
            name=saved.words("name"),
            clip_length=saved.whole("clip_length", 1, _MOST),
            frame_step=saved.whole("frame_step", 1, _MOST),
            judged=saved.whole("judged", 1, _MOST),
            scoring_batch=saved.whole("scoring_batch", 1, _MOST),
            carries_over_breaks=saved.truth("carries_over_breaks"),
            places=saved.truth("places"),
            terms=tuple(saved.texts("terms")),
            weights={name: weights.number(name) for name in weights},
            reasons={name: reasons.words(name) for name in reasons},
            simple_rules={name: rules.words(name) for name in rules},
            video_scale=VideoScale(scale.words("form"), scale.whole("before", 0, _MOST)),  # ty: ignore[invalid-argument-type]
            notes=saved.notes("notes"),
        )
        unknown = {*plan.weights, *plan.simple_rules} - {*plan.terms}
        if unknown or {*plan.reasons} != {*plan.weights} or not plan.weights:
            raise saved.wrong("weights", "terms, each with a reason", ", ".join(plan.weights))
        return plan


class ExportedClips(ScoreOfTerms):
    """What was a detector of clips, see :class:`oddframe.clips.detector.ClipDetector`.

    Args:
        plan: how its network is asked.
        settings: of scoring and calibrating.
        looks: what clips hold of a frame.
        network: ONNX; takes clips as they are kept and what a stream carries, and gives the terms,
            the map and what the stream carries on.
        carried: what a stream begins with.

    Raises:
        OddframeError: a network with other inputs or outputs.
    """

    config: ExportedSettings
    traits: ClassVar[Traits]

    def __init__(
        self,
        plan: ClipPlan,
        settings: ExportedSettings,
        looks: Looks,
        network: bytes,
        carried: Sequence[np.ndarray] = (),
    ) -> None:
        self.plan, self.config, self.looks = plan, settings, looks
        self.name = plan.name  # ty: ignore[invalid-attribute-access]
        self.simple_rules = plan.simple_rules  # ty: ignore[invalid-attribute-access]
        self.traits = Traits(  # ty: ignore[invalid-attribute-access]
            "frames", "at once", places=plan.places, per_video=True
        )
        self.scales = {}
        self.calibrated = None
        self.clip_length, self.frame_step = plan.clip_length, plan.frame_step
        self.judged, self.scoring_batch = plan.judged, plan.scoring_batch
        self.carries_over_breaks = plan.carries_over_breaks
        self.network = network
        self._carried = tuple(carried)
        self._session = open_session(network)
        self._check_names()

    @property
    def span(self) -> int:
        """Frames from the first of a clip to its last, both counted."""
        return (self.clip_length - 1) * self.frame_step + 1

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each term in the score."""
        return self.plan.weights

    @property
    def video_scale(self) -> VideoScale:
        """How terms are scaled within each video, where they are."""
        return self.plan.video_scale

    def reason(self, term: str) -> str:
        """Why a frame is odd, if this term weighs most."""
        return self.plan.reasons[term]

    @property
    def notes(self) -> dict[str, Any]:
        """Plain values for a report."""
        known = {name: value for name, value in self.plan.notes.items() if name != "threshold"}
        return {**known, "threshold": self.calibrated.sentence} if self.calibrated else known

    def carried_at_first(self) -> tuple[np.ndarray, ...]:
        """What a stream begins with that it carries from clip to clip; nothing for most."""
        return self._carried

    def measure_arrays(
        self, clips: np.ndarray, carried: tuple[np.ndarray, ...]
    ) -> tuple[dict[str, np.ndarray], np.ndarray, tuple[np.ndarray, ...]]:
        """Terms, maps and what is carried on; see :class:`oddframe.clips.stream.MeasuresClips`.

        A clip of which frames are still to come is filled up with its last one: what is said of a
        frame follows from it and those before it.
        """
        missing = self.clip_length - clips.shape[1]
        if missing:
            clips = np.concatenate([clips, np.repeat(clips[:, -1:], missing, axis=1)], axis=1)
        feeds = {CARRIED.format(n): value for n, value in enumerate(carried)}
        feeds[CLIPS] = np.ascontiguousarray(clips)
        found = run_session(self._session, feeds, "the network of the run")
        count = len(self.plan.terms)
        terms, maps, on = (
            dict(zip(self.plan.terms, found, strict=False)),
            found[count],
            found[count + 1 :],
        )
        if missing:
            terms = {name: values[:, :-missing] for name, values in terms.items()}
            maps = maps[:, :-missing]
        return terms, maps, tuple(on)

    def stream(self, info: MediaInfo, *, source: str = "", live: bool = False) -> ClipStream:
        """Begin a stream; frames wait for ``scoring_batch`` clips, unless it is live."""
        return ClipStream(self, info, live=live, source=source)

    def state(self) -> dict[str, Any]:
        """Arrays and plain values from which :meth:`from_state` rebuilds the detector."""
        return {
            **self.plan.state(),
            "settings": asdict(self.config),
            "looks": dict(self.looks.saved),
            "carried": {CARRIED.format(n): value for n, value in enumerate(self._carried)},
            **self.learnt_scales(),
            "network": np.frombuffer(self.network, np.uint8),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The detector that gave :meth:`state`."""
        saved = SavedState(state)
        settings, carried = saved.part("settings"), saved.part("carried")
        detector = cls(
            ClipPlan.from_state(saved),
            ExportedSettings(
                settings.number("false_alarms_per_hour"), settings.number("smoothing_seconds")
            ),
            saved_looks(saved.part("looks")),
            saved.array("network", np.uint8, (None,)).tobytes(),
            [carried.tensor(name) for name in carried],
        )
        detector.take_scales(saved)
        return detector

    def _check_names(self) -> None:
        """Refuse a network that is another one's."""
        count = len(self._carried)
        inputs = {CLIPS, *(CARRIED.format(n) for n in range(count))}
        outputs = [*self.plan.terms, MAP, *(CARRIED_ON.format(n) for n in range(count))]
        given = {part.name for part in self._session.get_inputs()}
        made = [part.name for part in self._session.get_outputs()]
        if given != inputs or made != outputs:
            raise OddframeError(
                f"expected a network from {sorted(inputs)} to {outputs}, found one from "
                f"{sorted(given)} to {made}"
            )


DETECTOR = ExportedClips
