"""Regularity of clips: an auto-encoder of ten frames, which cannot reconstruct odd motion.

Source: Hasan, Choi, Neumann, Roy-Chowdhury and Davis, "Learning Temporal Regularity in Video
Sequences", CVPR 2016. The network is :mod:`oddframe.networks.unpooling_autoencoder`. It is trained
on clips whose frames are one, two and three apart, in grey and less their mean image, with

    loss = sum (x - f(x))^2 / 2n  +  gamma sum W^2            (n clips; by AdaGrad)

and scored with e(t), the sum over the pixels of frame t of what its reconstruction is off by. The
paper tells regularity, 1 - (e - min e) / max e within a video; many who take it up divide by max e
- min e. Both keep the order of a video's frames; of several videos together they do not.

What the paper leaves unsaid, as far as it could be read, and is so here: the error of a frame is
that of the clip which ends with it, so that a live score waits for no later frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from oddframe.calibration.video_scales import VideoScale
from oddframe.clips.config import ClipConfig
from oddframe.clips.losses import half_squares
from oddframe.clips.reconstruction import ReconstructionConfig, ReconstructionDetector, adagrad
from oddframe.clips.terms import ClipTerms
from oddframe.networks.initialise import xavier_initialise
from oddframe.networks.unpooling_autoencoder import LEAST_SIDE, UnpoolingAutoencoder
from oddframe.settings.ranges import setting


@dataclass(frozen=True)
class ConvAEClipConfig(ReconstructionConfig):
    """Settings of the auto-encoder of clips; the defaults are the paper's.

    Attributes:
        learning_rate: learning rate of the optimiser AdaGrad.
        weight_decay: gamma, the factor of the squared weights in the loss; biases are left alone.
        width: channels of the first layer; the next two have half and a quarter of them.
        regularity: what errors within a video are divided by where scores are scaled in each:
            ``max`` their greatest, as the paper has it, ``range`` their greatest less their least,
            as those have it who compare with it.
    """

    size: int = setting(227, at_least=LEAST_SIDE)
    batch_size: int = 32
    steps: int = 150_000
    validate_every: int = 5000
    learning_rate: float = 0.001
    strides: int = 3
    weight_decay: float = setting(0.0005, at_least=0)
    width: int = setting(512, multiple_of=4, at_least=4)
    regularity: Literal["max", "range"] = "max"


class ConvAEClip(ReconstructionDetector):
    """An auto-encoder whose channels are the frames of a clip.

    The term is ``error``, e(t) of the clip's last frame, in grey levels from 0 to 1 summed over the
    pixels; the map is that of each pixel.
    """

    name: ClassVar[str] = "conv-ae-clip"
    config_type: ClassVar[type[ClipConfig]] = ConvAEClipConfig
    config: ConvAEClipConfig

    def __init__(self, config: ConvAEClipConfig) -> None:
        super().__init__(config)
        self.network = UnpoolingAutoencoder(config.frames * config.channels, config.width)
        xavier_initialise(self.network)

    def reconstructed(self, clip: Tensor) -> Tensor:
        """All frames of a clip at once, from all of them."""
        return self.network(clip.flatten(1, 2)).view_as(clip)

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        """Half the squared error of a clip, a mean over the clips; the weights' part is added by
        the optimiser."""
        clip = self.centred(self.as_pixels(batch["clip"]))
        return {"loss": half_squares(self.reconstructed(clip), clip)}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """AdaGrad; the gradient of gamma W^2 is 2 gamma W."""
        rate, gamma = self.config.learning_rate, self.config.weight_decay
        return {"network": adagrad(self, rate, 2 * gamma)}

    def measure(self, clip: Tensor) -> ClipTerms:
        """The error of the last frame of each clip."""
        clip = self.centred(clip)
        last = clip[:, -1]
        made = self.reconstructed(clip)[:, -1]
        return self.beside_mean_image(_summed(made - last), _summed(last))

    @property
    def video_scale(self) -> VideoScale:
        """One less the regularity, in the form of the settings."""
        return VideoScale("range" if self.config.regularity == "range" else "greatest")


def _summed(away: Tensor) -> tuple[Tensor, Tensor]:
    """e(t) and e(x, y, t) of ``(n, channels, h, w)``: of grey the sum of what each pixel is off."""
    each = away.float().square().sum(1).sqrt()
    return each.sum((1, 2)), each


DETECTOR = ConvAEClip
CONFIG = ConvAEClipConfig
