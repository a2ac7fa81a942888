"""Blocks that several detectors trained on bags really share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


class NonLocalBlock(nn.Module):
    """Embedded dot-product attention over time, with a residual that starts at the identity.

    The affinities are divided by the length and not put through a softmax; the last BatchNorm
    starts with gain and shift 0. Source: Wang et al. 2018, Eq. 4 and 6, as in RTFM and S3R.

    Args:
        channels: channels of the input; the attention works in half of them.
        names: names of the query, key, value and output layers, which differ between published
            checkpoints.
    """

    def __init__(
        self, channels: int, names: tuple[str, str, str, str] = ("theta", "phi", "g", "W")
    ) -> None:
        super().__init__()
        half = channels // 2
        norm = nn.BatchNorm1d(channels)
        nn.init.zeros_(norm.weight)
        nn.init.zeros_(norm.bias)
        self.names = names
        for name in names[:3]:
            self.add_module(name, nn.Conv1d(channels, half, 1))
        self.add_module(names[3], nn.Sequential(nn.Conv1d(half, channels, 1), norm))

    def forward(self, features: Tensor) -> Tensor:
        """``(rows, channels, time)`` to the same shape."""
        query, key, value, output = (self.get_submodule(name) for name in self.names)
        # Without a softmax the product associates: (Q K) V = Q (K V) needs no time x time matrix,
        # which would not fit for a video of hours.
        context = value(features) @ key(features).transpose(1, 2) / features.shape[2]
        return output(context @ query(features)) + features


class MultiscaleTemporalNetwork(nn.Module):
    """Three dilated convolutions and a non-local block over time, fused, plus the input.

    Source: Tian et al. 2021 (RTFM), Sec. 3.2; S3R's aggregate is the same with another norm.

    Args:
        channels: channels of the input and of the output.
        width: channels of each of the four branches.
        finish: turns a convolution and its output channels into convolution, norm and activation.
        non_local_names: see :class:`NonLocalBlock`.
    """

    def __init__(
        self,
        channels: int,
        width: int,
        finish: Callable[[nn.Conv1d, int], nn.Sequential],
        non_local_names: tuple[str, str, str, str] = ("theta", "phi", "g", "W"),
    ) -> None:
        super().__init__()
        self.conv_1 = finish(nn.Conv1d(channels, width, 3, padding=1, dilation=1), width)
        self.conv_2 = finish(nn.Conv1d(channels, width, 3, padding=2, dilation=2), width)
        self.conv_3 = finish(nn.Conv1d(channels, width, 3, padding=4, dilation=4), width)
        self.conv_4 = nn.Sequential(nn.Conv1d(channels, width, 1, bias=False), nn.ReLU())
        self.non_local = NonLocalBlock(width, non_local_names)
        self.conv_5 = finish(nn.Conv1d(4 * width, channels, 3, padding=1, bias=False), channels)

    def forward(self, features: Tensor) -> Tensor:
        """``(rows, time, channels)`` to the same shape."""
        x = features.transpose(1, 2)
        branches = [self.conv_1(x), self.conv_2(x), self.conv_3(x)]
        branches.append(self.non_local(self.conv_4(x)))
        return (self.conv_5(torch.cat(branches, dim=1)) + x).transpose(1, 2)


@dataclass(frozen=True)
class Selected:
    """The segments with the largest feature magnitude.

    Attributes:
        features: ``(crops * videos, k, channels)``, crop-major: all videos of crop 0 first.
        scores: ``(videos,)``, mean score of the selected segments: the video's score.
        indices: ``(videos, k)``, the largest magnitude first.
    """

    features: Tensor
    scores: Tensor
    indices: Tensor


def select_segments(
    features: Tensor, magnitudes: Tensor, scores: Tensor, k: int, dropout: float, training: bool
) -> Selected:
    """Select the ``k`` segments of each video with the largest magnitudes, the same for all crops.

    In training a dropout mask multiplies the magnitudes first, so that not always the same
    segments are chosen (RTFM's code; the paper does not mention it).

    Args:
        features: ``(videos, crops, time, channels)``.
        magnitudes: ``(videos, time)``, mean over the crops.
        scores: ``(videos, time)``, mean over the crops.
        k: segments to select; all if the video has fewer.
        dropout: rate of the mask.
        training: False switches the mask off.
    """
    videos, crops, time, channels = features.shape
    k = min(k, time)
    mask = functional.dropout(torch.ones_like(magnitudes), dropout, training)
    indices = (magnitudes * mask).topk(k, dim=1).indices
    picks = indices[:, None, :, None].expand(videos, crops, k, channels)
    chosen = features.gather(2, picks).transpose(0, 1).reshape(crops * videos, k, channels)
    return Selected(chosen, scores.gather(1, indices).mean(dim=1), indices)
