"""The classifier of single frames: pseudo-anomaly or normal.

The names of the parameters are those of the public thesis code (``d_netclassifier``).
"""

from __future__ import annotations

from torch import Tensor, nn


class FrameClassifier(nn.Module):
    """Four 5x5 convolutions with stride 2 and one linear layer.

    The published network puts a sigmoid on each of its two outputs (0 abnormal, 1 normal); here
    they are logits, and the caller chooses between sigmoid and softmax.

    Args:
        channels: number of channels of a frame.
        size: height and width of a frame; the linear layer depends on it.
        width: channels after the first convolution.
        outputs: classes.
    """

    def __init__(self, channels: int, size: int, width: int = 64, outputs: int = 2) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for after in (width, 2 * width, 4 * width):
            layers.append(nn.Conv2d(before, after, 5, stride=2, padding=2))
            layers += [nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
            before = after
        # The last convolution has no batch norm in the published network.
        layers += [nn.Conv2d(before, 8 * width, 5, stride=2, padding=2), nn.ReLU(inplace=True)]
        side = -(-size // 16)
        layers += [nn.Flatten(), nn.Linear(8 * width * side * side, outputs)]
        self.discriminator = nn.Sequential(*layers)

    def forward(self, frames: Tensor) -> Tensor:
        """``(n, channels, size, size)`` to logits ``(n, outputs)``."""
        return self.discriminator(frames)
