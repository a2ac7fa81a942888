"""The discriminator of patches (PatchGAN): each place of a frame is real or made.

Source: Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017,
as Liu et al. 2018 use it: it sees one frame and not what the frame was made from.
"""

from __future__ import annotations

from torch import Tensor, nn


class PatchDiscriminator(nn.Module):
    """Five 4x4 convolutions; each place of the result judges 70x70 pixels.

    Borders are padded with zeros as in the PyTorch port, whose names the parameters have; the
    paper's TensorFlow code mirrors the frame there.

    Args:
        channels: number of channels of a frame.
        width: channels after the first convolution.
    """

    def __init__(self, channels: int, width: int = 128) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for after, stride in ((width, 2), (2 * width, 2), (4 * width, 2), (4 * width, 1)):
            layers.append(nn.Conv2d(before, after, 4, stride, padding=2))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            before = after
        self.net = nn.Sequential(*layers, nn.Conv2d(before, 1, 4, padding=2), nn.Sigmoid())

    def forward(self, frames: Tensor) -> Tensor:
        """``(n, channels, h, w)`` to the probability of being real ``(n, 1, rows, columns)``."""
        return self.net(frames)
