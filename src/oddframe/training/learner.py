"""What the training loop trains: a network that says what its losses are and who lowers them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn
from torch.optim import Optimizer


class Learner(nn.Module, ABC):
    """A module whose training the loop runs step by step.

    A step runs through the phases in order. In each, only the parameters of the phase's optimiser
    require gradients, so a generator and its discriminator never see each other's.
    """

    phases: tuple[str, ...] = ("network",)
    """Names of the phases of a step; none where there is nothing to train."""

    @abstractmethod
    def optimisers(self) -> dict[str, Optimizer]:
        """Phase to the optimiser that steps in it."""

    def begin_step(self, step: int) -> dict[str, float]:  # noqa: ARG002
        """Called before each step: phase to the factor of its optimiser's learning rate.

        A phase that is left out rests in this step. Learning-rate schedules and trainings in
        several stages are written with it; what it does must follow from the step alone. Here
        every phase takes part, at the learning rate of its optimiser.
        """
        return dict.fromkeys(self.phases, 1.0)

    @abstractmethod
    def losses(self, phase: str, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Loss terms by name, scalars; ``loss`` is the total that the phase minimises.

        They are float32, also where ``--precision`` has layers answer in 16 bits: what a loss is
        made of is made ``.float()`` first.
        """
