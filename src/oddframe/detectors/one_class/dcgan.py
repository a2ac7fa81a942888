"""A generative adversarial network of single frames: the thesis' preliminary generator.

It makes frames from random numbers and knows nothing of the frame it is asked about, so it is a
way to see what normal footage looks like to a network, not a good detector; its score is here so
that this can be measured.

Source: the thesis' ``gannetwork.py``, but trained as a GAN. There the generator is pulled to the
frames of the batch by pixel losses, although its random input has nothing to do with them, which
leaves it their mean; and the discriminator's loss compares its two answers with each other, with no
1 and no 0 in it. Here both have the losses of Goodfellow et al., "Generative Adversarial Nets",
NIPS 2014: binary cross-entropy against 1 for real and 0 for made frames, and for the generator the
non-saturating form, against 1 for the frames that it made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import Tensor
from torch.nn import functional

from oddframe.clips.config import ClipConfig
from oddframe.clips.detector import ClipDetector
from oddframe.clips.losses import error_decibel, error_map
from oddframe.clips.terms import ClipTerms
from oddframe.networks.dcgan import DcganDiscriminator, DcganGenerator
from oddframe.networks.initialise import normal_initialise
from oddframe.settings.ranges import setting

_FIXED = 16
"""Fixed random inputs, for pictures that can be compared over time and for the mean image."""


@dataclass(frozen=True)
class DcganConfig(ClipConfig):
    """Settings of the DCGAN; the defaults are the thesis' for Avenue, 16 epochs.

    Attributes:
        width: channels of the widest layers of both networks.
        latent: how many random numbers a frame is made from.
    """

    size: int = setting(128, multiple_of=16)
    batch_size: int = 16
    steps: int = 15000
    width: int = setting(128, at_least=8, multiple_of=8)
    latent: int = setting(100, at_least=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.expect(
            self.pixels == "symmetric", "pixels", "symmetric, the range of what is generated"
        )


class Dcgan(ClipDetector):
    """Generator and discriminator of single frames.

    The score is the discriminator's answer, the only thing in a GAN that is trained to know a real
    normal frame. It answers for frames like the generator's and may say anything about others. The
    map is the squared difference from the mean of 16 generated frames, roughly the empty scene;
    the term ``error``, measured but not in the score, is the same difference in dB.
    """

    name: ClassVar[str] = "dcgan"
    config_type: ClassVar[type[ClipConfig]] = DcganConfig
    phases = ("generator", "discriminator")
    config: DcganConfig
    latents: Tensor

    def __init__(self, config: DcganConfig) -> None:
        super().__init__(config)
        self.generator = DcganGenerator(config.channels, config.size, config.latent, config.width)
        self.discriminator = DcganDiscriminator(config.channels, config.size, config.width)
        normal_initialise(self)
        fixed = torch.Generator().manual_seed(0)
        drawn = torch.randn(_FIXED, config.latent, generator=fixed, device=fixed.device)
        self.register_buffer("latents", drawn)
        self._made: Tensor | None = None
        self._mean_image: Tensor | None = None

    @property
    def weights(self) -> dict[str, float]:
        """The discriminator's answer alone."""
        return {"discriminator": 1.0}

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Binary cross-entropies, in nats; 0.693 is what guessing costs.

        ``generator``: ``loss``. ``discriminator``: ``real`` and ``fake``, whose sum is ``loss``.

        In both phases the discriminator sees real and made frames in one batch, so that its batch
        norms have in training the mixture that their running statistics, used in scoring, describe.
        """
        real = self.as_pixels(batch["clip"])[:, -1]
        if phase == "generator":
            latents = torch.randn(len(real), self.config.latent, device=real.device)
            made = self.generator(latents.to(real.dtype))
            self._made = made.detach()
            return {"loss": functional.softplus(-self._answers(real, made)[1]).mean()}
        made, self._made = self._made, None
        if made is None:
            raise RuntimeError("the discriminator's phase follows the generator's")
        said_real, said_fake = self._answers(real, made)
        terms = {
            "real": functional.softplus(-said_real).mean(),
            "fake": functional.softplus(said_fake).mean(),
        }
        return {**terms, "loss": terms["real"] + terms["fake"]}

    def _answers(self, real: Tensor, made: Tensor) -> tuple[Tensor, Tensor]:
        real_logits, made_logits = self.discriminator(torch.cat((real, made))).chunk(2)
        return real_logits, made_logits

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Adam for each network; its first momentum is 0.5, as Radford et al. advise."""
        networks = {"generator": self.generator, "discriminator": self.discriminator}
        return {
            phase: torch.optim.Adam(
                network.parameters(), lr=self.config.learning_rate, betas=(0.5, 0.999)
            )
            for phase, network in networks.items()
        }

    def train(self, mode: bool = True) -> Self:
        """Switch the mode; the mean image of earlier weights is forgotten."""
        self._mean_image = None
        return super().train(mode)

    def mean_image(self) -> Tensor:
        """Mean of the frames made from the fixed random inputs ``(1, channels, h, w)``."""
        if self._mean_image is None:
            self._mean_image = self.generator(self.latents).detach().mean(0, keepdim=True)
        return self._mean_image.to(self.latents.device)

    def measure(self, clip: Tensor) -> ClipTerms:
        """``discriminator``: minus the logit; ``error``: dB from the mean image."""
        frames = clip[:, -1]
        mean = self.as_unit(self.mean_image()).expand_as(frames)
        truth = self.as_unit(frames)
        terms = {
            "discriminator": -self.discriminator(frames),
            "error": error_decibel(mean, truth),
        }
        return ClipTerms(terms, error_map(mean, truth))

    def pictures(self, clip: Tensor) -> dict[str, Tensor]:
        """Real frames, frames made from the same random inputs at every time, and the map."""
        chosen = torch.arange(len(clip), device=self.latents.device) % _FIXED
        return {
            "target": clip[:, -1],
            "generated": self.generator(self.latents[chosen]),
            "error": self.measure(clip).map[:, None],
        }

    def rank(self, metrics: Mapping[str, float]) -> tuple[float, ...]:  # noqa: ARG002
        """Nothing: the newest state is kept.

        A discriminator that calls everything real is the least odd on held-out normal frames, and
        a generator that makes nothing but the mean image has the least error.
        """
        return ()

    def reason(self, term: str) -> str:
        """Why a frame is odd."""
        return {
            "discriminator": "the discriminator does not take this frame for a normal one",
            "error": "this is unlike the mean of generated frames",
        }[term]

    @property
    def notes(self) -> dict[str, Any]:
        """Plain values for a report."""
        return {**super().notes, "purpose": "a preliminary generator, not meant as a detector"}


DETECTOR = Dcgan
CONFIG = DcganConfig
