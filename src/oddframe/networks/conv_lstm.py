"""The convolutional LSTM: an LSTM whose state is a picture.

Source: Shi et al., "Convolutional LSTM Network", NeurIPS 2015, Eq. 3, without the peepholes, as
Luo, Liu and Gao (ICME 2017) and Keras have it. With convolutions * and the products of pictures
cell by cell:

    i, f, o = sigmoid(W_x * x + W_h * h + b)  each,    g = tanh(W_x * x + W_h * h + b)
    c' = f c + i g,    h' = o tanh(c')
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ConvLSTM(nn.Module):
    """A layer over sequences of pictures; the state is 0 before each.

    Args:
        channels: channels of the input.
        hidden: channels of the state, and of the output.
        kernel: side of the convolutions, odd; the size of the picture stays as it is.
    """

    def __init__(self, channels: int, hidden: int, kernel: int = 3) -> None:
        super().__init__()
        # The gates i, f, o, g, one after another; the bias is that of the input's convolution.
        self.input = nn.Conv2d(channels, 4 * hidden, kernel, padding=kernel // 2)
        self.state = nn.Conv2d(hidden, 4 * hidden, kernel, padding=kernel // 2, bias=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """``(n, time, channels, h, w)`` to the states h ``(n, time, hidden, h, w)``."""
        of_input = self.input(pictures.flatten(0, 1)).unflatten(0, (-1, pictures.shape[1]))
        found: list[Tensor] = []
        memory = None
        for gates in of_input.unbind(1):
            if found:
                gates = gates + self.state(found[-1])  # that of a state of 0 is 0
            i, f, o, g = gates.chunk(4, dim=1)
            kept = i.sigmoid() * g.tanh()
            memory = kept if memory is None else f.sigmoid() * memory + kept
            found.append(o.sigmoid() * memory.tanh())
        return torch.stack(found, dim=1)
