"""Generator and discriminator of the DCGAN family, with upsampling in place of deconvolution.

The family is that of Radford et al., "Unsupervised Representation Learning with Deep Convolutional
Generative Adversarial Networks", ICLR 2016; layers and parameter names are those of the thesis
that used it as a first generator of normal frames, 13,462,019 and 106,081 parameters for 128
pixels, RGB and width 128.

Deviation: the published code writes ``BatchNorm2d(channels, 0.8)``, which sets epsilon where
momentum was meant. In the discriminator the variance before a norm starts far below 0.8, so such a
norm hardly normalises and the answers stay near a guess for long. No weights of these networks
were published that would need it, so torch's epsilon is used.
"""

from __future__ import annotations

from torch import Tensor, nn


class DcganGenerator(nn.Module):
    """Random numbers to frames from -1 to 1.

    Args:
        channels: number of channels of a frame.
        size: height and width of a frame, a multiple of 4.
        latent: random numbers that one frame is made from.
        width: channels of the first layers; the last but one has half of them.
    """

    def __init__(self, channels: int, size: int, latent: int = 100, width: int = 128) -> None:
        super().__init__()
        self.start = (width, size // 4, size // 4)
        self.l1 = nn.Sequential(nn.Linear(latent, width * (size // 4) ** 2))
        self.conv_blocks = nn.Sequential(
            nn.BatchNorm2d(width),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(width, width // 2, 3, padding=1),
            nn.BatchNorm2d(width // 2),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(width // 2, channels, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, latents: Tensor) -> Tensor:
        """``(n, latent)``, standard normal, to ``(n, channels, size, size)``."""
        return self.conv_blocks(self.l1(latents).unflatten(1, self.start))


class DcganDiscriminator(nn.Module):
    """Frames to one answer each.

    The answer is the logit; the published network puts it through a sigmoid, which has no
    parameters.

    Args:
        channels: number of channels of a frame.
        size: height and width of a frame, a multiple of 16.
        width: channels of the last convolution; the first has an eighth of them.
    """

    def __init__(self, channels: int, size: int, width: int = 128) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for after in (width // 8, width // 4, width // 2, width):
            layers.append(nn.Conv2d(before, after, 3, stride=2, padding=1))
            layers += [nn.LeakyReLU(0.2, inplace=True), nn.Dropout2d(0.25)]
            if len(layers) > 3:
                layers.append(nn.BatchNorm2d(after))
            before = after
        self.model = nn.Sequential(*layers)
        self.adv_layer = nn.Sequential(nn.Linear(width * (size // 16) ** 2, 1))

    def forward(self, frames: Tensor) -> Tensor:
        """``(n, channels, size, size)`` to logits ``(n,)``; the higher, the surer it is real."""
        return self.adv_layer(self.model(frames).flatten(1))[:, 0]
