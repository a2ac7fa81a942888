"""LiteFlowNet: a flow network a ninth of FlowNet2-SD's size, in plain PyTorch.

Hui, Tang and Loy, "LiteFlowNet" (CVPR 2018), as in Niklaus' PyTorch version, whose weights file
is ``network-default.pytorch``: 5,381,969 parameters under the published names. The weights are
no part of oddframe; they are read from a file. Both frames become pyramids of features; from the
coarsest of five levels to the finest, flow is matched, made finer than a pixel and smoothed.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from oddframe.networks.flow.correlation import correlation
from oddframe.networks.flow.resizing import restored, to_multiple
from oddframe.networks.flow.warping import warp

LARGEST = 20.0
"""The network was trained on flow divided by this."""
MULTIPLE = 32
"""The coarsest level has a stride of 32."""
LEVELS = (2, 3, 4, 5, 6)
"""Level ``l`` has a stride of ``2 ** (l - 1)``; its parts have the index ``l - 2``."""
# Blue, green, red of the training frames: the first and the second of a pair.
_FIRST_MEAN = (0.411618, 0.434631, 0.454253)
_SECOND_MEAN = (0.410782, 0.433645, 0.452793)
_FEATURES = {2: 32, 3: 64, 4: 96, 5: 128, 6: 192}
_LAST_KERNEL = {2: 7, 3: 5, 4: 5, 5: 3, 6: 3}


def _convs(*layers: tuple[int, int, int, int], open_end: bool = False) -> nn.Sequential:
    """Convolutions (inputs, outputs, kernel, stride), each followed by a leaky ReLU.

    With an open end the last one has none.
    """
    parts: list[nn.Module] = []
    for inputs, outputs, kernel, stride in layers:
        parts += [
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2),
            nn.LeakyReLU(0.1),
        ]
    return nn.Sequential(*(parts[:-1] if open_end else parts))


def _doubling(channels: int) -> nn.ConvTranspose2d:
    """Each channel enlarged to twice its size by a learnt kernel."""
    return nn.ConvTranspose2d(channels, channels, 4, 2, 1, bias=False, groups=channels)


def _pixels(flow: Tensor, level: int) -> Tensor:
    """Flow as the network has it, in pixels of a level."""
    return flow * (LARGEST / 2 ** (level - 1))


class _Features(nn.Module):
    """The pyramid of a frame: levels 1 to 6, strides 1 to 32."""

    def __init__(self) -> None:
        super().__init__()
        self.moduleOne = _convs((3, 32, 7, 1))
        self.moduleTwo = _convs((32, 32, 3, 2), (32, 32, 3, 1), (32, 32, 3, 1))
        self.moduleThr = _convs((32, 64, 3, 2), (64, 64, 3, 1))
        self.moduleFou = _convs((64, 96, 3, 2), (96, 96, 3, 1))
        self.moduleFiv = _convs((96, 128, 3, 2))
        self.moduleSix = _convs((128, 192, 3, 2))

    def forward(self, image: Tensor) -> dict[int, Tensor]:
        """Features by level, from level 2 on."""
        levels = {2: self.moduleTwo(self.moduleOne(image))}
        parts = (self.moduleThr, self.moduleFou, self.moduleFiv, self.moduleSix)
        for level, part in enumerate(parts, 3):
            levels[level] = part(levels[level - 1])
        return levels


class _Matching(nn.Module):
    """A correction of the coarser level's flow, from the cost volume around it."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self.level = level
        self.moduleFeat = _convs((32, 64, 1, 1)) if level == 2 else nn.Sequential()
        if level < 6:
            self.moduleUpflow = _doubling(2)
        if level < 4:
            self.moduleUpcorr = _doubling(49)
        kernel = _LAST_KERNEL[level]
        self.moduleMain = _convs(
            (49, 128, 3, 1), (128, 64, 3, 1), (64, 32, 3, 1), (32, 2, kernel, 1), open_end=True
        )

    def forward(self, first: Tensor, second: Tensor, coarser: Tensor | None) -> Tensor:
        first, second = self.moduleFeat(first), self.moduleFeat(second)
        if coarser is None:
            flow = first.new_zeros(())
        else:
            flow = self.moduleUpflow(coarser)
            second = warp(second, _pixels(flow, self.level))
        if self.level < 4:
            # Fine levels compare every second place and fill in the costs between.
            costs = functional.leaky_relu(correlation(first, second, stride=2), 0.1)
            costs = self.moduleUpcorr(costs)
        else:
            costs = functional.leaky_relu(correlation(first, second), 0.1)
        return flow + self.moduleMain(costs)


class _Subpixel(nn.Module):
    """A correction from both frames' features, the second's moved back along the flow."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self.level = level
        self.moduleFeat = _convs((32, 64, 1, 1)) if level == 2 else nn.Sequential()
        inputs = 2 * max(_FEATURES[level], 64) + 2
        kernel = _LAST_KERNEL[level]
        self.moduleMain = _convs(
            (inputs, 128, 3, 1),
            (128, 64, 3, 1),
            (64, 32, 3, 1),
            (32, 2, kernel, 1),
            open_end=True,
        )

    def forward(self, first: Tensor, second: Tensor, flow: Tensor) -> Tensor:
        first = self.moduleFeat(first)
        second = warp(self.moduleFeat(second), _pixels(flow, self.level))
        return flow + self.moduleMain(torch.cat([first, second, flow], 1))


class _Regularization(nn.Module):
    """The flow averaged over neighbours, whose weights the network chooses for each place."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self.level = level
        self.moduleFeat = _convs((_FEATURES[level], 128, 1, 1)) if level < 5 else nn.Sequential()
        self.kernel = kernel = _LAST_KERNEL[level]
        inputs = (128 if level < 5 else _FEATURES[level]) + 3
        self.moduleMain = _convs(
            (inputs, 128, 3, 1),
            (128, 128, 3, 1),
            (128, 64, 3, 1),
            (64, 64, 3, 1),
            (64, 32, 3, 1),
            (32, 32, 3, 1),
        )
        count, half = kernel**2, kernel // 2
        if level < 5:
            self.moduleDist = nn.Sequential(
                nn.Conv2d(32, count, (kernel, 1), 1, (half, 0)),
                nn.Conv2d(count, count, (1, kernel), 1, (0, half)),
            )
        else:
            self.moduleDist = nn.Sequential(nn.Conv2d(32, count, kernel, 1, half))
        self.moduleScaleX = nn.Conv2d(count, 1, 1)
        self.moduleScaleY = nn.Conv2d(count, 1, 1)

    def forward(self, first: Tensor, second: Tensor, features: Tensor, flow: Tensor) -> Tensor:
        difference = first - warp(second, _pixels(flow, self.level))
        # The clamp changes no visible value; the root's gradient at 0 would be infinite.
        brightness = difference.square().sum(1, keepdim=True).clamp(min=1e-12).sqrt()
        centred = flow - flow.mean((2, 3), keepdim=True)
        seen = torch.cat([brightness, centred, self.moduleFeat(features)], 1)
        # A softmax over the neighbours; the common factor comes after the layers, as published,
        # so that their bias is divided as well.
        nearness = -self.moduleDist(self.moduleMain(seen)).square()
        nearness = (nearness - nearness.amax(1, keepdim=True)).exp()
        share = nearness.sum(1, keepdim=True).reciprocal()

        def averaged(values: Tensor, scale: nn.Module) -> Tensor:
            around = functional.unfold(values, self.kernel, padding=self.kernel // 2)
            return scale(nearness * around.view_as(nearness)) * share

        return torch.cat(
            [averaged(flow[:, :1], self.moduleScaleX), averaged(flow[:, 1:], self.moduleScaleY)], 1
        )


class LiteFlowNet(nn.Module):
    """Flow from one frame to the next, at the size of the input.

    Input: two batches of RGB images ``(N, 3, H, W)`` in 0..1, resized to multiples of 32 where
    needed. Output: ``(N, 2, H, W)``, x then y, in pixels of the input.

    One deviation: the published version cuts the gradient of the brightness difference in the
    regularisation; here it is kept. The flow is the same.
    """

    def __init__(self) -> None:
        super().__init__()
        self.moduleFeatures = _Features()
        self.moduleMatching = nn.ModuleList([_Matching(level) for level in LEVELS])
        self.moduleSubpixel = nn.ModuleList([_Subpixel(level) for level in LEVELS])
        self.moduleRegularization = nn.ModuleList([_Regularization(level) for level in LEVELS])

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Where the content of ``first`` has moved to in ``second``."""
        wanted = first.shape[-2:]
        first, second = (to_multiple(image, MULTIPLE).flip(1) for image in (first, second))
        flow = self.coarse(
            first - first.new_tensor(_FIRST_MEAN)[:, None, None],
            second - second.new_tensor(_SECOND_MEAN)[:, None, None],
        )
        return restored(flow * LARGEST, first.shape[-2:], wanted)

    def coarse(self, first: Tensor, second: Tensor) -> Tensor:
        """Flow divided by 20 ``(N, 2, H / 2, W / 2)`` of frames in BGR, less the training mean."""
        firsts, seconds = self.moduleFeatures(first), self.moduleFeatures(second)
        images: dict[int, tuple[Tensor, Tensor]] = {}
        for level in LEVELS:
            size = firsts[level].shape[-2:]
            first, second = (
                functional.interpolate(image, size=size, mode="bilinear", align_corners=False)
                for image in (first, second)
            )
            images[level] = first, second
        flow = None
        for level in reversed(LEVELS):
            part = level - LEVELS[0]
            flow = self.moduleMatching[part](firsts[level], seconds[level], flow)
            flow = self.moduleSubpixel[part](firsts[level], seconds[level], flow)
            flow = self.moduleRegularization[part](*images[level], firsts[level], flow)
        assert flow is not None
        return flow
