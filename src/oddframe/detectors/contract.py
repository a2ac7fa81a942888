"""What a detector is: it turns the frames of a video into scores, as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from oddframe.detectors.traits import Traits
from oddframe.media.frames import VideoReader
from oddframe.videos.manifest import Manifest

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer


@dataclass(frozen=True)
class FrameScore:
    """The score of one frame.

    Attributes:
        frame: 0-based index.
        value: anomaly score, higher = odder.
        score_map: localisation ``(h, w)`` on the scale of the score, or None.
        cue: name of the cue that weighs most, or ``""``.
        reason: why the frame is odd, a sentence for a person.
        boxes: the oddest places, ``(x1, y1, x2, y2)`` in pixels of the video, the oddest first.
        terms: what the score was combined from, by name, as measured; higher = odder.
    """

    frame: int
    value: float
    score_map: np.ndarray | None = None
    cue: str = ""
    reason: str = ""
    boxes: tuple[tuple[int, int, int, int], ...] = ()
    terms: Mapping[str, float] = field(default_factory=dict)


class Detector(Protocol):
    """A fitted detector, whatever it looks at.

    A module of :mod:`oddframe.detectors` that defines ``DETECTOR``, a class like this, and
    ``CONFIG``, its settings, is found by its name; nothing else needs to know it.
    """

    name: ClassVar[str]
    traits: ClassVar[Traits]
    """What kind of detector it is; all that others ask of it is declared there."""

    @property
    def normalisation(self) -> str:
        """What was done to the scores, for a reader of the scores file."""
        ...

    @property
    def threshold(self) -> float:
        """Frames with a higher score are odd."""
        ...

    @property
    def smoothing_seconds(self) -> float:
        """Standard deviation of the Gaussian for offline scores, in seconds."""
        ...

    @property
    def notes(self) -> dict[str, Any]:
        """Plain values that a report should show: what was learnt, what the threshold promises."""
        ...

    def state(self) -> dict[str, Any]:
        """Tensors, arrays and plain values from which :meth:`from_state` rebuilds it."""
        ...

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Detector:
        """The detector that gave :meth:`state`."""
        ...


class FrameDetector(Detector, Protocol):
    """A fitted detector that scores frames."""

    @classmethod
    def fit(
        cls, manifest: Manifest, config: Any, seed: int, advance: Callable[[str, float], None]
    ) -> FrameDetector:
        """Fit to the training videos, calibrate on held-out normal ones.

        Args:
            manifest: its ``train`` and ``val`` videos are used, its ``test`` videos never.
            config: an instance of the module's ``CONFIG`` dataclass.
            seed: fixes every random choice.
            advance: told what is being done and the share done, 0 to 1.

        Returns:
            The detector; if it has ``left_out``, id of a video to the reason, these could not be
            read and ``train`` says so.
        """
        ...

    def score_frames(self, video: VideoReader) -> Iterator[FrameScore]:
        """Scores of every frame in order, each from this and earlier frames only (causal)."""
        ...


class Learner(Protocol):
    """What the training loop trains: a ``torch.nn.Module`` with these methods as well.

    A step runs through the phases in order. In each, only the parameters of the phase's optimiser
    require gradients, so a generator and its discriminator never see each other's.
    """

    phases: ClassVar[tuple[str, ...]]

    def optimisers(self) -> dict[str, Optimizer]:
        """Phase to the optimiser that steps in it."""
        ...

    def begin_step(self, step: int) -> Mapping[str, float]:
        """Called before each step: phase to the factor of its optimiser's learning rate.

        A phase that is left out rests in this step. Learning-rate schedules and trainings in
        several stages are written with it; what it does must follow from the step alone.
        """
        ...

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Loss terms by name, scalars; ``loss`` is the total that the phase minimises."""
        ...
