"""What detectors trained on bags share: labels per video in, scores per snippet out.

A bag is a video's features ``(crops, snippets, channels)``. For training it is pooled to a fixed
number of segments; for scoring it keeps its snippets. The feature axis order inside a network is
always ``(videos, crops, time, channels)``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from oddframe.bags.snippets import BagShape, mean_over_crops
from oddframe.detectors.traits import Traits
from oddframe.files.saved_networks import saved_network
from oddframe.files.saved_state import SavedState
from oddframe.settings.checked import CheckedSettings
from oddframe.settings.ranges import setting
from oddframe.training.learner import Learner


@dataclass(frozen=True)
class BagConfig(CheckedSettings):
    """Settings that every detector trained on bags has.

    Attributes:
        segments: parts of equal length that the features of a training video are pooled to.
        batch_size: normal videos in a training step, and as many anomalous ones.
        steps: number of training steps; 0 trains nothing.
        validate_every: training steps from one validation to the next.
        learning_rate: learning rate of the optimiser, which is Adam unless a setting says another.
        weight_decay: weight decay of the optimiser, an L2 penalty on the network's weights.
        clip_gradient: gradients whose norm is larger are scaled down to it; 0 does not clip.
    """

    segments: int = setting(32, at_least=1)
    batch_size: int = setting(32, at_least=1)
    steps: int = setting(1500, at_least=0)
    validate_every: int = setting(50, at_least=1)
    learning_rate: float = setting(0.001, at_least=0)
    weight_decay: float = setting(0.0005, at_least=0)
    clip_gradient: float = setting(0.0, at_least=0)


class BagDetector(Learner):
    """A detector whose network is trained on pairs of normal and anomalous bags.

    A subclass defines ``name``, ``config_type``, the layers in ``__init__`` and the two methods
    :meth:`losses` and :meth:`snippet_scores`.

    Args:
        config: an instance of the subclass's configuration.
        shape: crops, channels and segments of the data.
    """

    name: ClassVar[str]
    traits: ClassVar[Traits] = Traits("features", "in steps", causal=False)
    config_type: ClassVar[type[BagConfig]] = BagConfig
    resampling: ClassVar[str] = "average"
    """How a bag becomes segments: by ``average``, or ``interpolate``d between snippets."""

    def __init__(self, config: Any, shape: BagShape) -> None:
        super().__init__()
        self.config = config
        self.shape = shape
        self.threshold = 0.5
        self.threshold_source = "threshold 0.5: the middle of the range"

    smoothing_seconds: ClassVar[float] = 0.0
    normalisation: ClassVar[str] = "none (a probability for each snippet)"

    def prepare(self, normal: Iterable[np.ndarray], seed: int) -> None:
        """Learn what is needed before the first step, from the normal training bags.

        Args:
            normal: segments of each normal training video, ``(crops, segments, channels)``.
            seed: fixes every random choice.
        """

    @abstractmethod
    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The loss terms by name; ``loss`` is the total that is minimised.

        Args:
            phase: one of :attr:`phases`.
            batch: ``normal`` and ``anomalous``, each ``(videos, crops, segments, channels)``.

        Returns:
            float32 scalars, also where ``--precision`` has layers answer in 16 bits: scores or log
            odds are made ``.float()`` before the loss.
        """

    @abstractmethod
    def snippet_scores(self, features: Tensor) -> Tensor:
        """Scores 0 to 1 of each snippet.

        Args:
            features: ``(videos, crops, time, channels)``.

        Returns:
            ``(videos, time)``.
        """

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """One Adam for all parameters; none for a detector without any."""
        if not self.phases:
            return {}
        rate, decay = self.config.learning_rate, self.config.weight_decay
        return {
            "network": torch.optim.Adam(self.parameters(), lr=rate, weight_decay=decay),
        }

    @torch.no_grad()
    def score_snippets(self, features: np.ndarray) -> np.ndarray:
        """Scores of a video's snippets, see :func:`oddframe.bags.snippets.mean_over_crops`.

        Args:
            features: ``(snippets, crops, channels)``, any float type.

        Returns:
            float32 ``(snippets,)``, 0 to 1.

        Raises:
            OddframeError: features of another width than the detector was made for, or scores that
                are no numbers from 0 to 1.
        """
        self.eval()
        like = next(self.parameters(), torch.zeros(0))

        def score(bags: np.ndarray) -> np.ndarray:
            return self.snippet_scores(torch.from_numpy(bags).to(like)).float().cpu().numpy()

        return mean_over_crops(features, self.name, self.shape, score)

    @property
    def notes(self) -> dict[str, Any]:
        """Plain values for a report."""
        return {"threshold": self.threshold_source}

    def state(self) -> dict[str, Any]:
        """Tensors and plain values from which :meth:`from_state` rebuilds the detector."""
        return {
            "config": asdict(self.config),
            "shape": asdict(self.shape),
            "threshold": float(self.threshold),
            "threshold_source": self.threshold_source,
            "network": {key: value.detach().cpu() for key, value in self.state_dict().items()},
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The detector that gave :meth:`state`."""
        saved = SavedState(state)
        shape = BagShape.saved(saved)
        config = cls.config_type(**state["config"])

        def made() -> Self:
            detector = cls(config, shape)
            detector.before_loading(state["network"])
            return detector

        detector = saved_network(saved, "network", made)
        detector.threshold = saved.number("threshold")
        detector.threshold_source = saved.words("threshold_source")
        return detector.eval()

    def before_loading(self, tensors: Mapping[str, Any]) -> None:
        """Make room for tensors whose size only the state knows (a dictionary of atoms)."""
