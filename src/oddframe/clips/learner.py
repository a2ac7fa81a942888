"""What is trained on clips of normal footage: networks that measure clips.

A clip is ``clip_length`` frames, the oldest first; its last frame is the one that is scored (or its
last few frames, ``judged``). A detector measures terms of a clip (prediction error, distance to a
memory, a classifier's answer), each the higher the odder. Every term is brought to one scale with
its mean and deviation on held-out normal footage, and the score is their weighted sum. The axis
order inside a network is ``(clips, frames, channels, height, width)``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from oddframe.calibration.score_of_terms import ScoreOfTerms
from oddframe.clips.looks import Looks, picture_looks
from oddframe.clips.pixels import as_pixels, as_unit
from oddframe.clips.terms import ClipTerms
from oddframe.training.learner import Learner


class ClipLearner(ScoreOfTerms, Learner):
    """What a detector of clips measures; the training loop trains it.

    Its subclass :class:`oddframe.clips.detector.ClipDetector` is what methods are made of.

    Args:
        config: an instance of the subclass's configuration.
    """

    config_type: ClassVar[type[Any]]
    """A :class:`oddframe.clips.config.TrainingConfig`."""
    scoring_batch: int = 8
    """Clips measured at once while scoring."""
    carries_over_breaks: bool = True
    """Whether what a stream carries goes on where its footage begins anew; else it is as at first.
    """

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config
        self.step = 0
        self.scales = {}
        self.calibrated = None

    # What a subclass says about itself.

    @property
    def clip_length(self) -> int:
        """Frames in a clip."""
        return 1

    @property
    def looks(self) -> Looks:
        """What clips hold of a frame: pictures as the settings say."""
        config = self.config
        return picture_looks(config.size, config.colour, config.resize)

    @property
    def training_length(self) -> int:
        """Frames in a clip of a training step; those that scoring looks at, for most."""
        return self.clip_length

    @property
    def frame_step(self) -> int:
        """Frames from one frame of a clip to the next."""
        return self.config.frame_step

    @property
    def judged(self) -> int:
        """Frames at the end of a clip that it judges; clips lie as many frames apart in scoring.

        Where it is more than 1, what is said of a frame must follow from it and those before it in
        the clip: a clip is also measured while its last frames are still to come.
        """
        return 1

    @property
    def strides(self) -> int:
        """Clips with frames 1 to so many times ``frame_step`` apart are trained on."""
        return 1

    def prepare(self, normal: Iterable[np.ndarray]) -> None:
        """Learn what is needed before the first step, from the normal training videos.

        Args:
            normal: what is seen of the frames of each, ``(frames, ...)``.
        """

    @abstractmethod
    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The loss terms by name; ``loss`` is the total that the phase minimises.

        Args:
            phase: one of :attr:`phases`.
            batch: ``clip``, what is seen of frames, ``(clips, frames, ...)``: of pictures uint8
                ``(clips, frames, height, width, channels)``, RGB or grey; give it to
                :meth:`as_pixels` first.
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
            clip: pixels ``(clips, frames, channels, height, width)``; where ``judged`` is more
                than 1, also fewer frames than ``clip_length``, at least one of them judged.
        """

    @abstractmethod
    def pictures(self, clip: Tensor) -> dict[str, Tensor]:
        """What to look at during training: name to images ``(clips, channels, height, width)``.

        None where clips hold no pictures.

        In the range of the pixels; ``error`` may be ``(clips, 1, height, width)``, never negative.
        """

    def rank(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        """How good a state is from the mean of each term on held-out normal clips; higher wins."""
        return (-metrics["error"],)

    def carried_at_first(self) -> tuple[Tensor, ...]:
        """What a stream begins with that it carries from clip to clip; nothing for most."""
        return ()

    def measure_next(
        self, clip: Tensor, carried: tuple[Tensor, ...]
    ) -> tuple[ClipTerms, tuple[Tensor, ...]]:
        """The terms of a stream's next clips, and what it carries on.

        Args:
            clip: as for :meth:`measure`; ``scoring_batch`` clips at most.
            carried: what :meth:`carried_at_first` or the call before gave.
        """
        return self.measure(clip), carried

    def reason(self, term: str) -> str:
        """Why a frame is odd, if this term weighs most; a sentence without its end."""
        known = {"error": "the network expected something else here"}
        return known.get(term) or super().reason(term)

    # Measuring and scoring.

    def as_pixels(self, clip: Tensor) -> Tensor:
        """What a network takes of clips: of uint8 pictures ``(clips, frames, h, w, channels)``
        numbers in the range of the settings, ``(clips, frames, channels, h, w)``.
        """
        return as_pixels(clip, self.config, next(self.parameters()))

    def as_unit(self, images: Tensor) -> Tensor:
        """Pixels of this detector's range to 0 to 1, where errors are measured."""
        return as_unit(images, self.config)

    @torch.no_grad()
    def measure_clips(self, clips: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Terms and maps (see :class:`ClipTerms`) of clips as they are kept.

        Clips of no video: nothing is carried from one to another.
        """
        return self.measure(self.as_pixels(torch.from_numpy(clips))).arrays()

    @torch.no_grad()
    def measure_arrays(
        self, clips: np.ndarray, carried: tuple[Tensor, ...]
    ) -> tuple[dict[str, np.ndarray], np.ndarray, tuple[Tensor, ...]]:
        """As :meth:`measure_next`, of clips as they are kept; see :class:`.MeasuresClips`."""
        if self.training:
            self.eval()
        measured, carried = self.measure_next(self.as_pixels(torch.from_numpy(clips)), carried)
        return *measured.arrays(), carried

    @property
    def span(self) -> int:
        """Frames from the first of a clip to its last, both counted."""
        return (self.clip_length - 1) * self.frame_step + 1
