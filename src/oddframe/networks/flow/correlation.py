"""The cost volume of flow networks: every place compared with its neighbours in the next frame."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

REACH = 3
"""Displacements per axis run from -3 to 3 strides, which makes 49."""


def correlation(first: Tensor, second: Tensor, stride: int = 1) -> Tensor:
    """Mean product over the channels, for every displacement; zero outside the second map.

    In plain PyTorch, with a gradient to both maps. It is what the CUDA kernel of LiteFlowNet
    computes (Hui et al. 2018): ``out[n, 7 * (dy + 3) + dx + 3, y, x]`` is the mean over ``c`` of
    ``first[n, c, y * s, x * s] * second[n, c, (y + dy) * s, (x + dx) * s]`` for stride ``s``.

    Args:
        first, second: features ``(N, C, H, W)``.
        stride: cells of the map from one place to the next, and from one displacement to the next.

    Returns:
        ``(N, 49, ceil(H / stride), ceil(W / stride))``.
    """
    height, width = first.shape[-2:]
    padded = functional.pad(second, (REACH * stride,) * 4)
    here = first[..., ::stride, ::stride]
    shifts = range(0, 2 * REACH * stride + 1, stride)
    return torch.stack(
        [
            (here * padded[..., y : y + height : stride, x : x + width : stride]).mean(1)
            for y in shifts
            for x in shifts
        ],
        1,
    )
