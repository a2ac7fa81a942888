"""What is trained on clips of normal footage: networks that measure clips.

A clip is ``clip_length`` frames, the oldest first; its last frame is the one that is scored. A
detector measures terms of a clip (prediction error, distance to a memory, a classifier's answer),
each the higher the odder. Every term is brought to one scale with its mean and deviation on
held-out normal footage, and the score is their weighted sum. The axis order inside a network is
``(clips, frames, channels, height, width)``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from oddframe.calibration.threshold import Threshold
from oddframe.clips.config import ClipConfig
from oddframe.clips.pixels import as_pixels, as_unit
from oddframe.clips.terms import ClipTerms, within_video
from oddframe.training.learner import Learner


class ClipLearner(Learner):
    """What a detector of clips measures; the training loop trains it.

    Its subclass :class:`oddframe.clips.detector.ClipDetector` is what methods are made of.

    Args:
        config: an instance of the subclass's configuration.
    """

    name: ClassVar[str]
    config_type: ClassVar[type[ClipConfig]] = ClipConfig
    scoring_batch: int = 8
    """Clips measured at once while scoring."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config
        self.step = 0
        self.scales: dict[str, tuple[float, float]] = {}
        """Term to its mean and deviation on held-out normal footage; ``map`` of the map's peaks."""
        self.calibrated: Threshold | None = None
        """What held-out normal footage said; None before calibration."""

    # What a subclass says about itself.

    @property
    def clip_length(self) -> int:
        """Frames in a clip."""
        return 1

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each term in the score; terms that are not named are measured but not used."""
        return {"error": 1.0}

    @abstractmethod
    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The loss terms by name; ``loss`` is the total that the phase minimises.

        Args:
            phase: one of :attr:`phases`.
            batch: ``clip``, uint8 ``(clips, frames, height, width, channels)``, RGB or grey; give
                it to :meth:`as_pixels` first.
        """

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Phase to the optimiser that steps in it."""
        return {"network": torch.optim.Adam(self.parameters(), lr=self.config.learning_rate)}

    def begin_step(self, step: int) -> dict[str, float]:
        """As every learner; the judges of a training ask for the step."""
        self.step = step
        return super().begin_step(step)

    @abstractmethod
    def measure(self, clip: Tensor) -> ClipTerms:
        """The terms of clips; called in eval mode and without gradients.

        Args:
            clip: pixels ``(clips, frames, channels, height, width)``.
        """

    @abstractmethod
    def pictures(self, clip: Tensor) -> dict[str, Tensor]:
        """What to look at during training: name to images ``(clips, channels, height, width)``.

        In the range of the pixels; ``error`` may be ``(clips, 1, height, width)``, never negative.
        """

    def rank(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        """How good a state is from the mean of each term on held-out normal clips; higher wins."""
        return (-metrics["error"],)

    def carried_at_first(self) -> Any:
        """What a stream begins with that it carries from clip to clip; None for most."""
        return None

    def measure_next(self, clip: Tensor, carried: Any) -> tuple[ClipTerms, Any]:
        """The terms of a stream's next clips, and what it carries on.

        Args:
            clip: as for :meth:`measure`; ``scoring_batch`` clips at most.
            carried: what :meth:`carried_at_first` or the call before gave.
        """
        return self.measure(clip), carried

    def reason(self, term: str) -> str:
        """Why a frame is odd, if this term weighs most; a sentence without its end."""
        return {"error": "the network expected something else here"}.get(term, f"{term} is high")

    # Measuring and scoring.

    def as_pixels(self, clip: Tensor) -> Tensor:
        """uint8 ``(clips, frames, h, w, channels)`` to ``(clips, frames, channels, h, w)``."""
        return as_pixels(clip, self.config, next(self.parameters()))

    def as_unit(self, images: Tensor) -> Tensor:
        """Pixels of this detector's range to 0 to 1, where errors are measured."""
        return as_unit(images, self.config)

    @torch.no_grad()
    def measure_clips(self, clips: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Terms ``(clips,)`` and maps of uint8 clips ``(clips, frames, h, w, channels)``.

        Clips of no video: nothing is carried from one to another.
        """
        return self.measure(self.as_pixels(torch.from_numpy(clips))).arrays()

    @property
    def span(self) -> int:
        """Frames from the first of a clip to its last, both counted."""
        return (self.clip_length - 1) * self.config.frame_step + 1

    def combine(self, terms: Mapping[str, np.ndarray], *, per_video: bool = False) -> np.ndarray:
        """The score: the weighted sum of the scaled terms, float32 ``(frames,)``."""
        scaled = self.scaled_terms(terms, per_video=per_video)
        total = sum(weight * scaled[name] for name, weight in self.weights.items())
        return np.asarray(total, np.float32)

    def scaled_terms(
        self, terms: Mapping[str, np.ndarray], *, per_video: bool = False
    ) -> dict[str, np.ndarray]:
        """The terms that the score is made of, on one scale.

        Args:
            terms: by name ``(frames,)``, as measured.
            per_video: bring each term to 0 to 1 by its least and largest value in this video, as
                papers do, in place of the scale from held-out normal footage. It needs the whole
                video, and takes for granted that each video holds something odd.

        Returns:
            By name, float32 ``(frames,)``.
        """
        scaled = {}
        for name in self.weights:
            values = np.asarray(terms[name], np.float64)
            values = within_video(values) if per_video else self.on_scale(name, values)
            scaled[name] = values.astype(np.float32)
        return scaled

    def on_scale(self, name: str, values: np.ndarray) -> np.ndarray:
        """A term as measured, in deviations from its mean on held-out normal footage."""
        mean, deviation = self.scales.get(name, (0.0, 1.0))
        return (values - mean) / deviation
