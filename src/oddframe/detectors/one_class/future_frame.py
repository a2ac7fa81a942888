"""Future-frame prediction: what a network that knows normal life cannot foresee is odd.

Source: Liu, Luo, Lian and Gao, "Future Frame Prediction for Anomaly Detection: A New Baseline",
CVPR 2018. A U-Net predicts the next frame from the last four, trained on normal footage so that
the frame, its edges, its motion and its look (to a discriminator of patches) come out right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

import torch
from torch import Tensor

from oddframe.clips.config import ClipConfig, PredictionConfig
from oddframe.clips.detector import ClipDetector
from oddframe.clips.losses import (
    adversarial_discriminator,
    adversarial_generator,
    error_decibel,
    error_map,
    gradient,
    intensity,
)
from oddframe.clips.terms import ClipTerms
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeError
from oddframe.files.tensor_checks import built, without_prefix
from oddframe.networks.initialise import normal_initialise, xavier_initialise
from oddframe.networks.patch_discriminator import PatchDiscriminator
from oddframe.networks.published_states import load_strictly, width_of
from oddframe.networks.unet import UNet

if TYPE_CHECKING:
    from oddframe.networks.flow import FlowTerm

_CHECKPOINTS = (("net_g", "net_d", 256), ("net_g_norm", "net_d_norm", 128))
"""Names of generator and discriminator in the PyTorch port's and the thesis' checkpoints, and the
size of frame that each was trained on, which no checkpoint stores."""


@dataclass(frozen=True)
class FutureFrameConfig(PredictionConfig):
    """Settings of future-frame prediction; the defaults are those of the PyTorch port."""


class FutureFrame(ClipDetector):
    """A generator that predicts frames and a discriminator that keeps them sharp.

    Deviations from the paper's code: one batch serves both networks of a step, the generator
    first; the discriminator pads with zeros. Deviations from the PyTorch port: the flow term has a
    gradient (the port detaches it, so that it only moves the printed number); the discriminator is
    not fed the gradient of the generator's loss; the flow network sees frames of 0 to 1 as it was
    trained to (the port shows FlowNet2-SD twice the contrast).
    """

    name: ClassVar[str] = "future-frame"
    traits: ClassVar[Traits] = replace(ClipDetector.traits, published=True)
    config_type: ClassVar[type[ClipConfig]] = FutureFrameConfig
    phases = ("generator", "discriminator")
    config: FutureFrameConfig

    def __init__(self, config: FutureFrameConfig) -> None:
        super().__init__(config)
        channels = config.channels
        self.generator = UNet(config.context * channels, channels, config.width, config.batch_norm)
        self.discriminator = PatchDiscriminator(channels, config.discriminator_width)
        (normal_initialise if config.batch_norm else xavier_initialise)(self.generator)
        normal_initialise(self.discriminator)
        self._flow: FlowTerm | None = None
        self._prediction: Tensor | None = None

    @property
    def clip_length(self) -> int:
        """The context and the frame that is predicted."""
        return self.config.context + 1

    def predict(self, clip: Tensor) -> tuple[Tensor, Tensor]:
        """Prediction and target ``(clips, channels, h, w)`` of pixels, see :meth:`measure`."""
        return self.generator(clip[:, :-1].flatten(1, 2)), clip[:, -1]

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weighted terms, which add up to ``loss`` (Eq. 6 and 7)."""
        clip = self.as_pixels(batch["clip"])
        if phase == "discriminator":
            made, self._prediction = self._prediction, None
            if made is None:
                raise RuntimeError("the discriminator's phase follows the generator's")
            answers = self.discriminator(clip[:, -1]), self.discriminator(made)
            return {"loss": adversarial_discriminator(*answers)}
        config = self.config
        prediction, target = self.predict(clip)
        self._prediction = prediction.detach()
        terms = {
            "intensity": config.intensity_weight * intensity(prediction, target),
            "gradient": config.gradient_weight * gradient(prediction, target),
        }
        if config.flow != "none" and config.flow_weight:
            terms["flow"] = config.flow_weight * self._flow_error(clip[:, -2], prediction, target)
        if config.adversarial_weight:
            answer = adversarial_generator(self.discriminator(prediction))
            terms["adversarial"] = config.adversarial_weight * answer
        return {**terms, "loss": torch.stack(list(terms.values())).sum()}

    def _flow_error(self, last: Tensor, prediction: Tensor, target: Tensor) -> Tensor:
        # Made when it is first needed: a fitted detector scores without the weights of the flow.
        if self._flow is None:
            from oddframe.networks.flow import flow_term

            self._flow = flow_term(self.config.flow, self.config.flow_weights)
        seen = [self.as_unit(images) for images in (last, prediction, target)]
        return self._flow(*(s.flip(1) for s in seen) if self.config.colour == "bgr" else seen)

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Adam for each of the two networks."""
        adam, config = torch.optim.Adam, self.config
        return {
            "generator": adam(self.generator.parameters(), lr=config.learning_rate),
            "discriminator": adam(self.discriminator.parameters(), lr=config.discriminator_rate),
        }

    def begin_step(self, step: int) -> dict[str, float]:
        """Both learning rates fall to a tenth at ``decay_at``."""
        phases = super().begin_step(step)
        if not self.config.adversarial_weight:
            del phases["discriminator"]
        factor = 0.1 if 0 < self.config.decay_at <= step else 1.0
        return dict.fromkeys(phases, factor)

    def measure(self, clip: Tensor) -> ClipTerms:
        """``error``, the negative PSNR of the predicted frame in dB, and the squared error."""
        prediction, target = (self.as_unit(images) for images in self.predict(clip))
        return ClipTerms(
            {"error": error_decibel(prediction, target)}, error_map(prediction, target)
        )

    def pictures(self, clip: Tensor) -> dict[str, Tensor]:
        """The frame, its prediction and the squared error."""
        prediction, target = self.predict(clip)
        error = error_map(self.as_unit(prediction), self.as_unit(target))
        return {"target": target, "prediction": prediction, "error": error[:, None]}

    def reason(self, term: str) -> str:
        """Why a frame is odd."""
        return {"error": "what came could not be foreseen from the frames before"}[term]

    @classmethod
    def from_published(
        cls, tensors: Mapping[str, Tensor | Mapping[str, Tensor]], size: int | None = None
    ) -> Self:
        """The detector of a published PyTorch checkpoint; the widths come from its tensors.

        Args:
            tensors: the state dict of a generator, or a checkpoint with state dicts under
                ``net_g`` and ``net_d`` (PyTorch port), or ``net_g_norm`` and ``net_d_norm``
                (thesis); optimisers are ignored. Without a discriminator a fresh one is made.
            size: height and width of the frames it was trained on; by default 128 for the thesis,
                256 otherwise.

        Raises:
            OddframeError: missing or foreign names, or other shapes.
        """
        generator, discriminator, usual_size = _published_parts(tensors)
        channels = width_of(generator, "outc.weight", 0, cls.name)
        inputs = width_of(generator, "inc.conv.conv.0.weight", 1, cls.name)
        if channels not in (1, 3) or inputs % channels:
            raise OddframeError(
                f"not a {cls.name} checkpoint: expected whole frames of 1 or 3 channels, found "
                f"{inputs} channels in and {channels} out; give the U-Net of the published network"
            )
        judge_width = FutureFrameConfig.discriminator_width
        if discriminator:
            judge_width = width_of(discriminator, "net.0.weight", 0, cls.name)
        config = FutureFrameConfig(
            size=size or usual_size,
            resize="bilinear",
            colour="bgr" if channels == 3 else "grey",
            context=inputs // channels,
            width=width_of(generator, "outc.weight", 1, cls.name),
            discriminator_width=judge_width,
        )
        detector = built(lambda: cls(config), generator, discriminator)
        load_strictly(detector.generator, generator, f"{cls.name}'s generator")
        if discriminator:
            load_strictly(detector.discriminator, discriminator, f"{cls.name}'s discriminator")
        return detector.eval()


def _published_parts(
    content: Mapping[str, Tensor | Mapping[str, Tensor]],
) -> tuple[dict[str, Tensor], dict[str, Tensor], int]:
    """Generator, discriminator (empty if there is none) and the usual size of a frame."""
    flat = {key: value for key, value in content.items() if isinstance(value, Tensor)}
    nested = {key: value for key, value in content.items() if isinstance(value, Mapping)}
    if not nested:
        return without_prefix(flat), {}, 256
    for generator, discriminator, size in _CHECKPOINTS:
        if generator in nested:
            judge = nested.get(discriminator, {})
            return without_prefix(nested[generator]), without_prefix(judge), size
    raise OddframeError(
        f"not a {FutureFrame.name} checkpoint: expected a generator under 'net_g' or "
        f"'net_g_norm', found {', '.join(sorted(nested)[:6])}; give the published checkpoint or "
        "the state dict of its generator"
    )


DETECTOR = FutureFrame
CONFIG = FutureFrameConfig
