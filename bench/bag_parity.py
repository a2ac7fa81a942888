"""RTFM, MGFN and S3R beside their published networks; see ``published_parity.py``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

import published_bag_networks as published_networks
from comparison import Compared, apart, comparable, compare_tensors, gradients, made_up
from oddframe.bags.detector import BagDetector
from oddframe.console.words import count
from oddframe.detectors import load
from oddframe.detectors.weakly_supervised.mgfn import MGFN
from oddframe.detectors.weakly_supervised.s3r import S3R, UNUSED
from published_bag_networks import Published, State

SLOTS = 40
SMALLER = {
    "rtfm": {2048: 64, 512: 16, 256: 8, 128: 4},
    "s3r": {2048: 64, 512: 16, 256: 8, 128: 4},
    "mgfn": {2048: 24, 64: 4, 128: 8, 192: 12, 256: 16, 512: 32, 1024: 64, 4096: 256},
}
"""Axes of the published tensors, and how long they are in the small networks."""


def compare(method: str, shapes: Mapping[str, list[int]], small: bool) -> list[Compared]:
    """Every comparison of a method, at the published size or with small layers.

    Args:
        method: ``rtfm``, ``mgfn`` or ``s3r``.
        shapes: of the published tensors, by name.
        small: take :data:`SMALLER` layers, and the thesis' variant of the loss too.
    """
    shorter = SMALLER[method] if small else {}
    state = made_up(
        {name: [shorter.get(axis, axis) for axis in size] for name, size in shapes.items()}
    )
    channels = shorter.get(2048, 2048)
    dictionary = torch.rand(SLOTS, channels, generator=torch.Generator().manual_seed(2))
    detector = imported(method, state, dictionary)
    own = {name: value for name, value in detector.state_dict().items() if name != "dictionary"}
    result = [*compare_tensors(own, {k: v for k, v in state.items() if k not in UNUSED})]
    videos, crops, time = (2, 4, 9) if small else (2, 2, 32)
    generator = torch.Generator().manual_seed(1)
    bags = torch.randn(2 * videos, crops, time, channels, generator=generator).abs()
    bags *= 1 + 3 * torch.rand(2 * videos, crops, 1, 1, generator=generator)
    bags[videos:, :, 3:6] *= 2
    variants = ("official", "thesis") if small else ("official",)
    for loss in variants:
        for training in (False, True):
            result += compare_step(detector, state, dictionary, bags, loss, training)
    result += compare_scores(detector, state, dictionary, bags[0])
    return result


def imported(method: str, state: State, dictionary: Tensor) -> BagDetector:
    """The detector of a checkpoint, as ``oddframe import`` makes it."""
    kind = load(method).DETECTOR
    tensors = {f"module.{name}": value.clone() for name, value in state.items()}
    if kind is S3R:
        return kind.from_published(tensors, dictionary.numpy(), crops=10)
    return kind.from_published(tensors, crops=10)


def compare_step(
    detector: BagDetector, state: State, dictionary: Tensor, bags: Tensor, loss: str, training: bool
) -> Iterator[Compared]:
    """Outputs, losses, gradients and statistics of one step of a variant."""
    settings: dict[str, Any] = {"loss": loss}
    if isinstance(detector, MGFN) and loss == "thesis":
        settings |= {"dropout": 0.4, "attention_dropout": 0.3, "selection_dropout": 0.4}
    config = replace(detector.config, **settings)
    twin = type(detector)(config, detector.shape)
    twin.before_loading(detector.state_dict())
    twin.load_state_dict(detector.state_dict())
    twin.double().train(training)
    videos = len(bags) // 2
    where = f"{loss}, {'training' if training else 'scoring'}"

    state = {name: value.clone().double() for name, value in state.items()}
    bags, dictionary = bags.double(), dictionary.double()
    for name, _ in twin.named_parameters():
        state[name].requires_grad_()
    crops = bags.shape[1]
    with comparable():
        found = published(twin, state, dictionary, bags)
        if isinstance(twin, MGFN):
            rate, terms_of = config.selection_dropout, published_networks.contrast_loss
        else:
            rate, terms_of = config.dropout, published_networks.magnitude_loss
        expected = terms_of(found, crops, 3, rate, training, loss == "thesis")
        if isinstance(twin, S3R):
            expected["macro"] = published_networks.macro_loss(found)
    expected["loss"] = torch.stack(list(expected.values())).sum()
    expected["loss"].backward()

    outcomes: list[Any] = []
    hook = twin.register_forward_hook(lambda *passed: outcomes.append(passed[2]))
    with comparable():
        terms = twin.losses("network", {"normal": bags[:videos], "anomalous": bags[videos:]})
    hook.remove()
    terms["loss"].backward()

    outcome = getattr(outcomes[0], "output", outcomes[0])
    yield apart("outputs", f"features, {where}", outcome.features.flatten(0, 1), found.features)
    yield apart("outputs", f"magnitudes, {where}", outcome.magnitudes, found.magnitudes)
    yield apart("outputs", f"scores, {where}", outcome.scores, found.scores)
    if isinstance(twin, S3R):
        yield apart("outputs", f"macro, {where}", outcomes[0].macro, found.macro)
    for name in expected | terms:
        yield apart("losses", f"{name}, {where}", terms.get(name), expected.get(name))
    largest = max(float(gradient.abs().max()) for gradient in gradients(state).values())
    for name, parameter in twin.named_parameters():
        yield apart(
            "gradients", f"{name}, {where}", parameter.grad, state[name].grad, 1e-4 * largest
        )
    for name, buffer in twin.named_buffers():
        if "running" in name:
            yield apart("statistics", f"{name}, {where}", buffer, state[name])


def compare_scores(
    detector: BagDetector, state: State, dictionary: Tensor, bag: Tensor
) -> Iterator[Compared]:
    """Scores of whole videos of several lengths, as ``oddframe score`` makes them."""
    for snippets in (1, 2, len(bag[0])):
        with torch.no_grad():
            found = published(detector, state, dictionary, bag[None, :, :snippets])
        scores = detector.score_snippets(bag[:, :snippets].transpose(0, 1).numpy())
        expected = found.scores[0]
        yield apart(
            "outputs",
            f"scores of {count(snippets, 'snippet')}",
            torch.tensor(scores),
            expected,
            1.0,
        )


def published(detector: BagDetector, state: State, dictionary: Tensor, bags: Tensor) -> Published:
    """The published network at the detector's settings."""
    config: Any = detector.config
    if isinstance(detector, MGFN):
        rates = (config.dropout, config.attention_dropout)
        return published_networks.mgfn(state, bags, config.head_width, rates, detector.training)
    if isinstance(detector, S3R):
        return published_networks.s3r(state, bags, dictionary, config.dropout, detector.training)
    return published_networks.rtfm(state, bags, config.dropout, detector.training)
