"""What detectors that reconstruct whole clips share: frames less their mean image, and strides."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from oddframe.clips.config import ClipConfig
from oddframe.clips.detector import ClipDetector
from oddframe.clips.losses import error_map
from oddframe.clips.terms import ClipTerms
from oddframe.settings.ranges import setting

_AT_ONCE = 256
"""Frames that are added up at once."""


@dataclass(frozen=True)
class ReconstructionConfig(ClipConfig):
    """Settings of detectors that reconstruct clips.

    Attributes:
        frames: number of frames in a clip.
        strides: training clips have frames 1, 2 and so on to so many times ``frame_step`` apart
            (temporal augmentation); what is scored has them ``frame_step`` apart.
        score: ``error``, what the reconstruction is off by; or ``mean-image``, what a network would
            be off by that always answers the mean image: the baseline of these methods.
    """

    colour: Literal["bgr", "rgb", "grey"] = "grey"
    pixels: Literal["symmetric", "unit", "per-image"] = "unit"
    frames: int = setting(10, at_least=2)
    strides: int = setting(1, at_least=1)
    score: Literal["error", "mean-image"] = "error"


class ReconstructionDetector(ClipDetector):
    """A detector that reconstructs clips, of frames less the mean image of the training footage.

    A subclass defines :meth:`reconstructed` beside what every detector of clips does, and measures
    by :meth:`beside_mean_image`.
    """

    simple_rules: ClassVar[Mapping[str, str]] = {"mean_image": "mean image"}
    mean_image: Tensor

    def __init__(self, config: ReconstructionConfig) -> None:
        super().__init__(config)
        side = config.size
        self.register_buffer("mean_image", torch.zeros(config.channels, side, side))

    @property
    def clip_length(self) -> int:
        """Frames in a clip."""
        return self.config.frames

    @property
    def strides(self) -> int:
        """Those of the settings."""
        return self.config.strides

    @torch.no_grad()
    def prepare(self, normal: Iterable[np.ndarray]) -> None:
        """Take the mean image of all frames."""
        total = torch.zeros_like(self.mean_image, dtype=torch.float64)
        count = 0
        for frames in normal:
            for start in range(0, len(frames), _AT_ONCE):
                part = torch.from_numpy(np.array(frames[start : start + _AT_ONCE]))
                total += self.as_pixels(part[None])[0].double().sum(0)
                count += len(part)
        self.mean_image.copy_(total / count)

    def centred(self, clip: Tensor) -> Tensor:
        """Pixels ``(clips, frames, channels, h, w)`` less the mean image."""
        return clip - self.mean_image

    @property
    def weights(self) -> dict[str, float]:
        """The one term that scores."""
        return {self.config.score.replace("-", "_"): 1.0}

    def beside_mean_image(
        self, error: tuple[Tensor, Tensor], mean_image: tuple[Tensor, Tensor]
    ) -> ClipTerms:
        """The terms, and the map of the one that scores.

        Args:
            error: term and map of the reconstruction.
            mean_image: of the mean image in its place, which is 0 in what :meth:`centred` gives.
        """
        both = {"error": error, "mean_image": mean_image}
        terms = {name: term for name, (term, _) in both.items()}
        return ClipTerms(terms, both[next(iter(self.weights))][1])

    def reason(self, term: str) -> str:
        """Why a frame is odd."""
        return {
            "error": "the network cannot reconstruct how this looks and moves",
            "mean_image": "this looks unlike the mean of the normal footage",
        }[term]

    @abstractmethod
    def reconstructed(self, clip: Tensor) -> Tensor:
        """A clip made anew, in the shape given: ``(clips, frames, channels, h, w)``.

        Args:
            clip: pixels less the mean image.
        """

    def pictures(self, clip: Tensor) -> dict[str, Tensor]:
        """The last frame of each clip, its reconstruction, and the squared error."""
        target = clip[:, -1]
        made = self.reconstructed(self.centred(clip))[:, -1] + self.mean_image
        error = error_map(self.as_unit(made), self.as_unit(target))[:, None]
        return {"target": target, "reconstruction": made, "error": error}


def adagrad(
    network: nn.Module, rate: float, decay: float, bias_rate: float = 1.0
) -> torch.optim.Optimizer:
    """AdaGrad for all parameters, as Caffe's solvers give it to weights and to biases.

    Args:
        network: whose parameters these are.
        rate: learning rate of the weights.
        decay: so much of each weight is added to its gradient; of biases nothing.
        bias_rate: how many times as high the learning rate of biases is.
    """
    weights = [part for part in network.parameters() if part.ndim > 1]
    biases = [part for part in network.parameters() if part.ndim == 1]
    groups = [
        {"params": weights, "weight_decay": decay},
        {"params": biases, "lr": bias_rate * rate},
    ]
    return torch.optim.Adagrad(groups, lr=rate)
