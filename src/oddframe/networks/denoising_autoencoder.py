"""OGNet's generator: an auto-encoder without pooling that takes noise away.

Source: Zaheer et al., "Old is Gold", CVPR 2020. The names of the parameters are those of the
published code, so that its checkpoints load.
"""

from __future__ import annotations

from torch import Tensor, nn

LEAST_SIDE = 17
"""Pixels that four unpadded 5x5 convolutions need."""


class DenoisingAutoencoder(nn.Module):
    """Four unpadded 5x5 convolutions and four transposed ones, all with stride 1.

    An image of 45x45 pixels becomes 29x29 places and 45x45 pixels again. As published, batch norm
    comes before the ReLU everywhere but in the last two layers of the encoder.

    Args:
        channels: number of channels of an image.
        width: channels after the first convolution; each of the next three has twice as many.
    """

    def __init__(self, channels: int, width: int = 64) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(channels, width, 5),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 5),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.Conv2d(2 * width, 4 * width, 5),
            nn.ReLU(),
            nn.BatchNorm2d(4 * width),
            nn.Conv2d(4 * width, 8 * width, 5),
            nn.ReLU(),
            nn.BatchNorm2d(8 * width),
        )
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(8 * width, 4 * width, 5),
            nn.BatchNorm2d(4 * width),
            nn.ReLU(),
            nn.ConvTranspose2d(4 * width, 2 * width, 5),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, 5),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.ConvTranspose2d(width, channels, 5),
            nn.Tanh(),
        )

    def forward(self, images: Tensor) -> Tensor:
        """``(n, channels, h, w)``, 17 pixels or more, to the same shape, from -1 to 1."""
        return self.decoder(self.encoder(images))
