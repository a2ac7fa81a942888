"""Reconstruction without memory: a convolutional auto-encoder, and one that is taught to be wrong.

What the auto-encoder of normal frames reconstructs badly is odd. Its network is MNAD's without
memory (Park et al., CVPR 2020; the reproduction of Liu et al.), 12,512,195 parameters for RGB
and width 64, with which the thesis tried what it calls a pseudo-anomaly: a second auto-encoder of
the same frames that is paid for its error. This module has both; only the first is scored.

The thesis minimises ``-v (MSE + KL)``, and in another script ``-0.2 MSE``. Deviations from it:

* The second network's error counts up to a cap, frame by frame. The loss is never below
  ``-pseudo_weight * pseudo_cap``, and a frame that is wrong enough has no gradient, whereas the
  published loss is least where every pixel is saturated.
* What the second network makes is an image. Where pixels go from 0 to 1, the published one is paid
  most for values below 0, which show as black; here the range of its tanh is brought to theirs.
* ``kl`` compares two distributions. The thesis gives pixels to a divergence of distributions, which
  is not one: it falls without end as the reconstruction grows, whatever the target, and it is NaN
  where the target has negative pixels. It is here as ``kl-pixels``, refused where it would be NaN.
* Both networks follow the cosine schedule; the thesis forgot to step the second's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor
from torch.nn import functional

from oddframe.clips.config import ClipConfig
from oddframe.clips.detector import ClipDetector
from oddframe.clips.losses import error_decibel, error_map, intensity
from oddframe.clips.terms import ClipTerms
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeError
from oddframe.files.tensor_checks import built, without_prefix
from oddframe.networks.autoencoder import ConvAutoencoder, without_unused
from oddframe.networks.published_states import load_strictly, width_of
from oddframe.settings.ranges import setting


@dataclass(frozen=True)
class ConvAEConfig(ClipConfig):
    """Settings of the auto-encoder; the defaults are the thesis' for Avenue, 15 epochs.

    Attributes:
        pixels: ``symmetric`` and ``per-image`` are the thesis' ``mnad_norm`` and ``dyn_norm``.
        learning_rate: learning rate of the optimiser Adam at the first step; it falls to 0 on half
            a cosine.
        width: channels of the first block; each of three poolings doubles them.
        skips: the decoder also sees the encoder's blocks.
        wide: upsampling keeps the channels, as in MNAD's released reconstruction network.
        pseudo: what the second auto-encoder's error is: ``none`` has no second one, ``mse`` the
            mean squared error, ``kl`` that and the divergence between the two images' brightness
            as distributions over the pixels, ``kl-pixels`` that and the published divergence.
        pseudo_weight: weight of the second auto-encoder's loss. Adam divides by the size of a
            gradient, so where a network has one loss only, as here, it scales the curve and hardly
            anything else.
        pseudo_cap: error of a frame, of images from 0 to 1, beyond which more is not paid for. A
            mean squared error of 0.25 can be reached whatever the frame, as one end of the range is
            at least 0.5 away from any pixel. A cap below the error of an untrained
            network (on Ped2 0.06, per image 0.17) trains nothing.
    """

    size: int = setting(256, multiple_of=8)
    batch_size: int = 8
    steps: int = 28000
    learning_rate: float = 2e-5
    width: int = setting(64, at_least=1)
    skips: bool = False
    wide: bool = False
    pseudo: Literal["none", "mse", "kl", "kl-pixels"] = "none"
    pseudo_weight: float = setting(0.1, above=0)
    pseudo_cap: float = setting(0.25, above=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pseudo == "kl-pixels" and self.pixels == "symmetric":
            raise OddframeError(
                "--settings.pseudo kl-pixels: it takes the logarithm of the frame's pixels, and "
                "--settings.pixels symmetric makes dark ones negative, so the loss would be NaN; "
                "use --settings.pixels per-image or unit, or --settings.pseudo kl"
            )


class ConvAE(ClipDetector):
    """An auto-encoder of normal frames and, if asked for, one of pseudo-anomalies.

    The term is ``error``, the negative PSNR; the map is the squared error.
    """

    name: ClassVar[str] = "conv-ae"
    traits: ClassVar[Traits] = replace(ClipDetector.traits, published=True)
    config_type: ClassVar[type[ClipConfig]] = ConvAEConfig
    phases = ("normal", "pseudo")
    config: ConvAEConfig

    def __init__(self, config: ConvAEConfig) -> None:
        super().__init__(config)
        self.normal = self._autoencoder()
        self.pseudo = None if config.pseudo == "none" else self._autoencoder()
        if self.pseudo is None:
            self.phases = ("normal",)

    def _autoencoder(self) -> ConvAutoencoder:
        config = self.config
        return ConvAutoencoder(
            config.channels,
            config.channels,
            config.width,
            skips=config.skips,
            narrow=not config.wide,
        )

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """``normal``: the mean squared error. ``pseudo``: what it is wrong by, and the loss.

        The second network's terms are ``error`` and, if asked for, ``divergence``: means over the
        frames, before the cap. ``loss`` is in ``[-pseudo_weight * pseudo_cap, 0]`` except with
        ``kl-pixels``, whose divergence of images from 0 to 1 is never positive.
        """
        frames = self.as_pixels(batch["clip"])[:, -1]
        if phase == "normal":
            return {"loss": intensity(self.normal(frames), frames)}
        wrong = self.pseudo_anomaly(frames)
        made, truth = self.as_unit(wrong), self.as_unit(frames)
        terms = {"error": error_map(made, truth).mean((1, 2))}
        if self.config.pseudo == "kl":
            terms["divergence"] = brightness_divergence(made, truth)
        elif self.config.pseudo == "kl-pixels":
            terms["divergence"] = pixel_divergence(wrong, frames)
        counted = torch.stack(list(terms.values())).sum(0).clamp(max=self.config.pseudo_cap)
        means = {name: value.mean() for name, value in terms.items()}
        return {**means, "loss": -self.config.pseudo_weight * counted.mean()}

    def pseudo_anomaly(self, frames: Tensor) -> Tensor:
        """What the second auto-encoder makes of frames, in the range of the pixels.

        Args:
            frames: pixels ``(n, channels, h, w)``.
        """
        if self.pseudo is None:
            raise RuntimeError("there is no second auto-encoder: --settings.pseudo is none")
        made = self.pseudo(frames)
        return made if self.config.pixels == "symmetric" else (made + 1) / 2

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """One Adam for each network."""
        networks = {"normal": self.normal, "pseudo": self.pseudo}
        return {
            phase: torch.optim.Adam(network.parameters(), lr=self.config.learning_rate)
            for phase, network in networks.items()
            if network is not None
        }

    def begin_step(self, step: int) -> dict[str, float]:
        """Both learning rates fall to 0 on half a cosine over all steps."""
        share = min(step / self.config.steps, 1.0)
        factor = (1 + math.cos(math.pi * share)) / 2
        return dict.fromkeys(super().begin_step(step), factor)

    def measure(self, clip: Tensor) -> ClipTerms:
        """The error of the first auto-encoder."""
        frames = clip[:, -1]
        made, truth = self.as_unit(self.normal(frames)), self.as_unit(frames)
        return ClipTerms({"error": error_decibel(made, truth)}, error_map(made, truth))

    def pictures(self, clip: Tensor) -> dict[str, Tensor]:
        """The frame, its reconstruction, the squared error, and what the second network makes."""
        frames = clip[:, -1]
        made = self.normal(frames)
        found = {"target": frames, "reconstruction": made}
        if self.pseudo is not None:
            found["pseudo-anomaly"] = self.pseudo_anomaly(frames)
        return {**found, "error": error_map(self.as_unit(made), self.as_unit(frames))[:, None]}

    def reason(self, term: str) -> str:
        """Why a frame is odd."""
        return {"error": "the network cannot reconstruct this"}[term]

    @classmethod
    def from_published(
        cls,
        tensors: Mapping[str, Any],
        *,
        size: int | None = None,
        pixels: Literal["symmetric", "unit", "per-image"] = "symmetric",
    ) -> Self:
        """A detector with published weights; width, channels, skips and wide follow from shapes.

        Args:
            tensors: a state dict of the network without memory, or a checkpoint of the thesis that
                has one under ``normG_state_dict``. The thesis' second network,
                ``abnormG_state_dict``, is never scored and is left out; so is the BatchNorm that
                the published encoder never calls.
            size: height and width of the frames, which no checkpoint says; by default 128 for the
                thesis, else 256.
            pixels: range of the frames' values, which no checkpoint says either.

        Raises:
            OddframeError: tensors missing, foreign or of other shapes, or a network that predicts.
        """
        nested = tensors.get("normG_state_dict")
        own = without_unused(without_prefix(tensors if nested is None else nested))
        method = "conv-ae"
        channels = width_of(own, "encoder.moduleConv1.0.weight", 1, method)
        if channels not in (1, 3):
            raise OddframeError(
                f"not a {method} checkpoint: expected a network of one grey or RGB frame, found "
                f"one of {channels} channels; networks of several frames belong to mnad"
            )
        width = width_of(own, "encoder.moduleConv1.0.weight", 0, method)
        raised = width_of(own, "decoder.moduleUpsample4.0.weight", 1, method)
        joined = width_of(own, "decoder.moduleDeconv3.0.weight", 1, method)
        # The thesis' loader turns frames to RGB; the others leave OpenCV's order.
        colour = "grey" if channels == 1 else "bgr" if nested is None else "rgb"
        config = ConvAEConfig(
            size=size or (256 if nested is None else 128),
            resize="bilinear",
            colour=colour,
            pixels=pixels,
            width=width,
            skips=joined > raised,
            wide=raised > 4 * width,
        )
        detector = built(lambda: cls(config), own)
        load_strictly(detector.normal, own, method)
        return detector.eval()


def brightness_divergence(prediction: Tensor, target: Tensor) -> Tensor:
    """How differently the brightness of two images is spread, in nats, never negative.

    The Kullback-Leibler divergence of the softmax over all pixels and channels, from target to
    prediction. A softmax is positive everywhere, and for images from 0 to 1 the result is below 2.

    Args:
        prediction: ``(n, channels, h, w)``, from 0 to 1.
        target: the true frames, in the same shape.

    Returns:
        ``(n,)``.
    """
    made = prediction.flatten(1).log_softmax(1)
    true = target.flatten(1).log_softmax(1)
    return functional.kl_div(made, true, reduction="none", log_target=True).sum(1)


def pixel_divergence(prediction: Tensor, target: Tensor) -> Tensor:
    """The published "KL" of raw pixels: the mean of ``target * (log(target) - prediction)``.

    Not a divergence: pixels are no distribution and the prediction no logarithm of one, so its
    gradient does not depend on the prediction. The thesis sums over the pixels; the mean is
    comparable to the squared error.

    Args:
        prediction: ``(n, channels, h, w)``.
        target: the true frames, in the same shape, never negative; NaN where it is.

    Returns:
        ``(n,)``.
    """
    return functional.kl_div(prediction, target, reduction="none").mean((1, 2, 3))


DETECTOR = ConvAE
CONFIG = ConvAEConfig
