"""The spatiotemporal auto-encoder: three ConvLSTMs between a clip's frames and their copies.

Source: Chong and Tay, "Abnormal Event Detection in Videos using Spatiotemporal Autoencoder", ISNN
2017, and the public code. Each frame is shrunk by two convolutions, three ConvLSTMs of 64, 32 and
64 channels walk over the clip, two transposed convolutions make the frames anew. At 224x224 in
grey: 1,068,225 parameters. With the batch norms of the public code and their statistics, which
Keras counts as well, 1,069,505, of which 1,068,865 are trained.

The score of a clip is the l2 norm of its error: sqrt(sum (x - f(x))^2) over all of its pixels.

**A scaling that nobody mentions.** The public code draws out a video's curve of clips to its frames
with an image routine that also maps the curve's least and greatest value to the bytes 0 and 255. So
its numbers are those of scores that are scaled within each test video, in 256 steps. It is not done
here but with ``as_published`` where scores are scaled in each video; else the error of a clip is
that of its last frame, and the scores are on one scale for all videos.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from oddframe.calibration.video_scales import VideoScale
from oddframe.clips.config import ClipConfig
from oddframe.clips.losses import intensity
from oddframe.clips.reconstruction import ReconstructionConfig, ReconstructionDetector
from oddframe.clips.terms import ClipTerms
from oddframe.networks.conv_lstm import ConvLSTM
from oddframe.networks.initialise import xavier_initialise
from oddframe.networks.strided_autoencoder import FrameDecoder, FrameEncoder, Layer
from oddframe.settings.ranges import setting


@dataclass(frozen=True)
class SpatiotemporalAEConfig(ReconstructionConfig):
    """Settings of the spatiotemporal auto-encoder; the defaults are the paper's.

    Attributes:
        width: channels of the first convolution; the second has half of them, the ConvLSTMs half,
            a quarter and half.
        batch_norm: batch norms and ReLU, as in the public code; else tanh alone, as in the paper.
        as_published: where scores are scaled within each video, do it as the public code: the curve
            of the clips in 256 steps, drawn out to the frames.
    """

    size: int = 224
    batch_size: int = 64
    steps: int = 35_000
    validate_every: int = 700
    learning_rate: float = 0.0001
    strides: int = 3
    width: int = setting(128, multiple_of=4, at_least=4)
    batch_norm: bool = True
    as_published: bool = False


class SpatiotemporalAE(ReconstructionDetector):
    """An encoder of frames, three ConvLSTMs, and a decoder of frames.

    The term is ``error``, the norm of the clip's error, of pixels from 0 to 1; the map is the
    squared error of each pixel of its last frame.
    """

    name: ClassVar[str] = "spatiotemporal-ae"
    config_type: ClassVar[type[ClipConfig]] = SpatiotemporalAEConfig
    config: SpatiotemporalAEConfig

    def __init__(self, config: SpatiotemporalAEConfig) -> None:
        super().__init__(config)
        width, half, quarter = config.width, config.width // 2, config.width // 4
        layers = [Layer(width, 11, 4, 5), Layer(half, 5, 2, 2)]
        activation, norm = (nn.ReLU if config.batch_norm else nn.Tanh), config.batch_norm
        self.encoder = FrameEncoder(config.channels, layers, activation, batch_norm=norm)
        self.memories = nn.Sequential(
            ConvLSTM(half, half), ConvLSTM(half, quarter), ConvLSTM(quarter, half)
        )
        self.decoder = FrameDecoder(config.channels, layers, activation, batch_norm=norm)
        xavier_initialise(self)

    def reconstructed(self, clip: Tensor) -> Tensor:
        """The clip from the states of the last ConvLSTM."""
        frames, sides = self.encoder(clip)
        return self.decoder(self.memories(frames), sides)

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        """The mean squared error."""
        clip = self.centred(self.as_pixels(batch["clip"]))
        return {"loss": intensity(self.reconstructed(clip), clip)}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Adam."""
        rate = self.config.learning_rate
        return {"network": torch.optim.Adam(self.parameters(), lr=rate, eps=1e-6)}

    def measure(self, clip: Tensor) -> ClipTerms:
        """The norm of the clip's error."""
        clip = self.centred(clip)
        return self.beside_mean_image(_norm(self.reconstructed(clip) - clip), _norm(clip))

    @property
    def video_scale(self) -> VideoScale:
        """By each term's own extremes; also as the public code does it."""
        return VideoScale("drawn-out", self.span - 1) if self.config.as_published else VideoScale()


def _norm(away: Tensor) -> tuple[Tensor, Tensor]:
    """The norm of a clip, and the square of each pixel of its last frame."""
    squared = away.float().square()
    return squared.sum((1, 2, 3, 4)).sqrt(), squared[:, -1].mean(1)


DETECTOR = SpatiotemporalAE
CONFIG = SpatiotemporalAEConfig
