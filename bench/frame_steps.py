"""One step of a detector on frames and of its published networks, compared phase by phase."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from comparison import Compared, apart, comparable, compare_tensors, gradients
from oddframe.clips.detector import ClipDetector

States = dict[str, dict[str, Tensor]]
"""Name of a network in the detector to its published tensors."""
CLIPS = 3
"""In a batch, and in a test video."""


def clips(frames: int, size: int, channels: int = 3) -> Tensor:
    """Clips as the training loop serves them: smooth pictures, uint8, RGB or grey."""
    generator = torch.Generator().manual_seed(1)
    small = torch.rand(CLIPS * frames, channels, 6, 6, generator=generator)
    large = torch.nn.functional.interpolate(small, size=(size, size), mode="bilinear")
    noisy = large + 0.1 * torch.rand(large.shape, generator=generator)
    pictures = (noisy / 1.1 * 255).to(torch.uint8).permute(0, 2, 3, 1)
    return pictures.unflatten(0, (CLIPS, frames)).contiguous()


def bgr(clip: Tensor) -> Tensor:
    """What published code makes of such clips: BGR, -1 to 1, channels in front."""
    return clip.flip(-1).permute(0, 1, 4, 2, 3).double() / 127.5 - 1


def twin(detector: Any, **settings: Any) -> Any:
    """The detector at other settings, in double precision."""
    made = type(detector)(replace(detector.config, **settings))
    made.load_state_dict(detector.state_dict())
    return made.double()


def doubled(states: States) -> States:
    return {name: {k: v.double() for k, v in part.items()} for name, part in states.items()}


def copied(states: States) -> States:
    return {name: {k: v.clone() for k, v in part.items()} for name, part in states.items()}


def statistics(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in state.items() if "running" in name}


def compared_tensors(detector: ClipDetector, states: States) -> Iterator[Compared]:
    """Every tensor of every network that was imported."""
    for network, state in states.items():
        own = detector.get_submodule(network).state_dict()
        # Files older than PyTorch 0.4 lack the counters of training steps.
        own = {k: v for k, v in own.items() if k in state or not k.endswith("_tracked")}
        for one in compare_tensors(own, state):
            yield replace(one, of=f"{network}.{one.of}")


def measured(
    detector: ClipDetector, pixels: Tensor, expected: Mapping[str, Tensor]
) -> Iterator[Compared]:
    """The terms of the score."""
    with torch.no_grad():
        terms = detector.eval().measure(pixels).terms
    for name, value in expected.items():
        yield apart("outputs", name, terms[name], value)


def compared_steps(
    detector: ClipDetector,
    states: States,
    steps: Callable[[States], Iterator[dict[str, Tensor]]],
    clip: Tensor,
) -> Iterator[Compared]:
    """Losses, gradients and statistics of every phase of a step, and the memory after it.

    A phase's gradients are compared where the phase has an optimiser.
    """
    states = copied(states)
    detector.train()
    used = {name for name, _ in detector.named_parameters()}
    for network, state in states.items():
        for name, value in state.items():
            value.requires_grad_(f"{network}.{name}" in used)
    with comparable():
        mine = steps(states)
        theirs = []
        for phase in detector.phases:
            terms = next(mine)
            terms.setdefault("loss", torch.stack(list(terms.values())).sum())
            terms["loss"].backward()
            theirs.append((phase, terms, taken(states)))
        memory = next(mine, None)
    with comparable():
        for phase, expected, wanted in theirs:
            terms = detector.losses(phase, {"clip": clip})
            for name in expected.keys() | terms.keys():
                yield apart("losses", f"{phase}: {name}", terms.get(name), expected.get(name))
            terms["loss"].backward()
            found = {
                name: value.grad
                for name, value in detector.named_parameters()
                if value.grad is not None
            }
            largest = max(float(value.abs().max()) for value in wanted.values())
            for name in wanted.keys() | found.keys():
                yield apart(
                    "gradients",
                    f"{phase}: {name}",
                    found.get(name),
                    wanted.get(name),
                    1e-4 * largest,
                )
            detector.zero_grad()
    for network, state in states.items():
        for name, buffer in detector.get_submodule(network).named_buffers():
            if "running" in name:
                yield apart("statistics", f"{network}.{name}", buffer, state[name])
    if memory is not None:
        items = dict(detector.named_buffers())["items"]
        yield apart("statistics", "memory", items, memory["memory"])


def taken(states: States) -> dict[str, Tensor]:
    """The gradients of all networks, which are then cleared."""
    found = {}
    for network, state in states.items():
        for name, value in gradients(state).items():
            found[f"{network}.{name}"] = value
            state[name].grad = None
    return found
