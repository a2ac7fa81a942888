"""``last.pt``: what a training needs to go on exactly where it was, on disk."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from oddframe.errors import OddframeError
from oddframe.files.atomic import atomic_path
from oddframe.files.tensor_files import read_tensor_file
from oddframe.runs.run_folder import LAST

if TYPE_CHECKING:
    from lightning.fabric import Fabric


FORMAT = "oddframe-training/1"


@dataclass
class TrainingState:
    """What a run needs to go on, beside weights and optimisers; ``last.pt`` has these names.

    Attributes:
        step: training steps that are done.
        best: validator to the rank of its best state.
        kept: validator to the step and the metrics of that state, which was saved.
        sums, counts: sum and number of each loss term's values since the last line of the curve.
    """

    step: int = 0
    best: dict[str, list[float]] = field(default_factory=dict)
    kept: dict[str, dict[str, float]] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


def not_finite(step: int, what: str) -> OddframeError:
    """What is raised where numbers are not finite after a step."""
    return OddframeError(
        f"training stopped at step {step}: {what}; {LAST} keeps the last good state; train with a "
        "smaller learning rate or --settings.clip_gradient, into another --out"
    )


def check_weights(learner: nn.Module, step: int) -> None:
    """Neither validate nor save a state that an overflowing gradient has spoilt."""
    for name, parameter in learner.named_parameters():
        if not parameter.isfinite().all():
            raise not_finite(step, f"the weights '{name}' are not finite")


def save_unfinished(
    fabric: Fabric,
    path: Path,
    learner: nn.Module,
    optimisers: Mapping[str, Any],
    state: TrainingState,
) -> None:
    """Write the state, from the first process; weights that are not finite are refused."""
    if not fabric.is_global_zero:
        return
    check_weights(learner, state.step)
    buffer = io.BytesIO()
    content = {
        "format": FORMAT,
        "learner": learner.state_dict(),
        "optimisers": {name: part.state_dict() for name, part in optimisers.items()},
        **vars(state),
    }
    torch.save(content, buffer)
    with atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())


def load_unfinished(
    fabric: Fabric, path: Path, learner: nn.Module, optimisers: Mapping[str, Any]
) -> TrainingState:
    """Put weights and optimisers back as they were written.

    Raises:
        OddframeError: the file is damaged, or of another training.
    """
    try:
        content = read_tensor_file(
            path, "an unfinished training", "delete it to start anew", device=fabric.device
        )
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r}")
        learner.load_state_dict(content["learner"])
        for name, part in optimisers.items():
            part.load_state_dict(content["optimisers"][name])
        return TrainingState(**{part.name: content[part.name] for part in fields(TrainingState)})
    except OddframeError:
        raise
    except Exception as error:  # PyTorch raises a dozen kinds; all mean the same
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise OddframeError(
            f"{path}: cannot go on from it ({reason}); delete it to train from the start"
        ) from error
