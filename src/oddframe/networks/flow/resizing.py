"""Frames to the sizes that flow networks take, and their flow back again."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional


def to_multiple(image: Tensor, multiple: int) -> Tensor:
    """Images ``(N, C, H, W)`` resized so that both sides are multiples, rounded up."""
    height, width = (math.ceil(side / multiple) * multiple for side in image.shape[-2:])
    return _resized(image, height, width)


def restored(flow: Tensor, seen: Sequence[int], wanted: Sequence[int]) -> Tensor:
    """The flow of resized frames as that of the frames themselves.

    Args:
        flow: ``(N, 2, h, w)``, x then y, in pixels of the resized frames.
        seen: height and width of the resized frames.
        wanted: height and width of the frames.

    Returns:
        ``(N, 2, *wanted)`` in pixels of the frames.
    """
    scale = flow.new_tensor([wanted[1] / seen[1], wanted[0] / seen[0]])
    return _resized(flow, wanted[0], wanted[1]) * scale[:, None, None]


def _resized(image: Tensor, height: int, width: int) -> Tensor:
    if image.shape[-2:] == (height, width):
        return image
    return functional.interpolate(image, size=(height, width), mode="bilinear", align_corners=False)
