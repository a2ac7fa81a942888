"""Sampling an image where a flow points to."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def warp(image: Tensor, flow: Tensor) -> Tensor:
    """``image`` at ``(x + flow_x, y + flow_y)``, bilinear; zero outside.

    Args:
        image: ``(N, C, H, W)``.
        flow: ``(N, 2, H, W)``, x then y, in pixels of ``image``.

    Returns:
        ``(N, C, H, W)``.
    """
    places = []
    for axis, length in ((0, image.shape[3]), (1, image.shape[2])):
        pixels = torch.arange(length, device=flow.device, dtype=flow.dtype)
        pixels = pixels if axis == 0 else pixels[:, None]
        # -1 and 1 are the centres of the outermost pixels: the meaning of align_corners=True,
        # under which LiteFlowNet was trained.
        places.append((pixels + flow[:, axis]) * (2 / max(length - 1, 1)) - 1)
    return functional.grid_sample(image, torch.stack(places, 3), align_corners=True)
