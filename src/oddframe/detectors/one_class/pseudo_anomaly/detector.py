"""Pseudo-anomalies: a classifier learns normal frames against frames that are wrong on purpose.

Source: the pipeline of the public VGIS10 thesis code ("Anomaly_Prediction_FF"), which joins
future-frame prediction (Liu et al., CVPR 2018) with a second generator. The pseudo generator
predicts a frame that looks right, but whose motion should be wrong: the flow term of its loss is
negated. The classifier tells such frames from normal ones. With two branches a normal generator
(future-frame prediction as published) predicts the frame too; the score joins its error with the
classifier's answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from oddframe.clips.config import ClipConfig
from oddframe.clips.detector import ClipDetector
from oddframe.clips.losses import (
    adversarial_discriminator,
    adversarial_generator,
    error_decibel,
    error_map,
    focal_frequency,
    gradient,
    intensity,
)
from oddframe.clips.terms import ClipTerms
from oddframe.detectors.one_class.pseudo_anomaly.published import checkpoint_parts
from oddframe.detectors.one_class.pseudo_anomaly.settings import PseudoAnomalyConfig
from oddframe.detectors.traits import Traits
from oddframe.files.tensor_checks import built
from oddframe.networks.frame_classifier import FrameClassifier
from oddframe.networks.initialise import normal_initialise, xavier_initialise
from oddframe.networks.patch_discriminator import PatchDiscriminator
from oddframe.networks.published_states import load_strictly
from oddframe.networks.unet import UNet

if TYPE_CHECKING:
    from oddframe.networks.flow import FlowTerm
    from oddframe.networks.perceptual import PerceptualTerm

PSEUDO, NORMAL = 0, 1
"""Outputs of the classifier, in the published order."""


class Branch(nn.Module):
    """A generator that predicts a frame from those before it, and its discriminator.

    Args:
        config: says the widths.
        initialise: start the generator's weights from N(0, 0.02), not from torch's default.
    """

    def __init__(self, config: PseudoAnomalyConfig, initialise: bool = True) -> None:
        super().__init__()
        channels = config.channels
        self.generator = UNet(config.context * channels, channels, config.width, config.batch_norm)
        self.discriminator = PatchDiscriminator(channels, config.discriminator_width)
        normal_initialise(self.discriminator)
        if initialise:
            (normal_initialise if config.batch_norm else xavier_initialise)(self.generator)

    def predict(self, clip: Tensor) -> Tensor:
        """The last frame ``(clips, channels, h, w)`` of a clip of pixels from those before it."""
        return self.generator(clip[:, :-1].flatten(1, 2))


class PseudoAnomaly(ClipDetector):
    """One or two generators with their discriminators, and a classifier of single frames.

    A step has three phases: the generators (discriminators and classifier frozen), the
    discriminators, the classifier, the last two on the frames that the generators made before
    their step. In the score ``error`` is the negative PSNR of the normal generator's prediction
    (with one branch, of the pseudo generator's) and ``classifier`` the log-odds of pseudo-anomaly
    against normal of the real frame, which do not saturate as a probability does.

    Deviations from the thesis: gradients go through the flow network to the generators; the
    negated term is bounded; every discriminator steps, on its own loss only; the classifier has
    one softmax and one batch of all its frames (batch norm must see both classes together, as it
    meets them later), and does not train the generators; only the pseudo generator has the
    perceptual term, of five layers.

    Trained and scored as the public code is, it is :class:`AsPublished` (``as_published``).
    """

    name: ClassVar[str] = "pseudo-anomaly"
    traits: ClassVar[Traits] = replace(ClipDetector.traits, published=True)
    config_type: ClassVar[type[ClipConfig]] = PseudoAnomalyConfig
    phases = ("generator", "discriminator", "classifier")
    initialised: ClassVar[bool] = True
    """Whether the normal generator starts from weights drawn for it, as the pseudo one does."""
    with_perceptual: ClassVar[tuple[str, ...]] = ("pseudo",)
    """The branches that have the perceptual term."""
    as_published: ClassVar[type[PseudoAnomaly]]
    """What the public code does, errors included; beside this module."""
    config: PseudoAnomalyConfig

    def __new__(cls, config: PseudoAnomalyConfig | None = None) -> PseudoAnomaly:
        """Of the two, what a configuration asks for; a copy, made without one, is what it was."""
        wanted = cls is PseudoAnomaly and config is not None and config.as_published
        return super().__new__(cls.as_published if wanted else cls)

    def __init__(self, config: PseudoAnomalyConfig) -> None:
        super().__init__(config)
        self.pseudo = Branch(config)
        self.normal = Branch(config, self.initialised) if config.branches == "two" else None
        self.classifier = FrameClassifier(config.channels, config.size, config.classifier_width)
        self._made: dict[str, Tensor] = {}

    @property
    def clip_length(self) -> int:
        """The context and the frame that is predicted."""
        return self.config.context + 1

    @property
    def branches(self) -> dict[str, Branch]:
        """By name, the pseudo one first."""
        normal = {} if self.normal is None else {"normal": self.normal}
        return {"pseudo": self.pseudo, **normal}

    @property
    def scoring(self) -> Branch:
        """The branch whose prediction error is the term ``error``."""
        return self.normal or self.pseudo

    # Training.

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Adam for the generators, the discriminators and the classifier."""
        config, adam = self.config, torch.optim.Adam
        branches = self.branches.values()
        generators = [p for branch in branches for p in branch.generator.parameters()]
        judges = [p for branch in branches for p in branch.discriminator.parameters()]
        return {
            "generator": adam(generators, lr=config.learning_rate),
            "discriminator": adam(judges, lr=config.discriminator_rate),
            "classifier": adam(self.classifier.parameters(), lr=config.classifier_rate),
        }

    def begin_step(self, step: int) -> dict[str, float]:
        """All learning rates fall to a tenth at ``decay_at``."""
        phases = super().begin_step(step)
        if not self.config.adversarial_weight:
            phases.pop("discriminator", None)
        factor = 0.1 if 0 < self.config.decay_at <= step else 1.0
        return dict.fromkeys(phases, factor)

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weighted terms, which add up to ``loss``."""
        clip = self.as_pixels(batch["clip"])
        if phase == "generator":
            terms = self._generator_terms(self._predictions(clip), clip)
        elif phase == "discriminator":
            terms = self._discriminator_terms(clip[:, -1])
        else:
            terms = {"classifier": self._classification(clip[:, -1])}
        return {**terms, "loss": torch.stack(list(terms.values())).sum()}

    def _predictions(self, clip: Tensor) -> dict[str, Tensor]:
        """The frame that each generator predicts; what later phases see of it has no gradient."""
        made = {name: branch.predict(clip) for name, branch in self.branches.items()}
        self._made = {name: images.detach() for name, images in made.items()}
        return made

    def _generator_terms(self, made: Mapping[str, Tensor], clip: Tensor) -> dict[str, Tensor]:
        """Terms of each generator, named after its branch."""
        config, target = self.config, clip[:, -1]
        terms: dict[str, Tensor] = {}
        for name, prediction in made.items():
            pseudo = name == "pseudo"
            terms[f"{name}_intensity"] = config.intensity_weight * intensity(prediction, target)
            terms[f"{name}_gradient"] = config.gradient_weight * gradient(prediction, target)
            if config.adversarial_weight:
                answers = self.branches[name].discriminator(prediction)
                answer = adversarial_generator(answers)
                terms[f"{name}_adversarial"] = config.adversarial_weight * answer
            share = -config.pseudo_flow if pseudo else 1.0
            if config.flow != "none" and config.flow_weight * share:
                error = self._flow_error(clip[:, -2], prediction, target, bounded=pseudo)
                terms[f"{name}_flow"] = config.flow_weight * share * error
            if config.perceptual != "none" and name in self.with_perceptual:
                distance = self._perceptual_error(prediction, target)
                terms[f"{name}_perceptual"] = config.perceptual_weight * distance
            if config.focal_frequency_weight and pseudo:
                distance = focal_frequency(prediction, target)
                terms[f"{name}_focal_frequency"] = config.focal_frequency_weight * distance
        return terms

    def _discriminator_terms(self, target: Tensor) -> dict[str, Tensor]:
        return {
            f"{name}_discriminator": adversarial_discriminator(
                branch.discriminator(target), branch.discriminator(self._made[name])
            )
            for name, branch in self.branches.items()
        }

    def _classification(self, target: Tensor) -> Tensor:
        """Cross-entropy on frames that are detached from their generators.

        Both classes weigh the same, however many kinds of normal frames there are.
        """
        normal = [self._made["normal"]] if "normal" in self._made else []
        if self.config.real_targets:
            normal.append(target)
        pseudo = self._made["pseudo"]
        logits = self.classifier(torch.cat([pseudo, *normal]))
        kinds = logits.new_full((len(logits),), NORMAL, dtype=torch.long)
        kinds[: len(pseudo)] = PSEUDO
        losses = functional.cross_entropy(logits, kinds, reduction="none")
        return (losses[: len(pseudo)].mean() + losses[len(pseudo) :].mean()) / 2

    @cached_property
    def _flow(self) -> FlowTerm:
        # Made when it is first needed: a fitted detector scores without the weights of the flow.
        from oddframe.networks.flow import flow_term

        return flow_term(self.config.flow, self.config.flow_weights)

    @cached_property
    def _perceptual(self) -> PerceptualTerm:
        from oddframe.networks.perceptual import perceptual_term

        name = self.config.perceptual
        if name == "none":
            raise RuntimeError("no perceptual term was asked for")
        return perceptual_term(name, self.config.perceptual_weights)

    def _flow_error(
        self, last: Tensor, prediction: Tensor, target: Tensor, *, bounded: bool
    ) -> Tensor:
        """Mean error of the motion; the clips' errors are bounded one by one, if at all."""
        images = [self._as_rgb(frames) for frames in (last, prediction, target)]
        errors = self._flow.per_sample(*images)
        if bounded:
            errors = errors.clamp(max=self.config.flow_cap)
        return errors.mean()

    def _perceptual_error(self, prediction: Tensor, target: Tensor) -> Tensor:
        return self._perceptual(self._as_rgb(prediction), self._as_rgb(target))

    def _as_rgb(self, images: Tensor) -> Tensor:
        """Pixels of this detector as RGB or grey, 0 to 1."""
        unit = self.as_unit(images)
        return unit.flip(1) if self.config.colour == "bgr" else unit

    # Scoring.

    @property
    def weights(self) -> dict[str, float]:
        """Weights of the terms that the setting ``score`` asks for."""
        alpha = self.config.alpha
        return {
            "full": {"error": alpha, "classifier": 1 - alpha},
            "psnr": {"error": 1.0},
            "classifier": {"classifier": 1.0},
        }[self.config.score]

    def measure(self, clip: Tensor) -> ClipTerms:
        """``error`` in dB and the squared error, and the classifier's answer to the real frame."""
        target = self.as_unit(clip[:, -1])
        prediction = self.as_unit(self.scoring.predict(clip))
        terms = {"error": error_decibel(prediction, target)}
        terms |= self._answers(self.classifier(clip[:, -1]))
        return ClipTerms(terms, error_map(prediction, target))

    def _answers(self, logits: Tensor) -> dict[str, Tensor]:
        """Terms of the classifier's logits: the log-odds of pseudo-anomaly against normal."""
        return {"classifier": logits[:, PSEUDO] - logits[:, NORMAL]}

    def pictures(self, clip: Tensor) -> dict[str, Tensor]:
        """The frame, its pseudo-anomaly, its prediction (two branches) and the squared error."""
        target = clip[:, -1]
        found = {"target": target, "pseudo-anomaly": self.pseudo.predict(clip)}
        if self.normal is not None:
            found["prediction"] = self.normal.predict(clip)
        scored = found.get("prediction", found["pseudo-anomaly"])
        error = error_map(self.as_unit(scored), self.as_unit(target))
        return {**found, "error": error[:, None]}

    def rank(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        """The normal generator's error on held-out normal clips, where it is in the score.

        Otherwise the newest state is kept: a pseudo generator that errs less makes worse
        pseudo-anomalies, and normal footage alone says how sure a classifier is, not how right.
        """
        if self.normal is None or self.config.score == "classifier":
            return ()
        return super().rank(metrics)

    def reason(self, term: str) -> str:
        """Why a frame is odd."""
        if term == "error":
            return "what came could not be foreseen from the frames before"
        return "the frame looks like a pseudo-anomaly to the classifier"

    @classmethod
    def from_published(cls, tensors: Mapping[str, Any]) -> Self:
        """The detector of a checkpoint of the thesis; widths and size come from its tensors.

        It is ``as_published``, since its classifier was trained with two sigmoids.

        Args:
            tensors: the checkpoint: state dicts under ``net_g_norm``, ``net_d_norm``,
                ``net_g_abn``, ``net_d_abn`` and ``net_c``; optimisers are ignored.

        Raises:
            OddframeError: a network is missing, or has missing or foreign names or other shapes.
        """
        settings, nets = checkpoint_parts(tensors, cls.name)
        config = PseudoAnomalyConfig(**settings, as_published=True)
        detector = built(lambda: cls(config), *nets.values())
        networks: dict[str, nn.Module] = {"net_c": detector.classifier}
        for name, branch in zip(("abn", "norm"), detector.branches.values(), strict=True):
            networks[f"net_g_{name}"] = branch.generator
            networks[f"net_d_{name}"] = branch.discriminator
        for name, network in networks.items():
            load_strictly(network, nets[name], f"{cls.name}'s {name}")
        return detector.eval()
