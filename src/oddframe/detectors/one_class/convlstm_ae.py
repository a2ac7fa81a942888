"""ConvLSTM-AE: remember a clip, and make this frame and the one before from what is remembered.

Source: Luo, Liu and Gao, "Remembering History with Convolutional LSTM for Anomaly Detection", ICME
2017, and its published code, a Caffe prototxt. Each frame is shrunk by three convolutions, a
ConvLSTM walks over the clip from a state of 0, and two decoders, alike but for their weights, make
of its state h_t the frame x_t ("now") and the frame x_(t-1) ("past"):

    loss = sum_t |x_t - now(h_t)|^2 / 2n  +  sum_(t > 1) |x_(t-1) - past(h_t)|^2 / 2n    (n clips)
    e(t) = sqrt(|x_t - now(h_t)|^2 + |x_(t-1) - past(h_t)|^2)

At 225x225 in grey: 6,400 + 819,456 + 1,180,160 parameters of the encoder, 18,876,416 of the
ConvLSTM, 2,005,505 of each decoder; 24,893,442 in all.

Of a clip of ten frames the last five are scored, and the next clip begins five frames later, again
from a state of 0. The first five frames of a video take the scores of the five that follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from oddframe.clips.config import ClipConfig
from oddframe.clips.losses import half_squares
from oddframe.clips.reconstruction import ReconstructionConfig, ReconstructionDetector, adagrad
from oddframe.clips.terms import ClipTerms
from oddframe.networks.conv_lstm import ConvLSTM
from oddframe.networks.initialise import xavier_initialise
from oddframe.networks.strided_autoencoder import FrameDecoder, FrameEncoder, Layer
from oddframe.settings.ranges import setting


@dataclass(frozen=True)
class ConvLSTMAEConfig(ReconstructionConfig):
    """Settings of the ConvLSTM auto-encoder; the defaults are those of the published solver.

    Attributes:
        learning_rate: learning rate of the optimiser AdaGrad; that of biases is twice as high.
        weight_decay: so much of each weight is added to its gradient; of biases nothing.
        width: channels of the first convolution; the next have twice and four times as many, the
            ConvLSTM as many as the last.
        judged_frames: number of frames at the end of a clip that are scored, fewer than the clip
            has; with a ``frame_step`` above 1 each frame has a clip of its own.
    """

    size: int = 225
    batch_size: int = 8
    steps: int = 50_000
    validate_every: int = 2000
    learning_rate: float = 0.001
    weight_decay: float = setting(0.0005, at_least=0)
    width: int = setting(128, at_least=1)
    judged_frames: int = setting(5, at_least=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        fewer = self.judged_frames < self.frames
        self.expect(fewer, "judged_frames", f"fewer than frames, {self.frames}")


class ConvLSTMAE(ReconstructionDetector):
    """An encoder, a ConvLSTM, and two decoders.

    The term is ``error``, e(t), of pixels from 0 to 1; the map is the sum of both squared errors of
    each pixel.
    """

    name: ClassVar[str] = "convlstm-ae"
    config_type: ClassVar[type[ClipConfig]] = ConvLSTMAEConfig
    config: ConvLSTMAEConfig
    scoring_batch = 1  # a clip is several frames already

    def __init__(self, config: ConvLSTMAEConfig) -> None:
        super().__init__(config)
        width, channels = config.width, config.channels
        layers = [Layer(width, 7, 4, 3), Layer(2 * width, 5, 2, 2), Layer(4 * width, 3, 2, 1)]
        self.encoder = FrameEncoder(channels, layers, nn.ReLU)
        self.memory = ConvLSTM(4 * width, 4 * width)
        self.now = FrameDecoder(channels, layers, nn.ReLU, last=nn.Tanh)
        self.past = FrameDecoder(channels, layers, nn.ReLU, last=nn.Tanh)
        xavier_initialise(self)

    @property
    def judged(self) -> int:
        """Those of the settings."""
        return self.config.judged_frames if self.config.frame_step == 1 else 1

    def made(self, clip: Tensor, first: int) -> tuple[Tensor, Tensor]:
        """What the decoders make of the states from a frame of the clip on.

        Args:
            clip: pixels less the mean image, ``(clips, frames, channels, h, w)``.
            first: number of that frame in the clip.

        Returns:
            These frames, and those before each of them, from the clip's second frame on.
        """
        frames, sides = self.encoder(clip)
        states = self.memory(frames)
        return self.now(states[:, first:], sides), self.past(states[:, max(first, 1) :], sides)

    def reconstructed(self, clip: Tensor) -> Tensor:
        """What the decoder of "now" makes of each state."""
        return self.made(clip, 0)[0]

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        """``now`` and ``past``, whose sum is ``loss``."""
        clip = self.centred(self.as_pixels(batch["clip"]))
        now, past = self.made(clip, 0)
        terms = {"now": half_squares(now, clip), "past": half_squares(past, clip[:, :-1])}
        return {**terms, "loss": terms["now"] + terms["past"]}

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """AdaGrad."""
        rate, decay = self.config.learning_rate, self.config.weight_decay
        return {"network": adagrad(self, rate, decay, bias_rate=2.0)}

    def measure(self, clip: Tensor) -> ClipTerms:
        """The error of each frame that is judged."""
        clip = self.centred(clip)
        first = self.clip_length - self.judged
        now, past = self.made(clip, first)
        same, before = clip[:, first:], clip[:, first - 1 : -1]
        return self.beside_mean_image(_norm(now - same, past - before), _norm(same, before))


def _norm(now: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
    """e(t) ``(clips, frames)`` and its square for each pixel, of what the decoders are off by."""
    squared = now.float().square().sum(2) + past.float().square().sum(2)
    return squared.sum((2, 3)).sqrt(), squared


DETECTOR = ConvLSTMAE
CONFIG = ConvLSTMAEConfig
