"""FlowNet2-SD: the flow network for small displacements that future-frame prediction uses.

Ilg et al., "FlowNet 2.0" (CVPR 2017), as in NVIDIA's PyTorch version without batch
normalisation: 45,371,666 parameters under the published names. The weights are no part of
oddframe; they are read from a file.

The weights were not at hand when this was written, so the size of its flow is not verified. In
NVIDIA's full FlowNet 2.0 the answer of this part is divided by 20 where the part alone, as here,
multiplies by 20: try weights on two frames whose motion is known, and divide the weight of the
flow term by 400 if the flow is that much too large.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from oddframe.networks.flow.resizing import restored, to_multiple

LARGEST = 20.0
"""The network was trained on flow divided by this (``div_flow``)."""
MULTIPLE = 64
"""The coarsest level has a stride of 64."""


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1), nn.LeakyReLU(0.1))


def _deconv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(0.1))


class FlowNet2SD(nn.Module):
    """Flow from one frame to the next, at the size of the input.

    Input: two batches of RGB images ``(N, 3, H, W)`` in 0..1, resized to multiples of 64 where
    needed. The mean of each channel over both frames of a pair is subtracted. Output:
    ``(N, 2, H, W)``, x then y, in pixels of the input.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv0 = _conv(6, 64)
        self.conv1, self.conv1_1 = _conv(64, 64, 2), _conv(64, 128)
        self.conv2, self.conv2_1 = _conv(128, 128, 2), _conv(128, 128)
        self.conv3, self.conv3_1 = _conv(128, 256, 2), _conv(256, 256)
        self.conv4, self.conv4_1 = _conv(256, 512, 2), _conv(512, 512)
        self.conv5, self.conv5_1 = _conv(512, 512, 2), _conv(512, 512)
        self.conv6, self.conv6_1 = _conv(512, 1024, 2), _conv(1024, 1024)
        # Each level of the decoder reads: features, the coarser level's decoding, its flow.
        self.deconv5 = _deconv(1024, 512)
        self.deconv4 = _deconv(512 + 512 + 2, 256)
        self.deconv3 = _deconv(512 + 256 + 2, 128)
        self.deconv2 = _deconv(256 + 128 + 2, 64)
        self.inter_conv5 = nn.Sequential(nn.Conv2d(512 + 512 + 2, 512, 3, 1, 1))
        self.inter_conv4 = nn.Sequential(nn.Conv2d(512 + 256 + 2, 256, 3, 1, 1))
        self.inter_conv3 = nn.Sequential(nn.Conv2d(256 + 128 + 2, 128, 3, 1, 1))
        self.inter_conv2 = nn.Sequential(nn.Conv2d(128 + 64 + 2, 64, 3, 1, 1))
        self.predict_flow6 = nn.Conv2d(1024, 2, 3, 1, 1)
        self.predict_flow5 = nn.Conv2d(512, 2, 3, 1, 1)
        self.predict_flow4 = nn.Conv2d(256, 2, 3, 1, 1)
        self.predict_flow3 = nn.Conv2d(128, 2, 3, 1, 1)
        self.predict_flow2 = nn.Conv2d(64, 2, 3, 1, 1)
        self.upsampled_flow6_to_5 = nn.ConvTranspose2d(2, 2, 4, 2, 1)
        self.upsampled_flow5_to_4 = nn.ConvTranspose2d(2, 2, 4, 2, 1)
        self.upsampled_flow4_to_3 = nn.ConvTranspose2d(2, 2, 4, 2, 1)
        self.upsampled_flow3_to_2 = nn.ConvTranspose2d(2, 2, 4, 2, 1)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Where the content of ``first`` has moved to in ``second``."""
        pair = torch.stack([to_multiple(first, MULTIPLE), to_multiple(second, MULTIPLE)], 2)
        # The published input is 0..255, centred, then divided by 255: the same as this.
        pair = pair - pair.mean((2, 3, 4), keepdim=True)
        coarse = self.decode(torch.cat([pair[:, :, 0], pair[:, :, 1]], 1))
        flow = functional.interpolate(
            coarse * LARGEST, scale_factor=4.0, mode="bilinear", align_corners=False
        )
        return restored(flow, pair.shape[-2:], first.shape[-2:])

    def decode(self, pair: Tensor) -> Tensor:
        """Flow divided by 20 ``(N, 2, H / 4, W / 4)`` from two centred frames ``(N, 6, H, W)``."""
        two = self.conv2_1(self.conv2(self.conv1_1(self.conv1(self.conv0(pair)))))
        three = self.conv3_1(self.conv3(two))
        four = self.conv4_1(self.conv4(three))
        five = self.conv5_1(self.conv5(four))
        six = self.conv6_1(self.conv6(five))

        flow = self.upsampled_flow6_to_5(self.predict_flow6(six))
        joined = torch.cat([five, self.deconv5(six), flow], 1)
        flow = self.upsampled_flow5_to_4(self.predict_flow5(self.inter_conv5(joined)))
        joined = torch.cat([four, self.deconv4(joined), flow], 1)
        flow = self.upsampled_flow4_to_3(self.predict_flow4(self.inter_conv4(joined)))
        joined = torch.cat([three, self.deconv3(joined), flow], 1)
        flow = self.upsampled_flow3_to_2(self.predict_flow3(self.inter_conv3(joined)))
        joined = torch.cat([two, self.deconv2(joined), flow], 1)
        return self.predict_flow2(self.inter_conv2(joined))
