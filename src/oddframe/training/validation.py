"""Looking at a learner while it is trained: what is measured, and which state is kept for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from oddframe.runs.curve import CurveWriter
from oddframe.training.unfinished import TrainingState, check_weights


@dataclass(frozen=True)
class Validation:
    """What a validation found.

    Attributes:
        metrics: by name, for the curve.
        rank: the larger, the better; compared element by element, so later ones break ties. Empty
            where nothing can be compared: the newest state is saved.
    """

    metrics: dict[str, float]
    rank: tuple[float, ...]


@dataclass(frozen=True)
class Validator:
    """Measures the learner at every validation and saves its best state.

    Attributes:
        name: the curve's ``split``: ``val``, or ``oracle`` for one that looks at test labels.
        validate: called with the learner in eval mode.
        save: called when a state is better than all before.
    """

    name: str
    validate: Callable[[], Validation]
    save: Callable[[], object]


def validate(
    learner: nn.Module,
    validators: tuple[Validator, ...],
    state: TrainingState,
    curve: CurveWriter,
    epoch: float,
) -> str:
    """Call every validator; what the first of them found, in words."""
    said = ""
    check_weights(learner, state.step)
    learner.eval()
    with torch.random.fork_rng(), torch.no_grad():
        for validator in validators:
            found = validator.validate()
            rank = list(found.rank)
            better = validator.name not in state.best or rank > state.best[validator.name]
            curve.write(state.step, epoch, validator.name, found.metrics)
            numbers = ", ".join(f"{name} {value:.4g}" for name, value in found.metrics.items())
            said = said or f"{validator.name} {numbers}, "
            if better or not rank:
                state.best[validator.name] = rank
                if rank:
                    state.kept[validator.name] = {"step": state.step, **found.metrics}
                validator.save()
    learner.train()
    return said
