"""What the public thesis code of the pseudo-anomaly pipeline does, errors included.

So the corrected pipeline can be compared with the code as it was published.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from oddframe.calibration.video_scales import VideoScale
from oddframe.detectors.one_class.pseudo_anomaly.detector import NORMAL, PSEUDO, PseudoAnomaly
from oddframe.detectors.one_class.pseudo_anomaly.settings import COMPARED_ROWS
from oddframe.errors import OddframeError


class SteppedTogether(torch.optim.Optimizer):
    """Several optimisers that step at once, as one phase of the training loop.

    The published code fills all gradients from one set of weights and then steps its optimisers,
    so phases, which step one after the other, would train something else.

    Args:
        parts: optimisers with parameters of their own.
    """

    def __init__(self, *parts: torch.optim.Optimizer) -> None:
        self.parts = parts
        super().__init__([group for part in parts for group in part.param_groups], {})
        self._join()

    def _join(self) -> None:
        # The very groups of the parts, so that a learning rate set here is set there.
        self.param_groups = [group for part in self.parts for group in part.param_groups]

    def step(self, closure: Any = None) -> None:  # ty: ignore[incompatible-method-override]
        """One step of each part."""
        for part in self.parts:
            part.step(closure)

    def state_dict(self) -> dict[str, Any]:
        """The states of the parts, in order."""
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Put back what :meth:`state_dict` gave."""
        for part, state in zip(self.parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        self._join()


def two_sigmoids(pseudo: Tensor, normal: Tensor) -> Tensor:
    """The published loss of the classifier: each output a yes or no of its own.

    Args:
        pseudo: logits ``(n, 2)`` of pseudo-anomalies, whose target is ``[1, 0]``.
        normal: logits ``(n, 2)`` of normal frames, whose target is ``[0, 1]``.
    """
    losses = []
    for logits, answer in ((pseudo, (1.0, 0.0)), (normal, (0.0, 1.0))):
        wanted = logits.new_tensor(answer).expand_as(logits)
        losses.append(functional.binary_cross_entropy_with_logits(logits, wanted))
    return (losses[0] + losses[1]) / 2


def compared_rows(prediction: Tensor, target: Tensor) -> Tensor:
    """The published perceptual loss, given the deepest features that it computes.

    It means to compare five layers, but has one layer's tensor and takes rows 0 to 4 of the batch:
    the distances of the first five frames are added up, the others' are not looked at.

    Args:
        prediction: features ``(n, channels, h, w)`` of predicted frames.
        target: features of the real frames, in the same shape.

    Raises:
        OddframeError: a batch of less than five.
    """
    if len(prediction) < COMPARED_ROWS:
        raise OddframeError(
            f"--settings.as_published: its perceptual term needs batches of {COMPARED_ROWS} clips "
            f"or more, found {len(prediction)}; raise --settings.batch_size or set "
            "--settings.perceptual none"
        )
    distance = (prediction[:COMPARED_ROWS] - target[:COMPARED_ROWS]).abs()
    return distance.flatten(1).mean(1).sum()


class AsPublished(PseudoAnomaly):
    """What the public code does, errors included: so the corrected pipeline can be compared.

    One phase, whose optimisers step together:

    - flow terms without a gradient: they move the printed loss, so that both generators learn the
      same apart from the classifier's gradient;
    - the generators' adversarial gradient is added to the discriminators'; the normal
      discriminator never steps; the normal generator starts from torch's default weights;
    - the classifier: SGD, two sigmoids with binary cross-entropy, one batch per class, trained on
      made frames only (with one branch on real ones too) and judging real ones; its gradient
      reaches both generators;
    - the perceptual term of both generators takes rows of the batch for layers, in the deepest
      features;
    - the score adds the probability of "abnormal" to the PSNR as if both meant normal, so here it
      is subtracted. Normalised per video, the first window is dropped, each score moves to the
      frame before its own, and the sum is brought to 0 to 1 again. Frame by frame the error and
      the probability keep their frame and the scale of held-out footage.

    Settings that the public code lacks then have no effect: ``real_targets``, ``flow_cap``,
    ``alpha``. Not reproduced: the units of its flow (no gradient, so only the printed loss
    differs), that it shows VGG frames in BGR from -1 to 1, a batch from one clip per video, and
    choosing the checkpoint on the test set.
    """

    phases = ("joint",)
    initialised: ClassVar[bool] = False
    with_perceptual: ClassVar[tuple[str, ...]] = ("pseudo", "normal")

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Adam, for the classifier SGD, all at once; the normal discriminator never steps."""
        config, adam = self.config, torch.optim.Adam
        generators = [p for branch in self.branches.values() for p in branch.generator.parameters()]
        generator = adam(generators, lr=config.learning_rate)
        judge = adam(self.pseudo.discriminator.parameters(), lr=config.discriminator_rate)
        plain = torch.optim.SGD(self.classifier.parameters(), lr=config.classifier_rate)
        return {"joint": SteppedTogether(generator, judge, plain)}

    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:  # noqa: ARG002
        """Weighted terms of all networks, which add up to ``loss``."""
        clip = self.as_pixels(batch["clip"])
        made, target = self._predictions(clip), clip[:, -1]
        terms = self._generator_terms(made, clip) | self._discriminator_terms(target)
        answers = self.classifier(made["pseudo"]), self.classifier(made.get("normal", target))
        terms["classifier"] = two_sigmoids(*answers)
        return {**terms, "loss": torch.stack(list(terms.values())).sum()}

    def _flow_error(
        self,
        last: Tensor,
        prediction: Tensor,
        target: Tensor,
        *,
        bounded: bool,  # noqa: ARG002 - it has no gradient that could grow
    ) -> Tensor:
        with torch.no_grad():
            return super()._flow_error(last, prediction, target, bounded=False)

    def _perceptual_error(self, prediction: Tensor, target: Tensor) -> Tensor:
        images = self._as_rgb(prediction), self._as_rgb(target)
        found, wanted = (self._perceptual.features(frames)[-1] for frames in images)
        return compared_rows(found, wanted.detach())

    @property
    def weights(self) -> dict[str, float]:
        """Weights of the terms that the setting ``score`` asks for.

        The probability of "abnormal" is added to a measure of normality.
        """
        wrong_way = self.config.published_output == "abnormal"
        answer = {"classifier": -1.0} if wrong_way else {"not_normal": 1.0}
        return {"full": {"error": 1.0, **answer}, "psnr": {"error": 1.0}, "classifier": answer}[
            self.config.score
        ]

    def _answers(self, logits: Tensor) -> dict[str, Tensor]:
        """The probability of "abnormal", and 1 less that of "normal"."""
        return {
            "classifier": logits[:, PSEUDO].sigmoid(),
            "not_normal": 1 - logits[:, NORMAL].sigmoid(),
        }

    @property
    def video_scale(self) -> VideoScale:
        """Moved, and brought to 0 to 1 once more, as the thesis does it."""
        return VideoScale("shifted", self.config.context * self.config.frame_step)

    @property
    def notes(self) -> dict[str, Any]:
        """Plain values for a report."""
        said = (
            "trained and scored as the public code is, errors included; normalised per video, "
            "the score of each frame stands at the frame before it"
        )
        return {**super().notes, "as_published": said}

    def rank(self, metrics: Mapping[str, float]) -> tuple[float, ...]:  # noqa: ARG002
        """Nothing: the newest state is kept."""
        return ()

    def reason(self, term: str) -> str:
        """Why a frame is odd."""
        if self.weights[term] < 0:
            return "the classifier calls the frame normal, which the published score takes for odd"
        return super().reason(term)


PseudoAnomaly.as_published = AsPublished
