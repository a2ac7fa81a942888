"""Strided convolutions that shrink each frame of a clip, and the transposed ones that undo them.

What lies between them, such as a :class:`oddframe.networks.conv_lstm.ConvLSTM`, sees time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor, nn


class Layer(NamedTuple):
    """A convolution: channels of its output, side of its kernel, stride, zeros at each border."""

    width: int
    kernel: int
    stride: int
    padding: int


Sides = list[tuple[int, int]]
"""Height and width before each layer: a stride above 1 does not tell them."""


class FrameEncoder(nn.Module):
    """Each frame through the same convolutions.

    Args:
        channels: channels of a frame.
        layers: the convolutions, the first one first.
        activation: what follows each.
        batch_norm: a batch norm stands between the two.
    """

    def __init__(
        self,
        channels: int,
        layers: Sequence[Layer],
        activation: type[nn.Module],
        *,
        batch_norm: bool = False,
    ) -> None:
        super().__init__()
        blocks = []
        for width, kernel, stride, padding in layers:
            convolution = nn.Conv2d(channels, width, kernel, stride, padding)
            norm = [nn.BatchNorm2d(width)] * batch_norm
            blocks.append(nn.Sequential(convolution, *norm, activation()))
            channels = width
        self.blocks = nn.ModuleList(blocks)

    def forward(self, clip: Tensor) -> tuple[Tensor, Sides]:
        """``(n, time, channels, h, w)`` to ``(n, time, width, h', w')``, and the sides."""
        frames, sides = clip.flatten(0, 1), []
        for block in self.blocks:
            sides.append(tuple(frames.shape[-2:]))
            frames = block(frames)
        return frames.unflatten(0, (-1, clip.shape[1])), sides


class FrameDecoder(nn.Module):
    """Each frame back to the size that it had.

    Args:
        channels: channels of a frame that is made.
        layers: those of the encoder, which are undone from the last to the first.
        activation: what follows each but the last.
        batch_norm: a batch norm stands between the two.
        last: what follows the last.
    """

    def __init__(
        self,
        channels: int,
        layers: Sequence[Layer],
        activation: type[nn.Module],
        *,
        batch_norm: bool = False,
        last: type[nn.Module] = nn.Identity,
    ) -> None:
        super().__init__()
        widths = [channels, *(layer.width for layer in layers)]
        convolutions, after = [], []
        for index in reversed(range(len(layers))):
            width, kernel, stride, padding = layers[index]
            to = widths[index]
            convolutions.append(nn.ConvTranspose2d(width, to, kernel, stride, padding))
            norm = [nn.BatchNorm2d(to)] * (batch_norm and index > 0)
            after.append(nn.Sequential(*norm, activation() if index else last()))
        self.convolutions = nn.ModuleList(convolutions)
        self.after = nn.ModuleList(after)

    def forward(self, features: Tensor, sides: Sides) -> Tensor:
        """``(n, time, width, h', w')`` to ``(n, time, channels, h, w)``.

        Args:
            features: one picture for each frame.
            sides: what the encoder gave.
        """
        frames = features.flatten(0, 1)
        for convolution, after, side in zip(
            self.convolutions, self.after, reversed(sides), strict=True
        ):
            frames = after(convolution(frames, output_size=list(side)))
        return frames.unflatten(0, (-1, features.shape[1]))
