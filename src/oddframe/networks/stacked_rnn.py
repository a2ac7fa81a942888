"""The stacked RNN: sparse coding of what is seen over time, its iterations unrolled as layers.

Source: Luo, Liu and Gao, "A Revisit of Sparse Coding Based Anomaly Detection in Stacked RNN
Framework", ICCV 2017. The code h of a feature x is sparse and near the code of the frame before,
where the frames are alike ("temporally coherent sparse coding", TSC):

    1/2 |x - A h|^2 + l1 |h|_1 + l2/2 d |h - h'|^2,    d = exp(-|x - x'|^2 / 100)

Each layer is one step of ISTA of length 1/gamma towards its minimum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

_CHANGE = 100.0
"""What a squared change of the feature is divided by; the scale of features is chosen for it."""


@dataclass(frozen=True)
class Carried:
    """What goes from a frame to the next one.

    Attributes:
        feature: ``(n, width)``, as the network takes it.
        code: ``(n, width)``.
    """

    feature: Tensor
    code: Tensor


class StackedRNN(nn.Module):
    """Codes of sequences of features, and how badly these are put together again from them.

    With ``decodes`` a matrix of its own does that, and it, the dictionary, ``gamma``, ``l1`` and
    ``l2`` are learnt: ``2 width^2 + 3`` parameters. Without (TSC) the dictionary does, and is all
    that is learnt: ``width^2``.

    Args:
        width: channels of a feature, and of a code.
        layers: steps of ISTA for each frame.
        decodes: see above.
        as_published: the first layer takes ``l2/gamma`` times what the dictionary shows of the code
            before, as the released code does, where ISTA that begins there has ``1/gamma``.
        l1, l2: weights of sparsity and of coherence; at first, where they are learnt.
    """

    def __init__(
        self,
        width: int,
        layers: int,
        *,
        decodes: bool,
        as_published: bool,
        l1: float,
        l2: float,
    ) -> None:
        super().__init__()
        self.layers, self.as_published = layers, as_published
        # |A'A| is about 1 for any width, the largest that ISTA with gamma 1 bears.
        bound = math.sqrt(3 / width) / 2
        self.dictionary = nn.Parameter(torch.empty(width, width).uniform_(-bound, bound))
        self.decoder = None
        if decodes:
            self.decoder = nn.Parameter(torch.empty(width, width).uniform_(-bound / 2, bound / 2))
        for name, value in (("gamma", 1.0), ("l1", l1), ("l2", l2)):
            number = torch.tensor(value)
            if decodes:
                self.register_parameter(name, nn.Parameter(number))
            else:
                self.register_buffer(name, number)

    gamma: Tensor
    l1: Tensor
    l2: Tensor

    def begin(self, features: Tensor) -> Carried:
        """What there is before the first frame: nothing, for features ``(n, width)``."""
        return Carried(torch.zeros_like(features), torch.zeros_like(features))

    def code(self, features: Tensor, carried: Carried) -> Tensor:
        """The code of the next frame.

        Args:
            features: ``(n, width)``.
            carried: of the frame before.

        Returns:
            ``(n, width)``.
        """
        change = (features - carried.feature).square().sum(1, keepdim=True)
        near = self.l2 / self.gamma * (-change / _CHANGE).exp()
        drive = features @ self.dictionary / self.gamma
        before = carried.code
        first = self.l2 if self.as_published else 1.0
        code = self._shrunk(before - first / self.gamma * self._seen_again(before) + drive)
        for _ in range(self.layers - 1):
            step = self._seen_again(code) / self.gamma
            code = self._shrunk(code - step - near * (code - before) + drive)
        return code

    def decode(self, code: Tensor) -> Tensor:
        """Features ``(n, width)`` of codes ``(n, width)``."""
        matrix = self.dictionary if self.decoder is None else self.decoder
        return code @ matrix.T

    def errors(self, sequence: Tensor, carried: Carried | None = None) -> tuple[Tensor, Carried]:
        """Half the squared error of each feature of sequences.

        Args:
            sequence: ``(n, frames, width)``.
            carried: of the frame before the first; nothing by default.

        Returns:
            ``(n, frames)``, and what the frame after them is given.
        """
        state = self.begin(sequence[:, 0]) if carried is None else carried
        found = []
        for features in sequence.unbind(1):
            state = Carried(features, self.code(features, state))
            wrong = (features - self.decode(state.code)).float()
            found.append(wrong.square().sum(1) / 2)
        return torch.stack(found, 1), state

    def _seen_again(self, code: Tensor) -> Tensor:
        """``A'A h``."""
        return code @ self.dictionary.T @ self.dictionary

    def _shrunk(self, code: Tensor) -> Tensor:
        """Soft threshold at ``l1 / gamma``."""
        return code.sign() * (code.abs() - self.l1 / self.gamma).relu()
