"""OGNet: a discriminator that learns what a good and what a bad reconstruction looks like.

Source: Zaheer, Lee, Astrid and Lee, "Old is Gold: Redefining the Adversarially Learned One-Class
Classifier Training Paradigm", CVPR 2020. Phase one trains a denoising auto-encoder against a
discriminator. Phase two, the refinement, trains the discriminator alone: the reconstructions of
the trained generator are good, those of an early state of it (the old generator) are bad, and so
are pseudo anomalies, which the trained generator makes of two mixed reconstructions of the old.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import torch
from torch import Tensor
from torch.nn import functional

from oddframe.clips.config import ClipConfig
from oddframe.clips.detector import ClipDetector
from oddframe.clips.losses import LEAST_ERROR, error_decibel, error_map, intensity
from oddframe.clips.terms import ClipTerms
from oddframe.detectors.one_class.ognet.published import checkpoint_parts
from oddframe.detectors.one_class.ognet.settings import OGNetConfig
from oddframe.detectors.traits import Traits
from oddframe.files.tensor_checks import built
from oddframe.networks.denoising_autoencoder import DenoisingAutoencoder
from oddframe.networks.frame_classifier import FrameClassifier
from oddframe.networks.modes import evaluating, statistics_resting
from oddframe.networks.published_states import load_strictly

STILL = math.log(1e-6)
"""Log-odds of a frame in which nothing moves, and the lowest of one in which something does: one
in a million. Only with patches."""


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
        if config.patches:
            # The generator keeps 512 channels at nearly full resolution, of all patches together.
            self.scoring_batch = 1

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
        with statistics_resting(self.discriminator):
            answer = _cross_entropy(self._logits(made), bad=0)
        return {
            "reconstruction": (1 - weight) * intensity(made, images),
            "adversarial": weight * answer,
        }

    def _refinement_terms(self, images: Tensor) -> dict[str, Tensor]:
        config = self.config
        with torch.no_grad(), evaluating(self.generator, self.old_generator):
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
        made = self.generator(images)
        return self._logits(made), made

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
        config, parts = checkpoint_parts(tensors, cls.name)
        detector = built(lambda: cls(config), *parts.values())
        for name, values in parts.items():
            network = detector.get_submodule(name)
            # Counters of training steps, of no use here; files older than PyTorch 0.4 lack them.
            counters = {k: v for k, v in network.state_dict().items() if k.endswith("_tracked")}
            load_strictly(network, {**counters, **values}, f"{cls.name}'s {name}")
        return detector.eval()


def _cross_entropy(logits: Tensor, bad: float) -> Tensor:
    """Mean cross-entropy of log-odds, all of which should say ``bad``, 0 or 1."""
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, bad))


def _grid(frames: Tensor, side: int) -> Tensor:
    """``(n, channels, h, w)`` to patches ``(n, rows, columns, channels, side, side)``."""
    rows = frames.unflatten(3, (-1, side)).unflatten(2, (-1, side))
    return rows.permute(0, 2, 4, 1, 3, 5)
