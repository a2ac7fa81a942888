"""Optical flow without weights: small blocks of one frame are looked for in the next.

For every displacement of a small window, the variance of the difference of the two blocks is its
cost, so a change of brightness costs nothing. The best whole displacement is refined to a fraction
of a pixel by the parabola through its cost and its neighbours' costs. The choice of the whole
displacement has no gradient; the refinement has, towards every pixel of both blocks.

A softmax over all displacements (soft argmax) was tried in its place: the temperatures that came
as close to OpenCV's DIS flow on Ped2 missed known shifts of coarse textures by more than half a
pixel, and those that found the shifts rounded Ped2's small motions to whole pixels.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

WORKING_SIDE = 128
"""Frames whose longer side has more pixels are reduced by a whole factor first."""
GRID_SIDE = 32
"""Places along the longer side at which flow is estimated, about; the blocks overlap."""
BLOCK = 9
REACH = 2
"""Largest whole displacement per axis, in pixels at the working size."""
STILLNESS = 2e-4
"""Added to a displacement's cost per squared pixel: where nothing is seen, nothing moves."""
FIRMNESS = 5e-4
"""Added to the parabola's curvature: the noise of a flat block does not become motion."""


class BlockMatching(nn.Module):
    """Flow from one frame to the next; no parameters, the same answer every time.

    Input: two batches of images ``(N, 1 or 3, H, W)`` in 0..1. Output: ``(N, 2, h, w)``, x then y,
    in pixels of the input, on a grid of about :data:`GRID_SIDE` places along the longer side.
    Displacements of more than about ``REACH + 0.5`` pixels at the working size are not found.
    """

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Where the content of ``first`` has moved to in ``second``."""
        side = max(first.shape[-2:])
        factor = math.ceil(side / WORKING_SIDE)
        step = math.ceil(side / factor / GRID_SIDE)
        first, second = (_reduced_grey(image, factor) for image in (first, second))
        return factor * _refined(_costs(first, second, step))


def _reduced_grey(image: Tensor, factor: int) -> Tensor:
    grey = image.mean(1, keepdim=True)
    return functional.avg_pool2d(grey, factor, ceil_mode=True) if factor > 1 else grey


def _costs(first: Tensor, second: Tensor, step: int) -> Tensor:
    """Variance of the difference of two blocks, for every displacement.

    Args:
        first, second: grey images ``(N, 1, H, W)``.
        step: pixels from one place to the next.

    Returns:
        ``(N, n, n, h, w)`` with n = 2 REACH + 3 displacements in y, then in x; the outermost
        ones only serve the parabola.
    """
    height, width = first.shape[-2:]
    half, reach = BLOCK // 2, REACH + 1
    count = 2 * reach + 1
    first = functional.pad(first, (half,) * 4, mode="replicate")
    second = functional.pad(second, (half + reach,) * 4, mode="replicate")

    def block_means(image: Tensor, stride: int) -> Tensor:
        # Two products with band matrices are several times faster than pooling.
        rows, columns = (_band(length, stride, image) for length in image.shape[-2:])
        return rows @ image @ columns.T

    def displaced(image: Tensor, rows: int, columns: int, stride: int) -> Tensor:
        places = [(y, x) for y in range(count) for x in range(count)]
        return torch.cat(
            [image[..., y : y + rows : stride, x : x + columns : stride] for y, x in places], 1
        )

    # Var(b - a) = Var(a) + Var(b) - 2 Cov(a, b): one large product only.
    mean, moved_mean = block_means(first, step), block_means(second, 1)
    own = block_means(first * first, step) - mean * mean
    moved = block_means(second * second, 1) - moved_mean * moved_mean
    product = block_means(first * displaced(second, *first.shape[-2:], 1), step)
    covariance = product - mean * displaced(moved_mean, height, width, step)
    variance = own + displaced(moved, height, width, step) - 2 * covariance
    return variance.unflatten(1, (count, count))


def _band(length: int, stride: int, like: Tensor) -> Tensor:
    """The matrix whose rows average ``BLOCK`` neighbours, ``stride`` further from row to row."""
    starts = torch.arange(0, length - BLOCK + 1, stride, device=like.device)
    offset = torch.arange(length, device=like.device) - starts[:, None]
    return ((offset >= 0) & (offset < BLOCK)).to(like.dtype) / BLOCK


def _refined(costs: Tensor) -> Tensor:
    """Flow ``(N, 2, h, w)`` from the costs ``(N, n, n, h, w)`` of whole displacements."""
    count = costs.shape[1]
    along = torch.arange(count, device=costs.device, dtype=costs.dtype) - count // 2
    distance = along[:, None] ** 2 + along**2
    inner = (costs.detach() + STILLNESS * distance[:, :, None, None])[:, 1:-1, 1:-1]
    best = inner.flatten(1, 2).argmin(1, keepdim=True)
    row, column = best // (count - 2) + 1, best % (count - 2) + 1
    flat = costs.flatten(1, 2)

    def cost(y: Tensor, x: Tensor) -> Tensor:
        return flat.gather(1, y * count + x)

    def vertex(before: Tensor, after: Tensor) -> Tensor:
        curvature = (before + after - 2 * cost(row, column)).clamp(min=0)
        return (0.5 * (before - after) / (curvature + FIRMNESS)).clamp(-1, 1)

    x = column - count // 2 + vertex(cost(row, column - 1), cost(row, column + 1))
    y = row - count // 2 + vertex(cost(row - 1, column), cost(row + 1, column))
    return torch.cat([x, y], 1)
