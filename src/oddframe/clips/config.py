"""Settings that detectors of clips share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from oddframe.errors import OddframeError
from oddframe.media.frames import Resampling
from oddframe.settings.checked import CheckedSettings


@dataclass(frozen=True)
class ClipConfig(CheckedSettings):
    """Settings that every detector trained on clips has.

    Attributes:
        size: frames are resized to this many pixels in height and width.
        resize: how a frame comes to that size: ``area`` means over what a pixel covers, the truest
            small picture; ``bilinear`` mixes the four nearest pixels (OpenCV's default, which the
            published networks saw); ``pillow`` is Pillow's and torchvision's (OGNet's).
        colour: order of the channels; ``grey`` is one channel.
        pixels: range of the values: ``symmetric`` -1 to 1, ``unit`` 0 to 1, ``per-image`` each
            frame stretched from 0 to 1 (a frame of one value becomes 0).
        frame_step: frames from one frame of a clip to the next.
        batch_size: clips per step.
        steps: training steps.
        validate_every: steps between two validations.
        clips_per_video: random clips of each video in an epoch; 0 takes every clip there is.
        learning_rate: of Adam.
        clip_gradient: largest gradient norm; 0 does not clip.
        false_alarms_per_hour: of normal footage, that the threshold promises at most.
        smoothing_seconds: standard deviation of the Gaussian over time in offline scoring.
    """

    size: int = 256
    resize: Resampling = "area"
    colour: Literal["bgr", "rgb", "grey"] = "bgr"
    pixels: Literal["symmetric", "unit", "per-image"] = "symmetric"
    frame_step: int = 1
    batch_size: int = 4
    steps: int = 10000
    validate_every: int = 500
    clips_per_video: int = 0
    learning_rate: float = 0.0002
    clip_gradient: float = 0.0
    false_alarms_per_hour: float = 1.0
    smoothing_seconds: float = 0.2

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        self.expect(16 <= self.size <= 4096, "size", "16 to 4096")
        for name in ("frame_step", "batch_size", "validate_every", "steps"):
            self.expect(getattr(self, name) >= 1, name, "1 or more")
        for name in ("clips_per_video", "learning_rate", "clip_gradient"):
            self.expect(getattr(self, name) >= 0, name, "0 or more")
        self.expect(0 <= self.smoothing_seconds <= 3600, "smoothing_seconds", "0 to 3600")
        self.expect(self.false_alarms_per_hour > 0, "false_alarms_per_hour", "more than 0")

    @property
    def channels(self) -> int:
        """Channels of a frame."""
        return 1 if self.colour == "grey" else 3


@dataclass(frozen=True)
class PredictionConfig(ClipConfig):
    """Settings of detectors that predict a frame from those before it, as a GAN.

    The defaults are those of the PyTorch port of future-frame prediction.

    Attributes:
        context: frames that the next one is predicted from.
        width: channels of the generator's first level.
        batch_norm: as in the PyTorch port; without it, as in the paper's own code.
        discriminator_width: channels after the discriminator's first convolution.
        intensity_weight, gradient_weight, flow_weight, adversarial_weight: of the loss terms; a
            discriminator whose answers weigh 0 is not trained.
        flow: what measures motion while training; ``matching`` needs no weights, ``none`` leaves
            the term out.
        flow_weights: file of the weights of ``flownet2-sd`` or ``liteflownet``.
        discriminator_rate: learning rate of the discriminator.
        decay_at: from this step on both learning rates are a tenth; 0 = never.
    """

    context: int = 4
    width: int = 64
    batch_norm: bool = True
    discriminator_width: int = 128
    intensity_weight: float = 1.0
    gradient_weight: float = 1.0
    flow_weight: float = 2.0
    adversarial_weight: float = 0.05
    flow: Literal["none", "matching", "flownet2-sd", "liteflownet"] = "matching"
    flow_weights: str = ""
    discriminator_rate: float = 2e-5
    decay_at: int = 0

    def __post_init__(self) -> None:
        ClipConfig.__post_init__(self)
        for name in ("context", "width", "discriminator_width"):
            self.expect(getattr(self, name) >= 1, name, "1 or more")
        weights = ("intensity_weight", "gradient_weight", "flow_weight", "adversarial_weight")
        for name in (*weights, "discriminator_rate", "decay_at"):
            self.expect(getattr(self, name) >= 0, name, "0 or more")
        flows = ("none", "matching", "flownet2-sd", "liteflownet")
        self.expect(self.flow in flows, "flow", f"one of {', '.join(flows)}")
        if self.flow in ("flownet2-sd", "liteflownet"):
            if not self.flow_weights:
                raise OddframeError(
                    f"--settings.flow {self.flow}: it needs its weights, and none are given; add "
                    "--settings.flow_weights FILE, or take --settings.flow matching"
                )
        else:
            self.expect(not self.flow_weights, "flow_weights", f"no file with flow {self.flow}")
