"""The one training loop: steps, phases, validation, best and last checkpoint, exact resume.

It knows neither bags nor frames nor what a score is: a learner says how a batch becomes named
losses and which optimiser steps in which phase; the caller says what a batch is and what is
measured at a validation.

Everything random in a step follows from ``(seed, step, process)``, and a batch from
``(seed, step)``, so the state of a run is its weights, its optimisers and its step: a run that was
killed and goes on gives the very numbers of one that was not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from oddframe.errors import OddframeError
from oddframe.runs.curve import CurveWriter
from oddframe.runs.run_folder import LAST, METRICS, log
from oddframe.training.interruption import interrupted_between_steps
from oddframe.training.learner import Learner
from oddframe.training.pace import Pace
from oddframe.training.unfinished import TrainingState, load_unfinished, not_finite, save_unfinished
from oddframe.training.validation import Validator, validate

if TYPE_CHECKING:
    from lightning.fabric import Fabric

_SAVE_SECONDS = 120.0


@dataclass(frozen=True)
class Schedule:
    """How long to train and how often to look.

    Attributes:
        steps: number of training steps.
        validate_every: training steps from one validation to the next; after the last step there is
            always one.
        clip_gradient: largest norm of a phase's gradient; 0 does not clip.
        seed: fixes dropout and everything else that is random inside a step.
    """

    steps: int
    validate_every: int
    clip_gradient: float = 0.0
    seed: int = 0


class Batches(Protocol):
    """Training data as a function of the step."""

    @property
    def steps_per_epoch(self) -> int:
        """Steps in which every sample was served once; only for the curve's second axis."""
        ...

    def batch(self, step: int, part: int, parts: int) -> dict[str, Tensor]:
        """The batch of a step, or one process's part of it; the same whenever it is asked for."""
        ...


def train(
    fabric: Fabric,
    learner: Learner,
    batches: Batches,
    schedule: Schedule,
    folder: Path,
    *,
    validators: tuple[Validator, ...] = (),
    resume: bool = False,
    advance: Callable[[str, int, int], None] = lambda *_: None,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, dict[str, float]]:
    """Train a learner.

    Args:
        fabric: launched; says device, precision and which process this is.
        learner: trained in place.
        batches: the training data.
        schedule: how long.
        folder: run folder for ``last.pt`` and ``metrics.jsonl``.
        validators: called in order, in the first process only.
        resume: go on from ``last.pt`` if it is there.
        advance: told what is being done, the step and the number of steps.
        say: given a line after each validation, and when the training will take long.

    Returns:
        Name of a validator to the step and the metrics of its best state; in the first process.

    Raises:
        OddframeError: a loss or a weight is not finite, or ``last.pt`` is damaged, of another
            training, or beyond the steps that are wanted.
        KeyboardInterrupt: Ctrl-C, once the step is done, validated where that is due, and saved;
            a second one does not wait.
    """
    optimisers, phases = learner.optimisers(), learner.phases
    state = TrainingState()
    wrapped: Any = None
    if phases:
        if fabric.world_size > 1 and fabric.device.type == "cuda":
            learner = nn.SyncBatchNorm.convert_sync_batchnorm(learner)
        wrapped, *stepped = _as_list(fabric.setup(learner, *(optimisers[p] for p in phases)))
        wrapped.mark_forward_method("losses")
        optimisers = dict(zip(phases, stepped, strict=True))
    if resume and (folder / LAST).exists():
        state = load_unfinished(fabric, folder / LAST, learner, optimisers)
        # Sums are left where the last step was not followed by a validation.
        if state.step > schedule.steps or (state.step == schedule.steps and state.sums):
            raise OddframeError(
                f"{folder}: it was trained for {state.step} steps already, and --settings.steps is "
                f"{schedule.steps} now; give more than {state.step}"
            )
        if fabric.is_global_zero:
            log(folder, f"going on at step {state.step} of {schedule.steps}")
    curve = CurveWriter(folder / METRICS, state.step, fabric.is_global_zero)
    pace = Pace(state.step, schedule.steps)
    saved_at = time.monotonic()
    with interrupted_between_steps() as interrupted:
        while state.step < schedule.steps and phases:
            batch = batches.batch(state.step, fabric.global_rank, fabric.world_size)
            batch = {key: _as_weights(fabric, learner, value) for key, value in batch.items()}
            torch.manual_seed(_seed_of(schedule.seed, state.step, fabric.global_rank))
            for term, value in _step(fabric, wrapped, optimisers, batch, schedule, state.step):
                state.sums[term] = state.sums.get(term, 0.0) + value
                state.counts[term] = state.counts.get(term, 0) + 1
            state.step += 1
            advance("training", state.step, schedule.steps)
            if fabric.is_global_zero and (warning := pace.warning(state.step)):
                say(warning)
            due = state.step % schedule.validate_every == 0 or state.step == schedule.steps
            late = time.monotonic() - saved_at > _SAVE_SECONDS
            if due:
                epoch = state.step / batches.steps_per_epoch
                means = {
                    term: _mean_over_processes(fabric, total / state.counts[term])
                    for term, total in state.sums.items()
                }
                curve.write(state.step, epoch, "train", means)
                state.sums, state.counts = {}, {}
                if fabric.is_global_zero:
                    found = validate(learner, validators, state, curve, epoch)
                    line = f"step {state.step} of {schedule.steps}: {found}{pace(state.step)}"
                    log(folder, line)
                    say(line)
                fabric.barrier()
            stop = interrupted()
            if due or late or stop:
                save_unfinished(fabric, folder / LAST, learner, optimisers, state)
                saved_at = time.monotonic()
            if stop:
                raise KeyboardInterrupt(
                    f"stopped at step {state.step} of {schedule.steps}, which is saved in "
                    f"{folder}; go on with the same command and --resume"
                )
    if not (phases and schedule.steps) and fabric.is_global_zero:
        validate(learner, validators, state, curve, 0.0)
    return state.kept


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple) else [value]


def _as_weights(fabric: Fabric, learner: nn.Module, value: Tensor) -> Tensor:
    value = fabric.to_device(value)
    return value.to(next(learner.parameters()).dtype) if value.is_floating_point() else value


def _mean_over_processes(fabric: Fabric, value: float) -> float:
    if fabric.world_size == 1:
        return value
    reduced: Any = fabric.all_reduce(torch.tensor(value, device=fabric.device), reduce_op="mean")
    return float(reduced)


def _seed_of(seed: int, step: int, process: int) -> int:
    return int(np.random.SeedSequence((seed, step, process)).generate_state(1)[0])


def _step(
    fabric: Fabric,
    learner: Any,
    optimisers: Mapping[str, Any],
    batch: Mapping[str, Tensor],
    schedule: Schedule,
    step: int,
) -> list[tuple[str, float]]:
    """All phases of one step; the loss terms by name, prefixed by the phase if there are many."""
    learner.train()
    several = len(optimisers) > 1
    terms: list[tuple[str, float]] = []
    factors = learner.begin_step(step)
    for phase, optimiser in optimisers.items():
        if phase not in factors:
            continue
        for group in optimiser.param_groups:
            group["lr"] = group.setdefault("initial_lr", group["lr"]) * factors[phase]
        if several:
            own = {id(p) for group in optimiser.param_groups for p in group["params"]}
            for parameter in learner.parameters():
                parameter.requires_grad_(id(parameter) in own)
        # Fabric gives a marked method the precision only where the learner is wrapped (DDP).
        with fabric.autocast():
            losses = learner.losses(phase, batch)
        for name, value in losses.items():
            number = float(value.detach())
            if not math.isfinite(number):
                raise not_finite(step + 1, f"the loss term '{name}' of phase '{phase}' is {number}")
            terms.append((f"{phase}/{name}" if several else name, number))
        optimiser.zero_grad()
        fabric.backward(losses["loss"])
        if schedule.clip_gradient > 0:
            # In 16-bit precision infinite gradients are usual at first, and their step is skipped.
            fabric.clip_gradients(
                learner, optimiser, max_norm=schedule.clip_gradient, error_if_nonfinite=False
            )
        optimiser.step()
    if several:
        for parameter in learner.parameters():
            parameter.requires_grad_(True)
    return terms
