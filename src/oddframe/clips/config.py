"""Settings that detectors of clips share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from oddframe.errors import OddframeError
from oddframe.media.frames import Resampling
from oddframe.settings.checked import CheckedSettings
from oddframe.settings.ranges import setting


@dataclass(frozen=True)
class TrainingConfig(CheckedSettings):
    """Settings that every detector trained on clips has, whatever these hold of a frame.

    Attributes:
        batch_size: clips in a training step.
        steps: number of training steps.
        validate_every: training steps from one validation to the next.
        clips_per_video: random clips of each video in an epoch; 0 takes every clip there is.
        learning_rate: learning rate of the optimiser.
        clip_gradient: gradients whose norm is larger are scaled down to it; 0 does not clip.
        false_alarms_per_hour: the most false alarms per hour of normal footage that the threshold
            promises.
        smoothing_seconds: anomaly scores are smoothed over time, where later frames may be
            used, by a Gaussian with this standard deviation in seconds; 0 does not smooth.
    """

    batch_size: int = setting(4, at_least=1)
    steps: int = setting(10000, at_least=1)
    validate_every: int = setting(500, at_least=1)
    clips_per_video: int = setting(0, at_least=0)
    learning_rate: float = setting(0.0002, at_least=0)
    clip_gradient: float = setting(0.0, at_least=0)
    false_alarms_per_hour: float = setting(1.0, above=0)
    smoothing_seconds: float = setting(0.2, at_least=0, at_most=3600)


@dataclass(frozen=True)
class ClipConfig(TrainingConfig):
    """Settings that every detector trained on clips of pictures has.

    Attributes:
        size: frames are resized to this many pixels in height and width.
        resize: how a frame comes to that size: ``area`` means over what a pixel covers, the truest
            small picture; ``bilinear`` mixes the four nearest pixels (OpenCV's default, which the
            published networks saw); ``pillow`` is Pillow's and torchvision's (OGNet's).
        colour: order of the channels; ``grey`` is one channel.
        pixels: range of the values: ``symmetric`` -1 to 1, ``unit`` 0 to 1, ``per-image`` each
            frame stretched from 0 to 1 (a frame of one value becomes 0).
        frame_step: frames from one frame of a clip to the next.
        learning_rate: learning rate of the optimiser Adam.
    """

    size: int = setting(256, at_least=16, at_most=4096)
    resize: Resampling = "area"
    colour: Literal["bgr", "rgb", "grey"] = "bgr"
    pixels: Literal["symmetric", "unit", "per-image"] = "symmetric"
    frame_step: int = setting(1, at_least=1)

    @property
    def channels(self) -> int:
        """Channels of a frame."""
        return 1 if self.colour == "grey" else 3


@dataclass(frozen=True)
class PredictionConfig(ClipConfig):
    """Settings of detectors that predict a frame from those before it, as a GAN.

    The defaults are those of the PyTorch port of future-frame prediction.

    Attributes:
        context: number of frames that the next one is predicted from.
        width: channels of the generator's first level; the generator predicts the frame.
        batch_norm: the generator has batch norms, as in the PyTorch port; the paper's own code
            has none.
        discriminator_width: channels after the discriminator's first convolution.
        intensity_weight: weight of the squared error of the pixels in the generator's loss.
        gradient_weight: weight of the error of the edges in the generator's loss.
        flow_weight: weight of the error of the motion in the generator's loss.
        adversarial_weight: weight of the discriminator's answers in the generator's loss; with 0
            the discriminator is not trained.
        flow: what measures motion in training: ``matching`` compares blocks and needs no weights,
            ``flownet2-sd`` and ``liteflownet`` are networks, ``none`` leaves motion out.
        flow_weights: file with the weights of ``flownet2-sd`` or ``liteflownet``.
        discriminator_rate: learning rate of the discriminator.
        decay_at: training step from which both learning rates are a tenth; 0 = never.
    """

    context: int = setting(4, at_least=1)
    width: int = setting(64, at_least=1)
    batch_norm: bool = True
    discriminator_width: int = setting(128, at_least=1)
    intensity_weight: float = setting(1.0, at_least=0)
    gradient_weight: float = setting(1.0, at_least=0)
    flow_weight: float = setting(2.0, at_least=0)
    adversarial_weight: float = setting(0.05, at_least=0)
    flow: Literal["none", "matching", "flownet2-sd", "liteflownet"] = "matching"
    flow_weights: str = ""
    discriminator_rate: float = setting(2e-5, at_least=0)
    decay_at: int = setting(0, at_least=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.flow not in ("none", "matching"):
            if not self.flow_weights:
                raise OddframeError(
                    f"--settings.flow {self.flow}: it needs its weights, and none are given; add "
                    "--settings.flow_weights FILE, or take --settings.flow matching"
                )
        else:
            self.expect(not self.flow_weights, "flow_weights", f"no file with flow {self.flow}")
