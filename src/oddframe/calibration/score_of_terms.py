"""A score that is a weighted sum of terms, each on the scale that it has on normal footage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from oddframe.calibration.places import odd_boxes, where
from oddframe.calibration.threshold import Threshold, calibrate
from oddframe.calibration.video_scales import VideoScale
from oddframe.console.words import HELD_OUT
from oddframe.detectors.frame_score import FrameScore
from oddframe.errors import OddframeError
from oddframe.files.saved_state import SavedState
from oddframe.media.clock import Clock


@dataclass(frozen=True)
class FrameTerms:
    """The terms of one frame of a video, before they are scaled.

    Attributes:
        frame: its number, from 0.
        terms: by name, higher = odder.
        map: localisation ``(rows, columns)``, never negative, higher = odder.
    """

    frame: int
    terms: dict[str, float]
    map: np.ndarray


class ScoreOfTerms:
    """What a detector has whose score is made of terms (trait ``per_video``).

    A subclass measures :class:`FrameTerms`; this makes scores of them. Every term is brought to one
    scale with its mean and deviation on held-out normal footage; the score is their weighted sum.

    Attributes:
        name: of the detector, for messages.
        simple_rules: terms that it has to beat, to what trivial baselines they are called.
        config: its settings, with ``false_alarms_per_hour`` and ``smoothing_seconds``.
        scales: term to its mean and deviation on held-out normal footage; ``map`` of the map's
            peaks; empty before calibration.
        calibrated: what held-out normal footage said of the threshold; None before calibration.
    """

    name: ClassVar[str]
    simple_rules: ClassVar[Mapping[str, str]] = {}
    config: Any
    scales: dict[str, tuple[float, float]]
    calibrated: Threshold | None

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each term in the score; terms that are not named are measured but not used."""
        return {"error": 1.0}

    def reason(self, term: str) -> str:
        """Why a frame is odd, if this term weighs most; a sentence without its end."""
        return f"{term} is high"

    @property
    def normalisation(self) -> str:
        """What was done to the scores."""
        if not self.scales:
            return "none (not calibrated)"
        footage = self.calibrated.footage if self.calibrated else HELD_OUT
        return f"mean and deviation of each term on {footage}"

    @property
    def threshold(self) -> float:
        """Frames with a higher score are odd; infinite before calibration."""
        return self.calibrated.value if self.calibrated else float("inf")

    @property
    def smoothing_seconds(self) -> float:
        """Standard deviation of the Gaussian for offline scores, in seconds."""
        return self.config.smoothing_seconds

    @property
    def video_scale(self) -> VideoScale:
        """How terms are scaled within each video, where they are."""
        return VideoScale()

    @property
    def per_video_scale(self) -> str:
        """What scaling within each video does, in words."""
        return self.video_scale.words

    def combine(self, terms: Mapping[str, np.ndarray], *, per_video: bool = False) -> np.ndarray:
        """The score: the weighted sum of the scaled terms, float32 ``(frames,)``."""
        scaled = self.scaled_terms(terms, per_video=per_video)
        total = np.asarray(sum(weight * scaled[name] for name, weight in self.weights.items()))
        return np.asarray(self.video_scale.of_sum(total) if per_video else total, np.float32)

    def scaled_terms(
        self, terms: Mapping[str, np.ndarray], *, per_video: bool = False
    ) -> dict[str, np.ndarray]:
        """The terms that the score is made of, on one scale.

        Args:
            terms: by name ``(frames,)``, as measured.
            per_video: scale each within this video (:attr:`video_scale`), which must be whole, in
                place of the scale from held-out normal footage.

        Returns:
            By name, float32 ``(frames,)``.
        """
        scaled = {}
        for name in self.weights:
            values = np.asarray(terms[name], np.float64)
            values = self.video_scale.of_term(values) if per_video else self.on_scale(name, values)
            scaled[name] = values.astype(np.float32)
        return scaled

    def on_scale(self, name: str, values: np.ndarray) -> np.ndarray:
        """A term as measured, in deviations from its mean on held-out normal footage."""
        mean, deviation = self.scales.get(name, (0.0, 1.0))
        return (values - mean) / deviation

    def scored(self, found: Sequence[FrameTerms], size: tuple[int, int]) -> list[FrameScore]:
        """The scores of frames, with the places and the reasons.

        Args:
            found: their terms; all of the same names.
            size: (width, height) of the video in pixels.
        """
        if not found:
            return []
        terms = {name: np.array([part.terms[name] for part in found]) for name in found[0].terms}
        names = list(self.weights)
        parts = [w * self.on_scale(n, terms[n]) for n, w in self.weights.items()]
        cues = [names[row] for row in np.argmax(parts, axis=0)]
        values = self.combine(terms)
        mean, deviation = self.scales.get("map", (0.0, 1.0))
        scores = []
        for part, value, cue in zip(found, values.tolist(), cues, strict=True):
            boxes = odd_boxes(part.map, *size)
            reason = self.reason(cue)
            if boxes:  # none where the map is 0 all over
                reason += f" ({where(boxes[0], *size)})"
            scores.append(
                FrameScore(
                    frame=part.frame,
                    value=value,
                    score_map=(part.map - mean) / deviation,
                    cue=cue,
                    reason=reason,
                    boxes=boxes,
                    terms=part.terms,
                    baselines={rule: part.terms[term] for term, rule in self.simple_rules.items()},
                )
            )
        return scores

    def learn_scales(
        self,
        normal: Iterable[tuple[str, Mapping[str, np.ndarray], np.ndarray, Clock]],
        footage: str = HELD_OUT,
    ) -> None:
        """Take the scale of each term and the threshold from normal footage.

        Args:
            normal: for each video, one at least, its id, its terms ``(frames,)`` by name, the
                highest cell of each map ``(frames,)``, and when its frames are shown.
            footage: what they are, in words.

        Raises:
            OddframeError: a term that is no finite number.
        """
        measured = list(normal)
        for video_id, terms, peaks, _ in measured:
            _check_finite(self.name, video_id, {**terms, "map": peaks})
        names = measured[0][1]
        together = {n: np.concatenate([terms[n] for _, terms, _, _ in measured]) for n in names}
        self.scales = fitted_scales(together, np.concatenate([part[2] for part in measured]))
        stretches = [(self.combine(terms), clock) for _, terms, _, clock in measured]
        self.calibrated = calibrate(stretches, self.config.false_alarms_per_hour, footage=footage)

    def learnt_scales(self) -> dict[str, Any]:
        """What of a detector's state :meth:`take_scales` takes back."""
        return {
            "scales": {name: list(pair) for name, pair in self.scales.items()},
            "threshold": vars(self.calibrated) if self.calibrated else {},
        }

    def take_scales(self, saved: SavedState) -> None:
        """Take scales and threshold from a state.

        Raises:
            OddframeError: a value that is missing or not as expected.
        """
        scales, threshold = saved.part("scales"), [*saved.part("threshold")]
        # None of them before calibration, or all: a term without its scale would swamp the others.
        needed = (*self.weights, "map") if [*scales] or threshold else ()
        for name in dict.fromkeys((*needed, *scales)):  # terms that are only shown have one too
            mean, deviation = scales.numbers(name, 2)
            if deviation <= 0:
                raise OddframeError(f"'scales.{name}': expected a deviation above 0")
            self.scales[name] = (mean, deviation)
        if threshold:
            self.calibrated = Threshold.saved(saved)


def fitted_scales(
    terms: Mapping[str, np.ndarray], map_peaks: np.ndarray
) -> dict[str, tuple[float, float]]:
    """Each term's mean and deviation, and under ``map`` those of the maps' highest cells.

    Args:
        terms: by name ``(frames,)``, of held-out normal footage.
        map_peaks: ``(frames,)``.
    """
    scales = {}
    for name, values in {**terms, "map": map_peaks}.items():
        mean, deviation = float(values.mean()), float(values.std())
        # A term that never changes but for rounding has no scale; 1 keeps it harmless.
        scales[name] = (mean, deviation if deviation > 1e-5 * abs(mean) else 1.0)
    return scales


def _check_finite(name: str, video_id: str, terms: Mapping[str, np.ndarray]) -> None:
    """Refuse what would make every score of every video NaN."""
    for term, values in terms.items():
        if (broken := np.flatnonzero(~np.isfinite(values))).size:
            raise OddframeError(
                f"detector {name}: video '{video_id}': expected a finite term '{term}' of frame "
                f"{broken[0]}, found {values[broken[0]]}"
            )
