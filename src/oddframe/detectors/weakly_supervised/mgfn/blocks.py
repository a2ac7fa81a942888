"""Blocks of MGFN: a convolution, attention that glances or focuses, and a feed-forward part.

Names of parameters are those of the released code, so that published checkpoints load.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_LEAST_DEVIATION = 1e-5


class ChannelLayerNorm(nn.Module):
    """LayerNorm over the channels of ``(rows, channels, time)``.

    The small constant is added to the standard deviation, not to the variance below the root.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.g = nn.Parameter(torch.ones(1, channels, 1))
        self.b = nn.Parameter(torch.zeros(1, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """``(rows, channels, time)`` to the same shape."""
        deviation = x.std(dim=1, correction=0, keepdim=True)
        return (x - x.mean(dim=1, keepdim=True)) / (deviation + _LEAST_DEVIATION) * self.g + self.b


class GlanceAttention(nn.Module):
    """Self-attention over all of time; a head is a contiguous block of channels.

    ``dropout`` follows the thesis: on the normalised input and before the output projection. The
    released network is the one with 0.
    """

    def __init__(self, channels: int, head_width: int, dropout: float) -> None:
        super().__init__()
        self.heads = channels // head_width
        self.norm = ChannelLayerNorm(channels)
        self.to_qkv = nn.Conv1d(channels, 3 * channels, 1, bias=False)
        self.to_out = nn.Conv1d(channels, channels, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """``(rows, channels, time)`` to the same shape."""
        parts = self.to_qkv(self.dropout(self.norm(x))).unflatten(1, (3, self.heads, -1))
        # (rows, heads, time, head width) each, contiguous because only then does PyTorch spare the
        # time x time matrix; its scale is one over the root of the head width.
        query, key, value = parts.transpose(3, 4).contiguous().unbind(1)
        seen = functional.scaled_dot_product_attention(query, key, value)
        return self.to_out(self.dropout(seen.transpose(2, 3).flatten(1, 2)))


class FocusAttention(nn.Module):
    """Temporal filters of five taps, each shared by the channels of a head.

    Unlike in the glance block the heads are interleaved: channel c uses filter c modulo heads.
    """

    def __init__(self, channels: int, head_width: int) -> None:
        super().__init__()
        self.heads = channels // head_width
        self.norm = nn.BatchNorm1d(channels)
        self.to_v = nn.Conv1d(channels, channels, 1, bias=False)
        self.rel_pos = nn.Conv1d(self.heads, self.heads, 5, padding=2, groups=self.heads)
        self.to_out = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(rows, channels, time)`` to the same shape."""
        values = self.to_v(self.norm(x))
        groups = values.unflatten(1, (-1, self.heads)).flatten(0, 1)
        return self.to_out(self.rel_pos(groups).view_as(values))


class Block(nn.ModuleList):
    """Short-range convolution, attention and feed-forward part, each with a residual."""

    def __init__(self, channels: int, attention: nn.Module, dropout: float) -> None:
        feed_forward = nn.Sequential(
            ChannelLayerNorm(channels),
            nn.Conv1d(channels, 4 * channels, 1),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Conv1d(4 * channels, channels, 1),
        )
        super().__init__([nn.Conv1d(channels, channels, 3, padding=1), attention, feed_forward])

    def forward(self, x: Tensor) -> Tensor:
        """``(rows, channels, time)`` to the same shape."""
        for part in self:
            x = part(x) + x
        return x


class Blocks(nn.Module):
    """The blocks of a stage; a module of its own because of its name in checkpoints."""

    def __init__(self, blocks: list[Block]) -> None:
        super().__init__()
        self.layers = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        """``(rows, channels, time)`` to the same shape."""
        return self.layers(x)
