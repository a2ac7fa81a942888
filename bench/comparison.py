"""Two computations of the same, compared: how far apart, and what makes them comparable."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

LIMIT = 1e-6
"""Largest difference that rounding explains: of scores, which are of single precision."""


@dataclass(frozen=True)
class Compared:
    """One comparison: what kind it is, of what, and how far the two are apart."""

    kind: str
    of: str
    apart: float


def made_up(shapes: Mapping[str, Sequence[int]]) -> dict[str, Tensor]:
    """Random values under published names: large enough that every layer matters."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for name, size in shapes.items():
        if not size:
            state[name] = torch.tensor(5)
        elif name.endswith("running_var") or (name.endswith("weight") and len(size) == 1):
            state[name] = torch.rand(size, generator=generator) + 0.5
        elif len(size) == 1 or name.endswith((".g", ".b")):
            state[name] = torch.rand(size, generator=generator) - 0.5
            state[name] += name.endswith(".g")
        else:
            fan = int(np.prod(size[1:]))
            state[name] = torch.randn(size, generator=generator) * fan**-0.5
    return state


@contextmanager
def comparable() -> Generator[None]:
    """Dropout and noise that do not depend on memory layout; doubles stay doubles."""
    generator, rounded = torch.Generator().manual_seed(3), Tensor.float

    def dropout(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:  # noqa: ARG001
        if not training or not p:
            return x
        kept = torch.rand(x.numel(), generator=generator).view(x.shape) >= p
        return x * kept / (1 - p)

    def unrounded(x: Tensor) -> Tensor:
        return x if x.dtype == torch.float64 else rounded(x)

    def noise(x: Tensor) -> Tensor:
        return torch.randn(x.shape, generator=generator, dtype=x.dtype)

    with (
        mock.patch.object(functional, "dropout", dropout),
        mock.patch.object(torch, "randn_like", noise),
        mock.patch.object(Tensor, "float", unrounded),
    ):
        yield


def gradients(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.grad for name, value in state.items() if value.grad is not None}


def apart(
    kind: str, of: str, found: Tensor | None, expected: Tensor | None, least: float = 1e-12
) -> Compared:
    """The largest difference of two arrays, in units of the largest number, at least ``least``."""
    if found is None or expected is None or found.shape != expected.shape:
        same = found is None and expected is None
        return Compared(kind, of, 0.0 if same else float("inf"))
    first, second = found.detach().double(), expected.detach().double()
    difference = (first - second).abs().max() / max(float(second.abs().max()), least)
    return Compared(kind, of, float(difference))


def compare_tensors(
    found: Mapping[str, Tensor], published: Mapping[str, Tensor]
) -> Iterator[Compared]:
    """Names and shapes, and then values, of a detector's tensors and of the published ones."""
    for name in sorted(found.keys() | published.keys()):
        known = name in found and name in published and found[name].shape == published[name].shape
        yield Compared("names and shapes", name, 0.0 if known else float("inf"))
        if known:
            yield apart("imported values", name, found[name], published[name])
