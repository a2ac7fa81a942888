"""OGNet: a discriminator that learns what a good and what a bad reconstruction looks like.

Source: Zaheer, Lee, Astrid and Lee, "Old is Gold: Redefining the Adversarially Learned One-Class
Classifier Training Paradigm", CVPR 2020. Phase one trains a denoising auto-encoder against a
discriminator. Phase two, the refinement, trains the discriminator alone: the reconstructions of
the trained generator are good, those of an early state of it (the old generator) are bad, and so
are pseudo anomalies, which the trained generator makes of two mixed reconstructions of the old.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from oddframe.clips.config import ClipConfig
from oddframe.clips.detector import ClipDetector
from oddframe.clips.losses import LEAST_ERROR, error_decibel, error_map, intensity
from oddframe.clips.terms import ClipTerms
from oddframe.detectors.traits import Traits
from oddframe.errors import OddframeError
from oddframe.files.tensor_checks import built, without_prefix
from oddframe.networks.denoising_autoencoder import LEAST_SIDE, DenoisingAutoencoder
from oddframe.networks.frame_classifier import FrameClassifier
from oddframe.networks.published_states import load_strictly, width_of
from oddframe.settings.ranges import setting

STILL = math.log(1e-6)
"""Log-odds of a frame in which nothing moves, and the lowest of one in which something does: one
in a million. Only with patches."""
_AT_ONCE = 64
"""Patches measured at once: the generator keeps 512 channels at nearly full resolution."""


@dataclass(frozen=True)
class OGNetConfig(ClipConfig):
    """Settings of OGNet; the defaults are the paper's for Ped2 unless a line says more.

    The thesis takes whole frames: ``patches`` 0, ``size`` 64, ``colour`` rgb, ``pixels`` unit,
    ``batch_size`` 32, ``refine_steps`` 25.

    Attributes:
        size: frames are resized to this many pixels in height and width; with patches a multiple of
            their side. 270 is chosen here: it gives the pixels of a 360x240 frame to 36 patches of
            45.
        batch_size: clips in a training step; without patches these are the frames of the step.
        steps: number of training steps of both phases together. The default is about 20 epochs of
            Ped2, whose 2,550 training frames have 9.6 moving patches each.
        learning_rate: learning rate of the generator.
        discriminator_rate: learning rate of the discriminator; half of it in the refinement.
        width: channels after the first convolution of each network.
        patches: side of the square patches in pixels; 0 takes the whole frame as one.
        patches_per_step: moving patches drawn from a step's clips.
        motion: mean absolute difference to the previous frame, in values of 0 to 1, from which a
            patch counts as moving. The paper gives none; on Ped2 still patches stay below 0.004.
        noise: standard deviation of the noise on the generator's input in phase one, in the range
            of the pixels. 0.81 as in the released code, which squares the 0.9 that it is given.
        adversarial_weight: weight of the adversarial term in the generator's loss; that of the
            reconstruction has the rest.
        refine_steps: training steps of phase two, the refinement, at the end of the training;
            0 = phase one only.
        old_steps: the old generator is the state after so many steps; 0 = a twentieth of phase
            one, which is the paper's end of the first of about 20 epochs.
        real_share: share of frames among the good examples of the refinement, the paper's alpha;
            the rest are reconstructions.
        old_share: share of the old generator's reconstructions among the bad examples, the
            paper's beta; the rest are pseudo anomalies.
    """

    size: int = 270
    colour: Literal["bgr", "rgb", "grey"] = "grey"
    batch_size: int = 16
    steps: int = 8000
    learning_rate: float = 0.001
    discriminator_rate: float = setting(0.0001, at_least=0)
    width: int = setting(64, at_least=1)
    patches: int = 45
    patches_per_step: int = setting(64, at_least=1)
    motion: float = setting(0.005, at_least=0)
    noise: float = setting(0.81, at_least=0)
    adversarial_weight: float = setting(0.5, at_least=0, at_most=1)
    refine_steps: int = setting(75, at_least=0)
    old_steps: int = setting(0, at_least=0)
    real_share: float = setting(0.1, at_least=0, at_most=1)
    old_share: float = setting(0.001, at_least=0, at_most=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.patches:
            self.expect(self.patches >= LEAST_SIDE, "patches", f"0, or {LEAST_SIDE} or more")
            fits = self.size % self.patches == 0
            self.expect(fits, "size", f"a multiple of patches, which is {self.patches}")
        else:
            self.expect(self.size >= LEAST_SIDE, "size", f"{LEAST_SIDE} or more")
        first = self.first_phase_steps
        all_of_them = f"below the {self.steps} steps of both phases"
        self.expect(self.refine_steps < self.steps, "refine_steps", all_of_them)
        self.expect(self.old_steps < first, "old_steps", f"below the {first} steps of phase one")

    @property
    def side(self) -> int:
        """Height and width of what the networks see."""
        return self.patches or self.size

    @property
    def first_phase_steps(self) -> int:
        """Steps before the refinement."""
        return self.steps - self.refine_steps

    @property
    def snapshot_step(self) -> int:
        """Steps after which the generator becomes the old generator."""
        return self.old_steps or max(1, round(self.first_phase_steps / 20))


class OGNet(ClipDetector):
    """Generator, old generator and discriminator; the discriminator's answer is the score.

    The discriminator says how likely a reconstruction is a bad one: 1 is bad, 0 good, the reverse
    of the usual. It is asked without noise and after the generator, as in its training.

    Deviations from the released code: the discriminator never sees the gradient of the generator's
    loss, and its batch norms learn in its own phases only; the two halves of a pseudo anomaly are
    two images of one batch, where the code takes two further batches; the state at the end of the
    training is kept, where the code tests every state on the test set. Patches were
    never released and follow the paper's description.
    """

    name: ClassVar[str] = "ognet"
    traits: ClassVar[Traits] = replace(ClipDetector.traits, published=True)
    config_type: ClassVar[type[ClipConfig]] = OGNetConfig
    phases = ("generator", "discriminator", "refinement")
    config: OGNetConfig

    def __init__(self, config: OGNetConfig) -> None:
        super().__init__(config)
        self.generator = DenoisingAutoencoder(config.channels, config.width)
        # In the state, so that a training goes on after the snapshot; no optimiser has it.
        self.old_generator = DenoisingAutoencoder(config.channels, config.width)
        self.discriminator = FrameClassifier(config.channels, config.side, config.width, outputs=1)
        self._made: tuple[Tensor, Tensor] | None = None

    @property
    def clip_length(self) -> int:
        """With patches the previous frame too, which shows what moves."""
        return 2 if self.config.patches else 1

    @property
    def weights(self) -> dict[str, float]:
        """The discriminator alone; the error is measured beside it."""
        return {"discriminator": 1.0}

    # Training.

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Adam for each network, and a fresh one at half the rate for the refinement."""
        adam, config = torch.optim.Adam, self.config
        judge = list(self.discriminator.parameters())
        return {
            "generator": adam(self.generator.parameters(), lr=config.learning_rate),
            "discriminator": adam(judge, lr=config.discriminator_rate),
            "refinement": adam(judge, lr=config.discriminator_rate / 2),
        }

    def begin_step(self, step: int) -> dict[str, float]:
        """Keeps the old generator when it is time; says which of the two phases a step is in."""
        factors = super().begin_step(step)
        if step == self.config.snapshot_step:
            self.old_generator.load_state_dict(self.generator.state_dict())
        refining = step >= self.config.first_phase_steps
        return {phase: f for phase, f in factors.items() if (phase == "refinement") == refining}

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weighted terms, which add up to ``loss``; every one is a cross-entropy but the first.

        generator: ``reconstruction`` (mean squared error), ``adversarial``. discriminator:
        ``generated``, ``real``. refinement: ``old``, ``pseudo``, ``generated``, ``real``.
        """
        if phase == "generator":
            terms = self._generator_terms(self._examples(batch["clip"]))
        elif phase == "discriminator":
            pair, self._made = self._made, None
            if pair is None:
                raise RuntimeError("the discriminator's phase follows the generator's")
            images, made = pair
            terms = {
                "generated": _cross_entropy(self._logits(made), bad=1) / 2,
                "real": _cross_entropy(self._logits(images), bad=0) / 2,
            }
        else:
            terms = self._refinement_terms(self._examples(batch["clip"]))
        return {**terms, "loss": torch.stack(list(terms.values())).sum()}

    def _generator_terms(self, images: Tensor) -> dict[str, Tensor]:
        weight = self.config.adversarial_weight
        noisy = (images + self.config.noise * torch.randn_like(images)).clamp(-1, 1)
        made = self.generator(noisy)
        self._made = images, made.detach()
        # The discriminator's batch norms learn in its own phase, from good and bad alike.
        with _statistics_resting(self.discriminator):
            answer = _cross_entropy(self._logits(made), bad=0)
        return {
            "reconstruction": (1 - weight) * intensity(made, images),
            "adversarial": weight * answer,
        }

    def _refinement_terms(self, images: Tensor) -> dict[str, Tensor]:
        config = self.config
        with torch.no_grad(), _evaluating(self.generator, self.old_generator):
            good, old = self.generator(images), self.old_generator(images)
            pseudo = self._mixed(old)
        return {
            "old": config.old_share * _cross_entropy(self._logits(old), bad=1),
            "pseudo": (1 - config.old_share) * _cross_entropy(self._logits(pseudo), bad=1),
            "generated": (1 - config.real_share) * _cross_entropy(self._logits(good), bad=0),
            "real": config.real_share * _cross_entropy(self._logits(images), bad=0),
        }

    def _mixed(self, old: Tensor) -> Tensor:
        """Pseudo anomalies: each of the old generator's images mixed with the one before it."""
        return self.generator((old + old.roll(1, 0)) / 2)

    def _logits(self, images: Tensor) -> Tensor:
        """Log-odds that images are bad reconstructions, ``(n,)``."""
        return self.discriminator(images).squeeze(1)

    def _examples(self, clip: Tensor) -> Tensor:
        """What a step learns from: the frames, or moving patches of them drawn at random.

        Where nothing moves in a whole batch, patches are drawn from all there are.
        """
        pixels = self.as_pixels(clip)
        if not self.config.patches:
            return pixels[:, -1]
        patches, motion = self._cut(pixels)
        patches, moving = patches.flatten(0, 2), motion.flatten() >= self.config.motion
        candidates = moving.nonzero()[:, 0] if moving.any() else torch.arange(len(moving))
        drawn = torch.randperm(len(candidates))[: self.config.patches_per_step]
        return patches[candidates[drawn.to(candidates.device)].to(patches.device)]

    # Scoring.

    def measure(self, clip: Tensor) -> ClipTerms:
        """``discriminator``, the log-odds of a bad reconstruction, and ``error`` in dB.

        With patches both are those of the worst moving patch; a frame without one gets the
        lowest there is. The map holds the softplus of each patch's log-odds, 0 where nothing
        moves; for whole frames, whose log-odds have no place, the squared error of each pixel.
        """
        if not self.config.patches:
            images = clip[:, -1]
            logits, made = self._judge(images)
            unit = self.as_unit(made), self.as_unit(images)
            terms = {"discriminator": logits, "error": error_decibel(*unit)}
            return ClipTerms(terms, error_map(*unit))
        patches, motion = self._cut(clip)
        moving = motion >= self.config.motion
        scores = torch.full(moving.shape, STILL, device=clip.device)
        errors = torch.full(moving.shape, 10 * math.log10(LEAST_ERROR), device=clip.device)
        if moving.any():
            logits, made = self._judge(patches[moving])
            scores[moving] = logits.float().clamp(min=STILL)
            unit = self.as_unit(made), self.as_unit(patches[moving])
            errors[moving] = error_decibel(*unit).float()
        terms = {"discriminator": scores.amax((1, 2)), "error": errors.amax((1, 2))}
        return ClipTerms(terms, functional.softplus(scores).masked_fill(~moving, 0))

    def _judge(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Log-odds ``(n,)`` of the images' reconstructions, and these."""
        made = [self.generator(part) for part in images.split(_AT_ONCE)]
        return torch.cat([self._logits(part) for part in made]), torch.cat(made)

    def _cut(self, clip: Tensor) -> tuple[Tensor, Tensor]:
        """The last frame's patches ``(clips, rows, columns, channels, side, side)``.

        And how much each moves, ``(clips, rows, columns)``, see ``motion`` in the settings.
        """
        unit = self.as_unit(clip)
        moved = (unit[:, -1] - unit[:, 0]).abs()
        side = self.config.patches
        return _grid(clip[:, -1], side), _grid(moved, side).mean((3, 4, 5))

    def pictures(self, clip: Tensor) -> dict[str, Tensor]:
        """The frames, or of each the patch that moves most, and what is made of them."""
        images = clip[:, -1]
        if self.config.patches:
            patches, motion = self._cut(clip)
            most = motion.flatten(1).argmax(1)
            images = patches.flatten(1, 2)[torch.arange(len(most), device=most.device), most]
        made = self.generator(images)
        return {
            "target": images,
            "reconstruction": made,
            "pseudo-anomaly": self._mixed(self.old_generator(images)),
            "error": error_map(self.as_unit(made), self.as_unit(images))[:, None],
        }

    def rank(self, metrics: Mapping[str, float]) -> tuple[float, ...]:  # noqa: ARG002
        """Nothing: the newest state is kept, which after the last step is the refined one.

        Normal footage alone cannot say when the discriminator tells good from bad: one that calls
        everything good would win. The released code chooses by the AUC on the test set.
        """
        return ()

    def reason(self, term: str) -> str:
        """Why a frame is odd."""
        return {"discriminator": "what the network makes of this looks like a bad copy"}[term]

    @property
    def notes(self) -> dict[str, Any]:
        """Plain values for a report."""
        if not self.config.patches:
            return super().notes
        still = f"a frame in which no patch moves gets the log-odds {STILL:.1f}, the lowest"
        return {**super().notes, "still_frames": still}

    # Published checkpoints.

    @classmethod
    def from_published(cls, tensors: Mapping[str, Tensor | Mapping[str, Tensor]]) -> Self:
        """The detector of the published networks, for whole frames.

        They were published as whole pickled models in two files, ``g_high_epoch`` and
        ``d_high_epoch``. Where their code can be imported, write ``torch.save({"generator":
        g.state_dict(), "discriminator": d.state_dict()}, path)``, if you like with
        ``"old_generator"``, which scoring does not need; without it the generator stands in.

        Width, channels and size come from the tensors. Networks for grey images are taken for the
        authors' (45x45 pixels, symmetric), those for colour for the thesis' (64x64, RGB, unit).

        Args:
            tensors: the state dicts by these names (or ``g`` and ``d``), or both in one.

        Raises:
            OddframeError: missing or foreign names, or other shapes.
        """
        generator, discriminator, old = _published_parts(tensors)
        width = width_of(generator, "encoder.0.weight", 0, cls.name)
        channels = width_of(generator, "encoder.0.weight", 1, cls.name)
        # The discriminator ends in (side / 16)^2 places.
        places = width_of(discriminator, "discriminator.12.weight", 1, cls.name) / (8 * width)
        cells = math.isqrt(int(places))
        if channels not in (1, 3) or cells**2 != places or cells < 2:
            raise OddframeError(
                f"not an {cls.name} checkpoint: expected square images of 1 or 3 channels and "
                f"{LEAST_SIDE} pixels or more, found {channels} channels and {places:g} places in "
                "the discriminator; give the published networks"
            )
        config = OGNetConfig(
            # Sides of 33 to 48 all end in 3x3 places; 45 is the published one.
            size=45 if cells == 3 else 16 * cells,
            resize="pillow",  # torchvision's transforms
            colour="grey" if channels == 1 else "rgb",
            pixels="symmetric" if channels == 1 else "unit",
            width=width,
            patches=0,
        )
        detector = built(lambda: cls(config), generator, discriminator, old)
        for part, values in (
            ("generator", generator),
            ("old_generator", old or generator),
            ("discriminator", discriminator),
        ):
            network = detector.get_submodule(part)
            # Counters of training steps, of no use here; files older than PyTorch 0.4 lack them.
            counters = {k: v for k, v in network.state_dict().items() if k.endswith("_tracked")}
            load_strictly(network, {**counters, **values}, f"{cls.name}'s {part}")
        return detector.eval()


def _cross_entropy(logits: Tensor, bad: float) -> Tensor:
    """Mean cross-entropy of log-odds, all of which should say ``bad``, 0 or 1."""
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, bad))


def _grid(frames: Tensor, side: int) -> Tensor:
    """``(n, channels, h, w)`` to patches ``(n, rows, columns, channels, side, side)``."""
    rows = frames.unflatten(3, (-1, side)).unflatten(2, (-1, side))
    return rows.permute(0, 2, 4, 1, 3, 5)


@contextmanager
def _evaluating(*networks: nn.Module) -> Generator[None]:
    """Networks in eval mode, and then in the mode that they had."""
    modes = [network.training for network in networks]
    for network in networks:
        network.eval()
    try:
        yield
    finally:
        for network, mode in zip(networks, modes, strict=True):
            network.train(mode)


@contextmanager
def _statistics_resting(network: nn.Module) -> Generator[None]:
    """Batch norms that use a batch's statistics and do not remember them."""
    norms = [
        layer for layer in network.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)
    ]
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True


def _published_parts(
    content: Mapping[str, Tensor | Mapping[str, Tensor]],
) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
    """State dicts of generator, discriminator and old generator (empty if there is none)."""
    nested = {key: value for key, value in content.items() if isinstance(value, Mapping)}
    if not nested:
        flat = without_prefix({k: v for k, v in content.items() if isinstance(v, Tensor)})
        judge = {k: v for k, v in flat.items() if k.startswith("discriminator.")}
        return {k: v for k, v in flat.items() if k not in judge}, judge, {}
    generator = nested.get("generator", nested.get("g"))
    discriminator = nested.get("discriminator", nested.get("d"))
    if generator is None or discriminator is None:
        raise OddframeError(
            f"not an {OGNet.name} checkpoint: expected state dicts under 'generator' and "
            f"'discriminator', found {', '.join(sorted(nested)[:6])}; save both in one file"
        )
    old = nested.get("old_generator", {})
    return without_prefix(generator), without_prefix(discriminator), without_prefix(old)


DETECTOR = OGNet
CONFIG = OGNetConfig
