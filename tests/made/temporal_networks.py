"""What tests of networks over time share: random tensors, bags, and layers by hand in numpy."""

import numpy as np
import torch
from torch import nn


def randomised(detector: nn.Module) -> nn.Module:
    """The detector with every tensor random, the norms' statistics included."""
    for tensor in (*detector.parameters(), *detector.buffers()):
        if tensor.is_floating_point():
            nn.init.uniform_(tensor, 0.2, 0.6)
            if tensor.ndim > 1:
                tensor.data -= 0.4
    return detector


def random_bags(videos: int, crops: int, time: int, channels: int, seed: int) -> torch.Tensor:
    """Normally distributed features ``(videos, crops, time, channels)``."""
    return torch.from_numpy(
        np.random.default_rng(seed).normal(0, 1, (videos, crops, time, channels)).astype(np.float32)
    )


def convolve(values: dict[str, np.ndarray], name: str, x: np.ndarray, dilation: int = 1):
    """Convolution over time of ``(channels, time)`` with zeros outside, written out."""
    weight = values[f"{name}.weight"]
    outputs, _, kernel = weight.shape
    out = np.zeros((outputs, x.shape[1]))
    if f"{name}.bias" in values:
        out += values[f"{name}.bias"][:, None]
    for t in range(x.shape[1]):
        for tap in range(kernel):
            source = t + (tap - kernel // 2) * dilation
            if 0 <= source < x.shape[1]:
                out[:, t] += weight[:, :, tap] @ x[:, source]
    return out
