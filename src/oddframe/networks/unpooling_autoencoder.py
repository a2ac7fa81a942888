"""The convolutional auto-encoder of clips by Hasan et al., which unpools to where maxima were.

Source: Hasan, Choi, Neumann, Roy-Chowdhury and Davis, "Learning Temporal Regularity in Video
Sequences", CVPR 2016, Fig. 3. For ten grey frames of 227 pixels and width 512:

==================  ==========  ======================  ==========
layer               out         kernel, stride, pad     parameters
==================  ==========  ======================  ==========
convolution, tanh   512x55x55   11, 4, 0                   620,032
max-pool            512x27x27   2, 2
convolution, tanh   256x27x27   5, 1, 2                  3,277,056
max-pool            256x13x13   2, 2
convolution, tanh   128x13x13   3, 1, 1                    295,040
transposed, tanh    256x13x13   3, 1, 1                    295,168
unpool              256x27x27
transposed, tanh    512x27x27   5, 1, 2                  3,277,312
unpool              512x55x55
transposed          10x227x227  11, 4, 0                   619,530
==================  ==========  ======================  ==========

8,384,138 in all. The frames of a clip are the channels of the first layer, so time is mixed there.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

LEAST_SIDE = 23
"""The smallest side of a picture of which the second pooling leaves something."""


class UnpoolingAutoencoder(nn.Module):
    """Clips to clips; linear at the end, for pixels less their mean.

    Args:
        channels: of the frames of a clip together.
        width: channels of the first layer; the next two have half and a quarter of them.
    """

    def __init__(self, channels: int, width: int = 512) -> None:
        super().__init__()
        half, quarter = width // 2, width // 4
        self.conv1 = nn.Conv2d(channels, width, 11, stride=4)
        self.conv2 = nn.Conv2d(width, half, 5, padding=2)
        self.conv3 = nn.Conv2d(half, quarter, 3, padding=1)
        self.deconv1 = nn.ConvTranspose2d(quarter, half, 3, padding=1)
        self.deconv2 = nn.ConvTranspose2d(half, width, 5, padding=2)
        self.deconv3 = nn.ConvTranspose2d(width, channels, 11, stride=4)

    def forward(self, clips: Tensor) -> Tensor:
        """``(n, channels, h, w)`` to the same, for sides of at least :data:`LEAST_SIDE`."""
        first = self.conv1(clips).tanh()
        pooled, of_first = functional.max_pool2d(first, 2, return_indices=True)
        second = self.conv2(pooled).tanh()
        pooled, of_second = functional.max_pool2d(second, 2, return_indices=True)
        x = self.conv3(pooled).tanh()
        x = unpooled(self.deconv1(x).tanh(), of_second, second)
        x = unpooled(self.deconv2(x).tanh(), of_first, first)
        return self.deconv3(x, output_size=list(clips.shape[-2:]))


def unpooled(values: Tensor, places: Tensor, like: Tensor) -> Tensor:
    """Values where the maxima of a 2x2 pooling were, and 0 elsewhere.

    Args:
        values: ``(n, channels, h, w)``.
        places: where each maximum was, as ``max_pool2d`` gives them, in the same shape.
        like: what was pooled, ``(n, channels, h', w')``: an odd side cannot be told from ``h``.
    """
    empty = torch.zeros_like(like).flatten(2)
    return empty.scatter(2, places.flatten(2), values.flatten(2)).view_as(like)
