"""The U-Net that predicts a frame from those before it.

Source: Liu et al., "Future Frame Prediction for Anomaly Detection", CVPR 2018, Sec. 3.1. The names
of the parameters are those of the published PyTorch port, so that its checkpoints load.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class UNet(nn.Module):
    """Four levels of two convolutions each, joined by skips across the levels.

    Every convolution is followed by batch norm and ReLU, as in the PyTorch port. Without batch norm
    it is the network of the paper's own TensorFlow code: convolutions with bias, ReLU, and a ReLU
    after each transposed convolution too (its convolutions start from Xavier's weights).

    Args:
        in_channels: channels of the input: frames times channels of a frame.
        out_channels: channels of the predicted frame.
        width: channels of the first level; each deeper one has twice as many.
        batch_norm: see above.
    """

    def __init__(
        self, in_channels: int, out_channels: int, width: int = 64, batch_norm: bool = True
    ) -> None:
        super().__init__()
        self.inc = _Inlet(in_channels, width, batch_norm)
        self.down1 = _Down(width, 2 * width, batch_norm)
        self.down2 = _Down(2 * width, 4 * width, batch_norm)
        self.down3 = _Down(4 * width, 8 * width, batch_norm)
        self.up1 = _Up(8 * width, 4 * width, batch_norm)
        self.up2 = _Up(4 * width, 2 * width, batch_norm)
        self.up3 = _Up(2 * width, width, batch_norm)
        self.outc = nn.Conv2d(width, out_channels, 3, padding=1)

    def forward(self, frames: Tensor) -> Tensor:
        """``(clips, in_channels, h, w)``, 8 pixels or more, to ``(clips, out_channels, h, w)``.

        The result lies between -1 and 1 (tanh).
        """
        first = self.inc(frames)
        second = self.down1(first)
        third = self.down2(second)
        x = self.up1(self.down3(third), third)
        x = self.up2(x, second)
        x = self.up3(x, first)
        return torch.tanh(self.outc(x))


class _DoubleConvolution(nn.Module):
    """Two 3x3 convolutions that keep the size."""

    def __init__(self, in_channels: int, out_channels: int, batch_norm: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for channels in (in_channels, out_channels):
            layers.append(nn.Conv2d(channels, out_channels, 3, padding=1, bias=not batch_norm))
            if batch_norm:
                layers.append(nn.BatchNorm2d(out_channels))
            layers.append(nn.ReLU(inplace=True))
        self.conv = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class _Inlet(nn.Module):
    """Two convolutions, one level down, where the published names want them."""

    def __init__(self, in_channels: int, out_channels: int, batch_norm: bool) -> None:
        super().__init__()
        self.conv = _DoubleConvolution(in_channels, out_channels, batch_norm)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class _Down(nn.Module):
    """Half the size, then two convolutions."""

    def __init__(self, in_channels: int, out_channels: int, batch_norm: bool) -> None:
        super().__init__()
        double = _DoubleConvolution(in_channels, out_channels, batch_norm)
        self.mpconv = nn.Sequential(nn.MaxPool2d(2), double)

    def forward(self, x: Tensor) -> Tensor:
        return self.mpconv(x)


class _Up(nn.Module):
    """Twice the size, the skip put before it, then two convolutions."""

    def __init__(self, in_channels: int, out_channels: int, batch_norm: bool) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2)
        self.rectify = not batch_norm
        self.conv = _DoubleConvolution(in_channels, out_channels, batch_norm)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = self.up(x)
        if self.rectify:
            x = x.relu()
        # Pooling drops the last row or column of an odd size; zeros take its place.
        missing_y, missing_x = skip.shape[2] - x.shape[2], skip.shape[3] - x.shape[3]
        if missing_y or missing_x:
            left, top = missing_x // 2, missing_y // 2
            x = functional.pad(x, (left, missing_x - left, top, missing_y - top))
        return self.conv(torch.cat((skip, x), dim=1))
